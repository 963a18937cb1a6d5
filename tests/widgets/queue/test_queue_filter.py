"""The line that says which cases are shown."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_alnt.widgets.parts.style import STATUS_COLOURS
from napari_alnt.widgets.queue.queue_filter import STATUSES, FilterLine
from napari_alnt.widgets.queue.queue_rows import Filter


@pytest.fixture
def line(qtbot):
    made = FilterLine(("Queue", "Experts"))
    qtbot.addWidget(made)
    made.resize(400, 40)
    made.show()
    return made


def test_words_and_a_status_make_a_filter(line, qtbot):
    told = []
    line.changed.connect(told.append)
    qtbot.keyClicks(line.words, "Chest ")
    assert told[-1] == Filter(("chest",))
    line.status.setCurrentText("To do")
    assert told[-1] == Filter(("chest",), frozenset({"new", "draft", "flagged"}))


def test_every_status_of_the_queue_can_be_chosen():
    offered = {status for group in STATUSES.values() for status in group or ()}
    assert offered == STATUS_COLOURS.keys() - {"expert"}


def test_escape_clears_and_then_leaves(line, qtbot):
    qtbot.keyClicks(line.words, "a")
    line.status.setCurrentText("Draft")
    qtbot.keyClick(line.words, Qt.Key.Key_Escape)
    assert line.filter == Filter()
    with qtbot.waitSignal(line.words.left):
        qtbot.keyClick(line.words, Qt.Key.Key_Escape)
    with qtbot.waitSignal(line.words.left):
        qtbot.keyClick(line.words, Qt.Key.Key_Down)
    with qtbot.waitSignal(line.words.entered):
        qtbot.keyClick(line.words, Qt.Key.Key_Return)


def test_the_count_says_what_is_left_out_and_moves_nothing(line):
    line.show_count(40, 40)
    assert line.count.text() == "40 cases"
    place = line.count.geometry()
    line.words.setText("x")
    line.show_count(12, 40)
    assert line.count.text() == "12 of 40"
    line.show_count(1, 10_000)
    assert line.count.text() == "1 of 10000"
    line.layout().activate()
    assert line.count.geometry() == place
    line.clear()
    line.show_count(1, 1)
    assert line.count.text() == "1 case"


def test_another_list_has_no_statuses(line, qtbot):
    line.status.setCurrentText("Flagged")
    with qtbot.waitSignal(line.list_chosen) as told:
        line.list.setCurrentText("Experts")
    assert told.args == ["Experts"]
    assert line.filter == Filter()
    assert not line.status.isEnabled()
    line.list.setCurrentText("Queue")
    assert line.status.isEnabled()
