"""The note on a case, as it is typed."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_alnt.widgets.case.note_field import NoteField


@pytest.fixture
def field(qtbot):
    made = NoteField()
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_note_is_written_once_with_enter(field, qtbot):
    written = []
    field.written.connect(written.append)
    qtbot.keyClicks(field, " ask  Anna ")
    with qtbot.waitSignal(field.left):
        qtbot.keyClick(field, Qt.Key.Key_Return)
    field.clearFocus()
    assert written == ["ask Anna"]


def test_what_is_shown_is_not_written_again(field, qtbot):
    field.show_note("ask Anna")
    with qtbot.assertNotEmitted(field.written):
        qtbot.keyClick(field, Qt.Key.Key_Return)


def test_escape_gives_up_what_was_typed(field, qtbot):
    field.show_note("ask Anna")
    with qtbot.assertNotEmitted(field.written), qtbot.waitSignal(field.left):
        qtbot.keyClicks(field, " or Ben")
        qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "ask Anna"


def test_where_nothing_can_be_written_it_says_why(field):
    field.refuse("The project is open read-only.")
    assert not field.isEnabled()
    assert field.toolTip() == "The project is open read-only."
    field.refuse("")
    assert field.isEnabled()
