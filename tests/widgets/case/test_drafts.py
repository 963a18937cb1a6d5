"""Unsaved work is never lost, also where the disk is full."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QMessageBox

from napari_alnt.data import Project
from napari_alnt.errors import AlntError


def test_another_case_keeps_a_draft_that_is_shown_again(painted, balls):
    painted.open_row(2)
    painted.until(lambda: not painted.loop.correction.files.busy)
    np.testing.assert_array_equal(painted.draft(balls, painted.case), painted.mask)
    painted.rest()
    assert [row.status for row in painted.loop.queue.in_order() if row.case == painted.case] == [
        "draft"
    ]
    assert painted.open_row(0) == painted.case
    np.testing.assert_array_equal(painted.layer.data, painted.mask)
    assert "draft" in painted.said


@pytest.mark.parametrize("way", ["project", "dock", "window"])
def test_closing_keeps_a_draft(painted, balls, way):
    if way == "project":
        painted.qtbot.mouseClick(painted.loop.header.close_button, Qt.MouseButton.LeftButton)
    elif way == "dock":
        painted.viewer.window.remove_dock_widget(painted.dock)
    else:
        painted.viewer.close()
    np.testing.assert_array_equal(painted.draft(balls, painted.case), painted.mask)
    assert painted.dock.session is None
    with Project.open(balls.folder) as project:  # the lock is gone
        assert project.writable


def test_the_timer_keeps_a_draft_for_after_a_crash(painted, balls):
    drafts = painted.loop.correction.drafts
    assert drafts.timer.isActive()
    assert drafts.timer.interval() == 20_000
    drafts.timer.start(10)
    painted.until(lambda: "Draft" in painted.said)
    assert not drafts.dirty
    np.testing.assert_array_equal(painted.draft(balls, painted.case), painted.mask)
    painted.viewer.layers["correction"].undo()
    assert painted.loop.correction.drafts.dirty


def test_an_undone_stroke_is_no_work(painted, balls):
    painted.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    painted.open_row(1)
    painted.until(lambda: not painted.loop.correction.files.busy)
    assert painted.draft(balls, painted.case) is None


def test_a_draft_that_cannot_be_written_keeps_the_case_open(painted, monkeypatch):
    def full(*_):
        raise AlntError("The disk is full.")

    monkeypatch.setattr(painted.loop.session.project.drafts, "save", full)
    painted.click_row(2)
    painted.until(lambda: not painted.loop.correction.files.busy)
    assert painted.loop.correction.case == painted.case
    assert painted.said == "The disk is full."
    np.testing.assert_array_equal(painted.layer.data, painted.mask)
    monkeypatch.undo()


@pytest.mark.parametrize("way", ["close", "another", "demo"])
def test_a_full_disk_keeps_the_project_open(full_disk, balls, tmp_path, way, monkeypatch):
    window, loop = full_disk, full_disk.loop
    asked = []
    monkeypatch.setattr(window.dock.home, "open_demo", lambda: asked.append("demo"))
    if way == "close":
        window.qtbot.mouseClick(loop.header.close_button, Qt.MouseButton.LeftButton)
    elif way == "another":
        assert not window.dock.open_project(tmp_path)
    else:
        window.dock.open_demo()
    assert window.dock.loop is loop
    assert loop.header.note.text() == window.error
    assert loop.header.note.isVisible()
    assert asked == []
    assert window.layer in window.viewer.layers
    np.testing.assert_array_equal(window.layer.data, window.mask)
    monkeypatch.undo()
    assert window.dock.close_project()
    np.testing.assert_array_equal(window.draft(balls, window.case), window.mask)


def test_a_draft_that_fails_while_the_project_is_closed_is_not_taken_for_kept(full_disk):
    full_disk.gate.clear()
    full_disk.loop.correction.drafts.keep()
    assert full_disk.begun.wait(20)
    full_disk.gate.set()  # its failure waits in the queue of the GUI thread
    assert not full_disk.dock.close_project()
    np.testing.assert_array_equal(full_disk.layer.data, full_disk.mask)


def test_the_note_goes_when_the_work_is_kept_after_all(full_disk, balls, monkeypatch):
    assert not full_disk.dock.close_project()
    monkeypatch.undo()
    full_disk.loop.correction.drafts.keep()
    full_disk.until(lambda: not full_disk.loop.correction.files.busy)
    assert not full_disk.loop.header.note.isVisible()
    np.testing.assert_array_equal(full_disk.draft(balls, full_disk.case), full_disk.mask)


@pytest.mark.parametrize("answer", ["No", "Yes"])
def test_closing_napari_with_a_full_disk_asks(full_disk, answer, monkeypatch):
    window, asked = full_disk, []

    def question(_, title, text, buttons, default):
        asked.append((text, default))
        return QMessageBox.StandardButton[answer]

    monkeypatch.setattr(QMessageBox, "question", question)
    qt_window = window.viewer.window._qt_window
    if answer == "No":
        assert not qt_window.close()
        assert qt_window.isVisible()
        assert window.dock.session is not None
        np.testing.assert_array_equal(window.layer.data, window.mask)
    else:  # napari's fixture wants to take the window apart itself
        event = QCloseEvent()
        assert not window.dock.eventFilter(qt_window, event)
        assert event.isAccepted()
    assert asked == [
        (
            f"{window.error}\n\nClose anyway and lose the unsaved strokes?",
            QMessageBox.StandardButton.No,
        )
    ]


def test_the_layer_stays_in_napari_when_the_dock_goes_with_a_full_disk(full_disk):
    layer = full_disk.layer
    full_disk.viewer.window.remove_dock_widget(full_disk.dock)
    assert list(full_disk.viewer.layers) == [layer]
    assert layer.name == f"{full_disk.case} (not saved)"


def test_nothing_is_written_where_nothing_was_painted(window, balls):
    window.dock.open_project(balls.folder)
    case = window.open_row(0)
    drafts = window.loop.correction.drafts
    assert not drafts.dirty
    drafts.keep()
    drafts.keep_now()
    window.until(lambda: not window.loop.correction.files.busy)
    assert window.draft(balls, case) is None


def test_the_time_spent_is_kept_with_the_draft(painted, balls):
    painted.loop.correction.clock.seconds = 83.0
    painted.loop.correction.drafts.keep_now()
    with Project.open(balls.folder, write=False) as project:
        assert project.drafts.seconds(painted.case) == 83.0


def test_a_draft_on_its_way_is_not_written_twice(painted, monkeypatch):
    loop, begun, gate, written = painted.loop, threading.Event(), threading.Event(), []
    save = loop.session.save_draft

    def slow(*arguments):
        begun.set()
        gate.wait(20)
        written.append(save(*arguments))

    monkeypatch.setattr(loop.session, "save_draft", slow)
    drafts = loop.correction.drafts
    drafts.keep()
    assert begun.wait(20)
    drafts.keep()
    gate.set()
    painted.rest()
    assert len(written) == 1
    assert not drafts.dirty
