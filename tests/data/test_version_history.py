"""Versions of a case's mask can be compared, and an earlier one taken up again."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data import Project, compare, take_up
from napari_alnt.data.version_history import find_version, read_version
from napari_alnt.errors import AlntError, ChangedFile


@pytest.fixture
def project(balls):
    """Three versions of one case: nothing, one voxel, two voxels; the last one is reverted."""
    with Project.open(balls.folder) as project:
        for count in range(3):
            labels = np.zeros(project.case("ball_05").shape, np.uint8)
            labels[0, 0, :count] = 1
            project.labels.accept("ball_05", labels, author=f"Dr {count}")
        project.labels.revert("ball_05")
        yield project


def test_every_version_can_be_read(project):
    assert [read_version(project, "ball_05", number).sum() for number in (1, 2, 3)] == [0, 1, 2]
    assert find_version(project, "ball_05", 3).reverted
    with pytest.raises(AlntError, match="no version 4; it has 1, 2, 3"):
        read_version(project, "ball_05", 4)


def test_two_versions_are_compared(project):
    voxel = 3.0 * 2.5 * 2.0 / 1000
    found = compare(project, "ball_05", "2", "3")
    assert found.dice == pytest.approx(2 / 3)
    assert (found.changed_ml, found.added_ml, found.removed_ml) == pytest.approx((voxel, voxel, 0))
    back = compare(project, "ball_05", "3", "2")
    assert (back.added_ml, back.removed_ml) == pytest.approx((0, voxel))
    assert compare(project, "ball_05", "1", "teacher").added_ml > voxel


@pytest.mark.parametrize("name", ["student", "-1", "1.5", ""])
def test_what_is_no_mask_is_named(project, name):
    with pytest.raises(AlntError, match="is no mask"):
        compare(project, "ball_05", "1", name)


def test_an_earlier_version_is_taken_up_as_a_new_one(project):
    version = take_up(project, "ball_05", 3, author="Dr B")
    assert (version.number, version.parent, version.author) == (4, "0003", "Dr B")
    assert version.source == "version 3"
    assert project.case("ball_05").version == 4
    assert project.expert(project.case("ball_05")).voxels.sum() == 2
    assert [one.number for one in project.labels.versions("ball_05")] == [1, 2, 3, 4]


def test_a_version_that_was_changed_is_not_taken_up(project):
    file = find_version(project, "ball_05", 1).file
    file.write_bytes(find_version(project, "ball_05", 2).file.read_bytes())
    with pytest.raises(ChangedFile, match="Version 1 of case 'ball_05' is not what was accepted"):
        take_up(project, "ball_05", 1)
