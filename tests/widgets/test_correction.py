"""Unsaved work is never lost, and what cannot be done is said in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_alnt.data import Project
from napari_alnt.errors import AlntError
from napari_alnt.events import Failed, Progress
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
    assert [row.status for row in painted.loop.queue.in_order() if row.case == painted.case] == ["draft"]
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
    painted.until(lambda: not painted.loop.correction.loading and not painted.loop.correction.line.busy)
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
    assert loop.training.sentence.text() == "Memory ran out; make the patch smaller and train again."
    assert loop.training.sentence.isVisible()
    assert loop.training.main.isEnabled()


def test_a_wrong_setting_is_said_before_anything_starts(window, balls):
    window.dock.open_project(balls.folder)
    window.loop.form.rows["patch"].value = "48, 48"
    window.qtbot.mouseClick(window.loop.training.main, Qt.MouseButton.LeftButton)
    assert "3 numbers" in window.loop.training.sentence.text()
    assert window.loop.jobs.state == "idle"
