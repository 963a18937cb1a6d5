"""Unsaved work is never lost, and what cannot be done is said in a sentence."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QMessageBox

from napari_alnt.data import Project
from napari_alnt.errors import AlntError
from napari_alnt.events import Failed, Paused, Progress, Warned
from napari_alnt.widgets.case_bar import KEYS

SHIFT = Qt.KeyboardModifier.ShiftModifier


def draft(balls, case):
    with Project.open(balls.folder, write=False) as project:
        return project.load_draft(case)


def said(window):
    return window.loop.case_bar.sentence.text()


@pytest.fixture
def painted(window, balls):
    """A window with a stroke painted on the first case of the queue, not saved."""
    window.dock.open_project(balls.folder)
    window.case = window.open_row(0)
    window.before = window.layer.data.copy()
    window.paint((4, 6, 7))
    window.mask = window.layer.data.copy()
    assert (window.mask != window.before).any()
    return window


def test_another_case_keeps_a_draft_that_is_shown_again(painted, balls):
    painted.open_row(2)
    painted.until(lambda: not painted.loop.correction.line.busy)
    np.testing.assert_array_equal(draft(balls, painted.case), painted.mask)
    painted.loop._refresh()
    assert [row.status for row in painted.loop.queue.in_order() if row.case == painted.case] == [
        "draft"
    ]
    assert painted.open_row(0) == painted.case
    np.testing.assert_array_equal(painted.layer.data, painted.mask)
    assert "draft" in said(painted)


@pytest.mark.parametrize("way", ["project", "dock", "window"])
def test_closing_keeps_a_draft(painted, balls, way):
    if way == "project":
        painted.qtbot.mouseClick(painted.loop.close_button, Qt.MouseButton.LeftButton)
    elif way == "dock":
        painted.viewer.window.remove_dock_widget(painted.dock)
    else:
        painted.viewer.close()
    np.testing.assert_array_equal(draft(balls, painted.case), painted.mask)
    assert painted.dock.session is None
    with Project.open(balls.folder) as project:  # the lock is gone
        assert project.writable


def test_the_timer_keeps_a_draft_for_after_a_crash(painted, balls):
    for _ in range(20):
        painted.loop.correction._tick()
    painted.until(lambda: not painted.loop.correction.line.busy)
    np.testing.assert_array_equal(draft(balls, painted.case), painted.mask)
    assert "Draft" in said(painted)
    painted.viewer.layers["correction"].undo()
    assert painted.loop.correction.dirty


def test_an_undone_stroke_is_no_work(painted, balls):
    painted.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    painted.open_row(1)
    painted.until(lambda: not painted.loop.correction.line.busy)
    assert draft(balls, painted.case) is None


def test_a_draft_that_cannot_be_written_keeps_the_case_open(painted, monkeypatch):
    def full(*_):
        raise AlntError("The disk is full.")

    monkeypatch.setattr(painted.loop.session.project, "save_draft", full)
    painted.click_row(2)
    painted.until(lambda: not painted.loop.correction.line.busy)
    assert painted.loop.correction.case == painted.case
    assert said(painted) == "The disk is full."
    np.testing.assert_array_equal(painted.layer.data, painted.mask)
    monkeypatch.undo()


FULL = "The disk is full."


@pytest.fixture
def full_disk(painted, monkeypatch):
    """No draft can be written; ``open()`` lets a write that has begun go on to its failure."""
    begun, gate = threading.Event(), threading.Event()

    def full(*_):
        begun.set()
        gate.wait(20)
        raise AlntError(FULL)

    gate.set()
    monkeypatch.setattr(painted.loop.session.project, "save_draft", full)
    painted.begun, painted.gate = begun, gate
    yield painted
    gate.set()
    monkeypatch.undo()


@pytest.mark.parametrize("way", ["close", "another", "demo"])
def test_a_full_disk_keeps_the_project_open(full_disk, balls, tmp_path, way, monkeypatch):
    window, loop = full_disk, full_disk.loop
    asked = []
    monkeypatch.setattr(window.dock.home, "open_demo", lambda: asked.append("demo"))
    if way == "close":
        window.qtbot.mouseClick(loop.close_button, Qt.MouseButton.LeftButton)
    elif way == "another":
        assert not window.dock.open_project(tmp_path)
    else:
        window.dock.open_demo()
    assert window.dock.loop is loop
    assert loop.note.text() == FULL
    assert loop.note.isVisible()
    assert asked == []
    assert window.layer in window.viewer.layers
    np.testing.assert_array_equal(window.layer.data, window.mask)
    monkeypatch.undo()
    assert window.dock.close_project()
    np.testing.assert_array_equal(draft(balls, window.case), window.mask)


def test_a_draft_that_fails_while_the_project_is_closed_is_not_taken_for_kept(full_disk):
    full_disk.gate.clear()
    full_disk.loop.correction.keep_draft()
    assert full_disk.begun.wait(20)
    full_disk.gate.set()  # its failure waits in the queue of the GUI thread
    assert not full_disk.dock.close_project()
    np.testing.assert_array_equal(full_disk.layer.data, full_disk.mask)


def test_the_note_goes_when_the_work_is_kept_after_all(full_disk, balls, monkeypatch):
    assert not full_disk.dock.close_project()
    monkeypatch.undo()
    full_disk.loop.correction.keep_draft()
    full_disk.until(lambda: not full_disk.loop.correction.line.busy)
    assert not full_disk.loop.note.isVisible()
    np.testing.assert_array_equal(draft(balls, full_disk.case), full_disk.mask)


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
        (f"{FULL}\n\nClose anyway and lose the unsaved strokes?", QMessageBox.StandardButton.No)
    ]


def test_the_layer_stays_in_napari_when_the_dock_goes_with_a_full_disk(full_disk):
    layer = full_disk.layer
    full_disk.viewer.window.remove_dock_widget(full_disk.dock)
    assert list(full_disk.viewer.layers) == [layer]
    assert layer.name == f"{full_disk.case} (not saved)"


@pytest.mark.parametrize("when", ["before", "while reading"])
def test_the_bar_names_the_case_that_stays_open(full_disk, when):
    loop = full_disk.loop
    if when == "while reading":
        loop.correction.keep_draft = lambda: None  # as if the stroke came after it
    assert full_disk.click_row(2) != full_disk.case
    full_disk.until(lambda: not loop.correction.line.busy)
    assert said(full_disk) == FULL
    assert (
        loop.case_bar._name.text()
        == loop.queue.currentIndex().siblingAtColumn(0).data()
        == full_disk.case
    )
    assert loop.case_bar.buttons["accept"].isEnabled()


def test_confirm_does_not_throw_strokes_away(painted, balls):
    painted.loop.act("confirm")
    assert "not the teacher's any more" in said(painted)
    assert painted.loop.session.project.case(painted.case).role == "pool"
    painted.layer.undo()
    painted.loop.act("confirm")
    version = painted.loop.session.project.versions(painted.case)[-1]
    assert version.confirmed
    painted.until(lambda: painted.loop.correction.case not in ("", painted.case))


def test_a_label_of_no_project_is_refused_in_a_sentence(painted):
    painted.layer.selected_label = 9
    painted.paint((4, 15, 15))
    painted.loop.act("accept")
    assert "label 9" in said(painted)
    assert painted.loop.session.project.versions(painted.case) == ()
    assert painted.loop.correction.case == painted.case


def test_revert_brings_the_teachers_mask_back(painted):
    painted.loop.act("accept")
    painted.until(lambda: painted.loop.correction.case != painted.case)
    painted.loop.open_case(painted.case)
    painted.until(lambda: painted.loop.correction.case == painted.case)
    np.testing.assert_array_equal(painted.layer.data, painted.mask)
    painted.press(Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    painted.until(
        lambda: not painted.loop.correction.loading and not painted.loop.correction.line.busy
    )
    np.testing.assert_array_equal(painted.layer.data, painted.before)
    assert painted.loop.session.project.case(painted.case).role == "pool"


def test_keys_skip_flag_and_walk_through_the_queue(window, balls):
    window.dock.open_project(balls.folder)
    cases = [row.case for row in window.loop.queue.in_order()]
    window.open_row(0)
    window.press(Qt.Key.Key_G)
    assert window.loop.session.project.case(cases[0]).status == "flagged"
    window.press(Qt.Key.Key_N)
    window.until(lambda: window.loop.correction.case == cases[1])
    window.press(Qt.Key.Key_N, SHIFT)
    window.until(lambda: window.loop.correction.case == cases[0])
    window.press(Qt.Key.Key_K)
    window.until(lambda: window.loop.correction.case == cases[1])
    assert window.loop.session.project.case(cases[0]).status == "skipped"
    window.loop._refresh()
    assert [row.case for row in window.loop.queue.in_order()][-1] == cases[0]


def test_no_key_is_taken_from_napari(window):
    from app_model.types import KeyBinding
    from napari.utils.shortcuts import default_shortcuts

    taken = {str(key) for keys in default_shortcuts.values() for key in keys}
    assert not taken & {str(KeyBinding.from_str(key)) for key in KEYS.values()}


def test_the_users_own_layers_stay(painted):
    own = painted.viewer.add_points(np.zeros((1, 3)), name="mine")
    painted.open_row(1)
    assert own in painted.viewer.layers
    names = [layer.name for layer in painted.viewer.layers]
    assert names.count("teacher") == names.count("correction") == 1
    painted.dock.close_project()
    assert list(painted.viewer.layers) == [own]


def test_a_second_window_is_read_only_and_says_so(painted, make_window, balls):
    other = make_window()
    assert other.dock.open_project(balls.folder)
    assert other.loop.badge.isVisible()
    assert "being written to" in other.loop.note.text()
    assert not other.loop.training.main.isEnabled()
    other.open_row(0)
    assert not other.layer.editable
    other.loop.act("accept")
    assert painted.loop.session.project.versions(painted.case) == ()


def test_a_wrong_folder_is_a_sentence_on_the_empty_page(window, tmp_path):
    assert not window.dock.open_project(tmp_path)
    assert "not a napari-alnt project" in window.dock.home.sentence.text()


class Fallen:
    """An engine that fails at once."""

    running = False

    def events(self):
        yield Progress("preparing", 0, 2)
        yield Failed("Memory ran out; make the patch smaller and train again.")

    def send(self, command):
        pass

    def close(self):
        pass


def test_a_failure_is_a_sentence_and_training_can_start_again(window, balls, monkeypatch):
    window.dock.open_project(balls.folder)
    loop = window.loop
    monkeypatch.setattr(loop.session, "start", lambda *_, **__: Fallen())
    window.qtbot.mouseClick(loop.training.main, Qt.MouseButton.LeftButton)
    window.until(lambda: loop.jobs.state == "idle")
    assert (
        loop.training.sentence.text() == "Memory ran out; make the patch smaller and train again."
    )
    assert loop.training.sentence.isVisible()
    assert loop.training.main.isEnabled()


class Resting(Fallen):
    """An engine that is paused for long."""

    def events(self):
        yield Progress("training", 0, 2)
        yield Warned(
            "The training has said nothing for 5 minutes; stop it if its step time is shorter."
        )
        yield Warned("Something else.")
        yield Paused(1)
        yield Warned(
            "The training has said nothing for 5 minutes; stop it if its step time is shorter."
        )


def test_silence_is_no_news_while_paused(window, balls, monkeypatch):
    window.dock.open_project(balls.folder)
    loop, heard = window.loop, []
    loop.jobs.said.connect(lambda text, _: heard.append(text))
    monkeypatch.setattr(loop.session, "start", lambda *_, **__: Resting())
    loop.start_training()
    window.until(lambda: loop.jobs.state == "idle")
    assert [text[:16] for text in heard if text] == ["The training has", "Something else."]


def test_a_wrong_setting_is_said_before_anything_starts(window, balls):
    window.dock.open_project(balls.folder)
    window.loop.form.rows["patch"].value = "48, 48"
    window.qtbot.mouseClick(window.loop.training.main, Qt.MouseButton.LeftButton)
    assert "3 numbers" in window.loop.training.sentence.text()
    assert window.loop.jobs.state == "idle"
