"""The queue with the lines above it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_alnt.session import QueueRow
from napari_alnt.session.progress import Overview, WorkProgress
from napari_alnt.session.queue import ExpertRow
from napari_alnt.settings import Settings
from napari_alnt.widgets.queue.queue_model import EXPERTS, HELD_OUT, QUEUE
from napari_alnt.widgets.queue.queue_panel import NOTHING_LEFT, NOTHING_SHOWN, QueuePanel

ROWS = tuple(
    QueueRow(f"chest_{n}", n, status)
    for n, status in enumerate(["new", "flagged", "draft", "accepted"], start=1)
)
OTHERS = Overview(
    Counter(),
    WorkProgress(0, 4),
    experts=(ExpertRow("expert_5", 5, "expert", "reference", 0),),
    held_out=(ExpertRow("test_6", 6, "expert", "test", 0),),
    settings=Settings(),
)


@pytest.fixture
def panel(qtbot):
    made = QueuePanel()
    qtbot.addWidget(made)
    made.show_queue(ROWS)
    made.show_others(OTHERS)
    made.resize(420, 300)
    made.show()
    return made


def names(panel):
    return [row.case for row in panel.view.in_order()]


def test_the_filter_chooses_what_is_shown_and_walked_over(panel, qtbot):
    assert panel.filter.count.text() == "4 cases"
    qtbot.keyClicks(panel.filter.words, "dra")
    assert names(panel) == ["chest_3"]
    assert panel.filter.count.text() == "1 of 4"
    assert panel.view.next_undecided("chest_1") == "chest_3"
    assert panel.view.neighbour("chest_3", 1) == ""
    assert panel.at_the_end == NOTHING_SHOWN
    # it holds for values that come later
    panel.show_queue([QueueRow("chest_1", 1, "draft"), *ROWS[1:]])
    assert names(panel) == ["chest_1", "chest_3"]
    with qtbot.waitSignal(panel.view.chosen) as told:
        qtbot.keyClick(panel.filter.words, Qt.Key.Key_Return)
    assert told.args == ["chest_1"]
    qtbot.keyClick(panel.filter.words, Qt.Key.Key_Escape)
    assert len(names(panel)) == 4
    assert panel.at_the_end == NOTHING_LEFT


def test_cases_chosen_in_a_plot_are_shown_alone_until_escape(panel, qtbot):
    panel.view.show_only(("chest_2", "chest_4"))
    assert names(panel) == ["chest_2", "chest_4"]
    qtbot.keyClicks(panel.filter.words, "accepted")
    assert names(panel) == ["chest_4"]
    qtbot.keyClick(panel.filter.words, Qt.Key.Key_Escape)
    assert len(names(panel)) == 4
    panel.view.show_only(("chest_2",))
    panel.view.show_only(())
    assert len(names(panel)) == 4


def test_the_other_lists(panel):
    panel.filter.list.setCurrentText(EXPERTS)
    assert names(panel) == ["expert_5"]
    panel.filter.list.setCurrentText(HELD_OUT)
    assert names(panel) == ["test_6"]
    assert panel.filter.count.text() == "1 case"
    # new values of the queue do not bring it back
    panel.show_queue(ROWS[:2])
    assert names(panel) == ["test_6"]
    assert panel.view.next_undecided("test_6") == ""
    panel.filter.list.setCurrentText(QUEUE)
    assert names(panel) == ["chest_1", "chest_2"]


def test_the_search_key_works_only_where_it_belongs(qtbot, panel):
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    dock, canvas = QWidget(), QWidget()
    for widget in (dock, canvas):
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout.addWidget(widget)
    QVBoxLayout(dock).addWidget(panel)
    panel.search_with(QKeySequence.StandardKey.Find, dock)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert not panel.filter.words.hasFocus()
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert panel.filter.words.hasFocus()
    qtbot.keyClick(panel.filter.words, Qt.Key.Key_Down)
    assert panel.view.hasFocus()
    assert panel.view.selected == "chest_1"
    panel.setParent(None)


def test_a_sentence_moves_nothing(panel, qtbot):
    place = panel.view.geometry()
    panel.when.setText("No ranking yet: press Start training.")
    panel.layout().activate()
    assert panel.view.geometry() == place


def test_in_the_window(window, balls):
    window.dock.open_project(balls.folder)
    loop, panel = window.loop, window.loop.queue_panel
    assert loop.header.work.text() == "0 of 4 done"
    assert panel.when.text().startswith("No ranking yet: press Start training")
    held_out = {case.name for case in loop.session.project.by_role("test")}

    panel.filter.list.setCurrentText(HELD_OUT)
    assert set(names(panel)) == held_out
    case = window.open_row(0)
    before = window.layer.data.copy()
    assert "stays as it is" in window.said
    window.paint((4, 6, 7))
    window.act("accept")
    assert not loop.case_bar.buttons["accept"].isEnabled()
    np.testing.assert_array_equal(window.layer.data, before)
    assert loop.session.project.case(case).version == 0
    assert window.draft(balls, case) is None

    # a case of the queue that is opened after it can be painted again
    panel.filter.list.setCurrentText(QUEUE)
    assert panel.view.selected == ""
    case = window.open_row(0)
    before = window.layer.data.copy()
    window.paint((4, 6, 7))
    assert (window.layer.data != before).any()

    loop.correction.clock.seconds = 200.0
    panel.filter.words.setText(case)
    window.act("accept")
    assert loop.header.work.text() == "1 of 4 done"
    assert panel.filter.count.text() == "1 of 4"
    window.open_row(0)
    assert loop.correction.clock.seconds >= 200.0
