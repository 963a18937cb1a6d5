"""Copies of the work on the open case, and whether they are on the disk."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.errors import AlntError


def test_a_copy_stays_as_it_was(painted):
    work = painted.loop.correction.work.copy()
    assert (work.case, work.unsaved) == (painted.case, True)
    painted.layer.data[0] = 1
    np.testing.assert_array_equal(work.mask, painted.mask)
    assert work.teacher is painted.loop.layers.opened.teacher


def test_what_was_painted_while_it_was_saved_stays_unsaved(painted, balls):
    open_work = painted.loop.correction.work
    work, said = open_work.unsaved(), []
    open_work.save(work, then=lambda: said.append("then"), failed=said.append)
    painted.layer.data[0] = 1
    painted.rest()
    assert said == ["then"]
    np.testing.assert_array_equal(painted.draft(balls, painted.case), painted.mask)
    assert open_work.unsaved() is not None
    open_work.save_now(alive=True)
    assert open_work.unsaved() is None
    np.testing.assert_array_equal(painted.draft(balls, painted.case), painted.layer.data)


def test_work_that_cannot_be_saved_stays_unsaved(full_disk):
    open_work = full_disk.loop.correction.work
    with pytest.raises(AlntError, match="full"):
        open_work.save_now(alive=True)
    assert open_work.unsaved() is not None


def test_while_work_is_held_nothing_is_painted_or_saved_and_steps_can_be_undone(painted):
    open_work = painted.loop.correction.work
    release = open_work.hold()
    painted.layer.mode = "paint"  # as with its key
    assert painted.layer.mode == "pan_zoom"
    assert not open_work.drafts.timer.isActive()
    release()
    assert painted.layer.mode == "paint"
    assert open_work.drafts.timer.isActive()
    painted.layer.undo()
    np.testing.assert_array_equal(painted.layer.data, painted.before)


def test_without_a_case_and_in_a_read_only_window_there_is_no_work(window, balls, make_window):
    window.dock.open_project(balls.folder)
    assert window.loop.correction.work.copy() is None
    other = make_window()
    other.dock.open_project(balls.folder)
    other.open_row(0)
    assert other.loop.correction.work.copy() is None
