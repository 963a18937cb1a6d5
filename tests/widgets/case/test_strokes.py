"""What is painted is in the journal, stroke by stroke, whichever way it is painted."""

from __future__ import annotations

import errno
import os
import shutil

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtCore import Qt

from napari_alnt.data import Project, atomic
from napari_alnt.data.strokes import journal_writer
from napari_alnt.data.strokes.journal import resume, steps
from napari_alnt.widgets.case.strokes import changes_of


def replayed(window):
    """The journal of the open case, on the teacher's mask."""
    strokes = window.loop.correction.drafts.strokes
    assert strokes.flush()
    path = window.loop.session.project.drafts.journal(window.case)
    teacher = window.loop.layers.opened.teacher.astype(window.layer.data.dtype)
    return resume(path, teacher, 0, draft=False)


def kinds(window):
    path = window.loop.session.project.drafts.journal(window.case)
    return [step.kind for step in steps(path)]


def is_kept(window):
    return np.array_equal(replayed(window).mask, window.layer.data)


def click(window, voxel, button=Qt.MouseButton.LeftButton, double=False):
    from qtpy.QtCore import QPoint

    here = QPoint(*window.on_screen(voxel))
    window.qtbot.mouseMove(window.canvas, here)
    press = window.qtbot.mouseDClick if double else window.qtbot.mouseClick
    press(window.canvas, button, pos=here)


def test_strokes_undo_redo_and_fills_are_kept_as_they_are_made(painted):
    assert is_kept(painted)
    assert kinds(painted) == ["base", "stroke"]
    control = Qt.KeyboardModifier.ControlModifier
    painted.press(Qt.Key.Key_Z, control)
    np.testing.assert_array_equal(painted.layer.data, painted.before)
    assert is_kept(painted)
    painted.press(Qt.Key.Key_Z, control | Qt.KeyboardModifier.ShiftModifier)
    np.testing.assert_array_equal(painted.layer.data, painted.mask)
    assert is_kept(painted)
    painted.layer.mode = "erase"
    painted.paint((4, 6, 7))
    assert is_kept(painted)
    painted.layer.mode = "fill"
    click(painted, (5, 2, 2))
    assert is_kept(painted)
    painted.layer.n_edit_dimensions = 3
    painted.layer.selected_label = 0
    click(painted, (5, 2, 2))
    assert is_kept(painted)
    assert kinds(painted) == ["base", "stroke", "undo", "redo", "stroke", "fill", "fill"]


def test_a_stroke_of_many_moves_is_one_step(painted):
    painted.layer.undo()
    layer = painted.layer
    with layer.block_history():
        for place in range(4, 20):
            layer.paint((4, place, 10), 1)
    layer.undo()
    layer.redo()
    assert is_kept(painted)
    assert kinds(painted) == ["base", "stroke", "undo", "stroke", "undo", "redo"]


def test_polygons_and_programs_are_kept(painted):
    layer = painted.layer
    layer.paint_polygon([[6, 4, 4], [6, 4, 15], [6, 15, 15]], 1)
    assert is_kept(painted)
    layer.data_setitem((np.array([1, 2]), np.array([3, 9]), np.array([5, 5])), 1)
    assert is_kept(painted)
    layer.undo()
    assert is_kept(painted)
    assert kinds(painted) == ["base", "stroke", "stroke", "stroke", "undo"]


@pytest.mark.parametrize("way", ["new data", "drawn", "draft"])
def test_what_no_event_tells_is_found(painted, way):
    layer = painted.layer
    if way == "new data":
        other = layer.data.astype(np.int32)
        other[7, 2:5] = 1
        layer.data = other
    else:
        layer.data[7, 2:5] = 1
        if way == "drawn":
            layer.refresh()
        else:
            painted.loop.correction.drafts.keep()
    painted.until(lambda: is_kept(painted))
    assert kinds(painted)[-1] == "tool"


def test_after_a_crash_the_case_opens_with_the_strokes(painted, balls, tmp_path):
    painted.layer.paint((20, 2, 2), 1)
    mask = painted.layer.data.copy()
    assert painted.loop.correction.drafts.strokes.flush()
    copy = tmp_path / "crashed"
    shutil.copytree(balls.folder, copy)  # as it is at this instant
    assert painted.draft(balls, painted.case) is None
    painted.dock.close_project()
    painted.dock.open_project(copy)
    painted.loop.redraw.draw()
    status = {row.case: row.status for row in painted.loop.queue.in_order()}
    assert status[painted.case] == "draft"
    painted.loop.open_case(painted.case)
    painted.until(lambda: painted.loop.correction.case == painted.case)
    np.testing.assert_array_equal(painted.layer.data, mask)
    sentence = f"Case {painted.case}: 2 strokes since the last save were restored."
    painted.until(lambda: painted.said == sentence)
    assert painted.loop.correction.drafts.dirty  # and become a draft
    painted.dock.close_project()
    with Project.open(copy) as project:
        np.testing.assert_array_equal(project.drafts.load(painted.case), mask)


def test_revert_can_be_taken_back_step_by_step(painted, balls):
    painted.loop.correction.revert()
    painted.until(lambda: np.array_equal(painted.layer.data, painted.before))
    painted.until(lambda: not painted.loop.correction.files.busy)
    painted.layer.paint((20, 2, 2), 1)
    assert is_kept(painted)
    assert kinds(painted) == ["base", "stroke", "reverted", "revert", "stroke"]


def test_a_disk_that_is_full_is_said_and_said_again_when_it_is_not(painted, monkeypatch):
    monkeypatch.setattr(journal_writer, "RETRY", 0.05)
    real = os.fsync

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    painted.layer.paint((20, 2, 2), 1)
    painted.until(lambda: "the disk is full" in painted.said)
    monkeypatch.setattr(atomic.os, "fsync", real)
    painted.until(lambda: painted.said == "All strokes are kept again.")
    assert is_kept(painted)


def test_a_layer_that_is_left_is_napari_s_own_again(painted):
    layer = painted.layer
    painted.dock.close_project()
    assert not set(vars(layer)) & {"undo", "redo"}
    before = layer.data.copy()
    layer.undo()
    assert (layer.data != before).any()


def test_nothing_is_written_for_a_project_that_is_only_read(window, balls):
    with Project.open(balls.folder):
        window.dock.open_project(balls.folder)
        window.open_row(0)
        assert not window.loop.session.project.writable
        assert window.loop.correction.drafts.strokes.journal is None


def test_the_changes_of_napari_s_history_are_those_of_its_data():
    layer = Labels(np.zeros((3, 9, 9), np.uint8))
    told = []
    layer.events.paint.connect(lambda event: told.append(event.value))
    layer.paint((1, 4, 4), 2)
    layer.fill((0, 0, 0), 3)
    layer.data_setitem(tuple(np.array([[0, 2], [1, 1], [5, 5]])), 1)
    copy = np.zeros_like(layer.data)
    for step in told:
        for change in changes_of(step):
            region = copy[change.where]
            region[... if change.inside is None else change.inside] = change.values
            copy[change.where] = region
    np.testing.assert_array_equal(copy, layer.data)
    for step in reversed(told):
        for change in changes_of(step[::-1], undone=True):
            region = copy[change.where]
            region[... if change.inside is None else change.inside] = change.values
            copy[change.where] = region
    assert not copy.any()
