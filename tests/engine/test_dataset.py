"""Files become tensors: unknown voxels, label values, caches by content, patches."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from napari_alnt.core import IGNORE
from napari_alnt.data import Project, write_labels
from napari_alnt.engine.dataset import Dataset, _augmentation
from napari_alnt.settings import WINDOWS


@pytest.fixture
def project(balls):
    with Project.open(balls.folder) as project:
        yield project


def dataset(project: Project, **changes: object) -> Dataset:
    return Dataset(project, dataclasses.replace(project.settings, **changes))


def test_label_values_become_classes_and_return(project):
    data = dataset(project)
    data.values = np.array([2, 7, 40])
    labels = np.array([0, 2, 7, 40, 255, 3])
    np.testing.assert_array_equal(data.classes_of(labels), [0, 1, 2, 3, IGNORE, 0])
    np.testing.assert_array_equal(data.labels_of(np.array([0, 1, 2, 3])), [0, 2, 7, 40])


def test_grey_values_fill_the_window(project):
    case = project.by_role("pool")[0]
    image = dataset(project).image(case)
    low, high = WINDOWS["lung"]
    voxels = project.image(case).voxels.astype(float).clip(low, high)
    assert image.shape == voxels.shape
    np.testing.assert_allclose(image, (voxels - low) / (high - low) * 2 - 1, atol=2e-3)


def test_training_spacing_changes_the_grid_not_the_extent(project):
    case = project.by_role("pool")[0]
    volume, image = project.image(case), dataset(project, spacing=(6.0, 5.0, 4.0)).image(case)
    extent = np.array(volume.voxels.shape) * volume.spacing
    np.testing.assert_allclose(np.array(image.shape) * (6, 5, 4), extent, atol=3)


def test_a_mask_changed_in_place_is_not_served_from_the_cache(project, balls):
    before = dataset(project).pseudo(project.case("ball_05")).target.copy()
    project.accept("ball_05", balls.true_labels("ball_05"))
    after = dataset(project).expert(project.case("ball_05")).target
    np.testing.assert_array_equal(after, balls.true_labels("ball_05"))
    assert (before != after).any()


def test_unknown_voxels_stay_unknown_on_the_training_grid(project):
    case = project.case("ball_05")
    labels = project.teacher(case).voxels.copy()
    labels[:10] = 255
    project.accept("ball_05", labels)
    target = dataset(project).expert(project.case("ball_05")).target
    assert (target[:10] == IGNORE).all()
    assert (target[10:] != IGNORE).all()


def test_patches_repeat_with_the_seed_and_differ_without(project):
    data = dataset(project)
    cases = [data.pseudo(case) for case in project.by_role("pool")[:2]]
    one, two, other = (
        data.batch(cases, [np.random.default_rng(seed)] * len(cases)) for seed in (3, 3, 4)
    )
    assert torch.equal(one.images, two.images)
    assert torch.equal(one.targets, two.targets)
    assert not torch.equal(one.images, other.images)
    assert one.images.shape == (2, 1, 16, 16, 16)
    assert one.targets.dtype == torch.int64


def test_what_lies_outside_the_volume_is_unknown(project):
    data = dataset(project, patch=(32, 32, 32), augment=False)
    batch = data.batch([data.pseudo(project.by_role("pool")[0])], [np.random.default_rng(0)])
    assert (batch.targets[0, 24:] == IGNORE).all()  # the volume has 24 slices
    assert (batch.targets[0, :24, :28, :26] != IGNORE).all()


def test_foreground_patches_hold_the_structure(project):
    data = dataset(project, foreground=1.0, augment=False)
    case = data.pseudo(project.by_role("pool")[0])
    for seed in range(20):
        assert (data.batch([case], [np.random.default_rng(seed)]).targets > 0).any()


def test_left_and_right_stay_unless_asked(project):
    plain = _augmentation(dataset(project).settings).transforms
    mirrored = _augmentation(dataset(project, mirror=True).settings).transforms
    assert len(mirrored) == len(plain) + 1
    assert not any("Flip" in type(step).__name__ for step in plain)


def test_scoring_patches_are_fixed_and_cover_small_volumes(project):
    data = dataset(project, score_patches=8)
    case = data.pseudo(project.by_role("pool")[0])
    patches = data.fixed_patches(case)
    assert len(patches) == 8  # 24 × 28 × 26 in patches of 16
    again = data.fixed_patches(case)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(patches, again, strict=True))
    seen = sum(int((target > 0).sum()) for _, target in patches)
    assert seen >= (case.target > 0).sum()
    assert len(dataset(project, score_patches=3).fixed_patches(case)) == 3


def test_unknown_voxels_take_no_part_in_a_cases_scores(project):
    """The scores of a case do not change with what the student sees where nobody has labelled."""
    from napari_alnt.engine.evaluation import Viewer
    from napari_alnt.engine.student import Student

    case = project.case("ball_05")
    labels = project.teacher(case).voxels.copy()
    labels[:, :, 13:] = 255
    path = project.folder / "half.nii.gz"
    write_labels(path, labels, project.teacher(case).grid)
    project.set_teacher("ball_05", path)
    data = dataset(project)
    viewer = Viewer(project, None, data, Student.new(data, project.settings))
    probabilities = torch.zeros(2, *labels.shape)
    probabilities[1] = 1.0
    unsure = probabilities.clone()
    unsure[:, :, :, 13:] = 0.5
    seen = []
    for guess in (probabilities, unsure):
        viewer._probabilities = lambda image, guess=guess: guess
        seen.append(viewer._score(project.case("ball_05"), viewer.direction()))
    assert seen[0] == seen[1]
    assert seen[0].entropy == 0
