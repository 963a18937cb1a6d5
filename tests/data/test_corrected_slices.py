"""Corrected slices of a case, and the mask that holds them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_alnt.data import Project
from napari_alnt.data.corrected_slices import check_slices, present_mask, present_sha256
from napari_alnt.errors import AlntError

CASE = SimpleNamespace(name="c", shape=(5, 6, 7))


def test_slices_are_sorted_and_each_is_there_once():
    assert check_slices(CASE, 0, [4, 0, 4]) == (0, 4)
    assert check_slices(CASE, 2, [6]) == (6,)


@pytest.mark.parametrize(
    ("axis", "slices", "words"),
    [
        (3, [1], "no axis 3"),
        (0, [], "No slice of case 'c' is corrected yet"),
        (0, [1, 5], "no axial slice 5; its 5 slices are numbered from 0 to 4"),
        (2, [-1], "no sagittal slice -1"),
        (1, range(6), "All 6 coronal slices"),
    ],
)
def test_what_cannot_be_propagated_is_refused_in_one_sentence(axis, slices, words):
    with pytest.raises(AlntError, match=words):
        check_slices(CASE, axis, slices)


def test_the_present_mask_is_the_draft_else_the_label(balls):
    with Project.open(balls.folder) as project:
        case = project.case("ball_05")
        labels, sha256 = present_mask(project, case)
        np.testing.assert_array_equal(labels, project.teacher(case).voxels)
        assert sha256 == case.teacher_sha256 == present_sha256(project, case)
        truth = balls.true_labels("ball_05")
        project.drafts.save("ball_05", truth)
        labels, sha256 = present_mask(project, case)
        np.testing.assert_array_equal(labels, truth)
        assert sha256 == project.drafts.sha256("ball_05") == present_sha256(project, case)
        project.drafts.file("ball_05").unlink()
        with pytest.raises(AlntError, match="is lost"):
            present_mask(project, case)


def test_a_case_without_a_mask_has_nothing_to_propagate(new_balls):
    with Project.open(new_balls(pool=2, experts=2, taught=False).folder) as project:
        case = project.case("ball_02")
        assert present_sha256(project, case) == ""
        with pytest.raises(AlntError, match="has no mask with corrected slices"):
            present_mask(project, case)
