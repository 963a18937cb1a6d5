"""The history of a case, back and forth."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def walked(painted):
    """Two strokes on a case, and the masks before and after each."""
    painted.layer.paint((20, 2, 2), 1)
    painted.masks = [painted.before, painted.mask, painted.layer.data.copy()]
    assert (painted.masks[2] != painted.masks[1]).any()
    return painted


def go(window, by):
    window.loop.correction.drafts.step(by)
    window.until(lambda: not window.loop.correction.files.busy)


def test_each_step_is_shown_again(walked):
    for by, place in ((-1, 1), (-1, 0), (1, 1), (1, 2)):
        go(walked, by)
        np.testing.assert_array_equal(walked.layer.data, walked.masks[place])
        assert f"({place} of 2)." in walked.said
    go(walked, 1)
    assert walked.said == "This is the newest step of the case."
    np.testing.assert_array_equal(walked.layer.data, walked.masks[2])


def test_the_oldest_step_is_the_mask_it_began_with(walked):
    for _ in range(2):
        go(walked, -1)
    assert "the mask it began with (0 of 2)." in walked.said
    go(walked, -1)
    assert walked.said == "This is the oldest step of the case."
    np.testing.assert_array_equal(walked.layer.data, walked.masks[0])


def test_a_step_back_can_be_undone_and_painted_on(walked):
    go(walked, -1)
    walked.layer.undo()
    np.testing.assert_array_equal(walked.layer.data, walked.masks[2])
    go(walked, -1)  # what was undone is a step too
    np.testing.assert_array_equal(walked.layer.data, walked.masks[1])
    walked.layer.paint((20, 20, 20), 1)
    go(walked, -1)
    np.testing.assert_array_equal(walked.layer.data, walked.masks[1])


def test_what_was_reverted_can_be_had_again(walked):
    walked.loop.correction.revert()
    walked.until(lambda: np.array_equal(walked.layer.data, walked.before))
    walked.until(lambda: not walked.loop.correction.files.busy)
    go(walked, -1)
    np.testing.assert_array_equal(walked.layer.data, walked.masks[2])
    go(walked, 1)
    np.testing.assert_array_equal(walked.layer.data, walked.before)
    assert "after Revert" in walked.said
    go(walked, -1)
    go(walked, -1)
    np.testing.assert_array_equal(walked.layer.data, walked.masks[1])


def test_without_a_stroke_there_is_no_step(window, balls):
    window.dock.open_project(balls.folder)
    window.open_row(0)
    go(window, -1)
    assert window.said == "This is the oldest step of the case."


def test_strokes_made_while_the_history_is_read_are_not_painted_over(walked):
    walked.loop.correction.drafts.step(-1)
    walked.layer.paint((20, 20, 20), 1)
    mask = walked.layer.data.copy()
    walked.until(lambda: not walked.loop.correction.files.busy)
    np.testing.assert_array_equal(walked.layer.data, mask)
