"""The message line, and the button in it that takes a decision back."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_alnt.widgets.case.undo_line import UndoLine


@pytest.fixture
def line(qtbot):
    made = UndoLine("Ctrl+Alt+Z")
    qtbot.addWidget(made)
    made.resize(400, 40)
    made.show()
    return made


def test_undo_comes_with_a_decision_and_goes_after_a_while(line, qtbot):
    assert not line.undo.isVisible()
    line.decide("chest_02 accepted.")
    assert line.undo.isVisible()
    line.say("Draft kept.")
    assert line.sentence.text() == "chest_02 accepted."
    line._timer.setInterval(1)
    line.decide("chest_03 skipped.")
    qtbot.waitUntil(lambda: not line.undo.isVisible())
    assert line.sentence.text() == "chest_03 skipped."


def test_nothing_moves_when_the_button_comes(line, qtbot):
    before = (line.sizeHint().height(), line.sentence.geometry(), line.undo.geometry())
    line.decide("chest_02 accepted.")
    qtbot.wait(1)
    line.say("A sentence that is long. " * 20, "error")
    qtbot.wait(1)
    assert (line.sizeHint().height(), line.sentence.geometry(), line.undo.geometry()) == before


def test_a_press_asks_for_it(line, qtbot):
    line.decide("chest_02 accepted.")
    with qtbot.waitSignal(line.undo_asked):
        qtbot.mouseClick(line.undo, Qt.MouseButton.LeftButton)
