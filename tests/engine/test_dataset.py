"""Files become tensors: unknown voxels, label values, caches by content, patches."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from napari_alnt.core import IGNORE
from napari_alnt.data import Project
from napari_alnt.engine.dataset import CENTRES, Dataset, _augmentation, _centres
from napari_alnt.errors import AlntError
from napari_alnt.settings import WINDOWS


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
    project.labels.accept("ball_05", balls.true_labels("ball_05"))
    after = dataset(project).expert(project.case("ball_05")).target
    np.testing.assert_array_equal(after, balls.true_labels("ball_05"))
    assert (before != after).any()


def test_a_damaged_cache_is_no_hindrance(project):
    case = project.case("ball_05")
    whole = dataset(project).pseudo(case)
    expected = [np.array(part) for part in (whole.image, whole.target, whole.centres)]
    del whole
    files = sorted((project.folder / "cache").glob("*.npy"))
    assert len(files) == 3
    for file in files:
        file.write_bytes(file.read_bytes()[:-7])
    again = dataset(project).pseudo(case)
    for found, wanted in zip((again.image, again.target, again.centres), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_unknown_voxels_stay_unknown_on_the_training_grid(project):
    case = project.case("ball_05")
    labels = project.teacher(case).voxels.copy()
    labels[:10] = 255
    project.labels.accept("ball_05", labels)
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
    data = dataset(project, foreground_fraction=1.0, augment=False)
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


def test_a_window_of_percentiles_is_that_of_each_image(project):
    case = project.by_role("pool")[0]
    image = np.asarray(dataset(project, window="percentile").image(case), np.float32)
    voxels = project.image(case).voxels
    assert image.min() == -1
    assert image.max() == 1
    low, high = np.percentile(voxels, (0.5, 99.5))
    assert (image == -1).mean() == pytest.approx((voxels <= low).mean(), abs=2e-3)
    assert (image == 1).mean() == pytest.approx((voxels >= high).mean(), abs=2e-3)


def test_the_spacing_is_the_median_of_the_cases_unless_set(project):
    assert dataset(project).spacing == (3.0, 2.5, 2.0)
    assert dataset(project, spacing=(1.0, 1.5, 2.0)).spacing == (1.0, 1.5, 2.0)


def test_a_case_without_the_mask_that_is_asked_for_is_named(project):
    with pytest.raises(AlntError, match=r"'ball_04' has no expert mask"):
        dataset(project).expert(project.case("ball_04"))


def test_centres_are_foreground_and_as_many_of_each_class():
    target = np.zeros((20, 20, 20), np.int16)
    target[:18] = 1  # 7200 voxels, more than are kept
    target[19, 0, :5] = 2
    target[19, 5] = IGNORE
    centres = _centres(target, 4)
    classes = target[tuple(centres.T)]
    assert [(classes == index).sum() for index in (1, 2, 3)] == [CENTRES, 5, 0]
    assert len(np.unique(centres, axis=0)) == len(centres)
    assert _centres(np.zeros((4, 4, 4), np.int16), 2).shape == (0, 3)


def test_threads_vary_patches_alike(project):
    data = dataset(project)
    cases = [data.pseudo(case) for case in project.by_role("pool")]

    def images(seed: int) -> torch.Tensor:
        return data.batch(cases, [np.random.default_rng([seed, i]) for i in range(4)]).images

    expected = [images(seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(images, range(8)))
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
