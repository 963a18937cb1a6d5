"""Corrected slices on the training grid."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.core import IGNORE, resample_labels
from napari_alnt.engine.known_slices import centres_of, known_target, sources


@pytest.fixture
def classes() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 3, (12, 10, 8)).astype(np.int16)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shape", [(12, 10, 8), (24, 20, 16), (6, 5, 4), (5, 7, 11)])
def test_known_voxels_are_those_of_the_whole_mask(classes, axis, shape):
    slices = (2, 5)
    target = known_target(classes, shape, axis, slices)
    known = target != IGNORE
    # a voxel is known or not with its whole slice
    planes = np.moveaxis(known, axis, 0)
    assert all(plane.all() or not plane.any() for plane in planes)
    shown = sources(classes.shape[axis], shape[axis], slices)
    assert sorted(shown) == np.flatnonzero(planes.any((1, 2))).tolist()
    assert set(shown.values()) == set(slices)
    if shape[axis] >= classes.shape[axis]:
        np.testing.assert_array_equal(target[known], resample_labels(classes, shape)[known])


def test_no_corrected_slice_is_lost_on_a_coarser_grid():
    for number in range(30):
        (plane,) = sources(30, 6, [number])
        assert plane == number // 5
    # of two in one coarse slice the one nearest its centre is shown
    assert sources(30, 6, [10, 12]) == {2: 12}


def test_patches_are_centred_on_known_voxels_of_each_class_alike():
    target = np.full((4, 5, 6), IGNORE, np.int16)
    target[2] = 0
    target[2, 1, 1] = 2
    centres = centres_of(target, 3, np.random.default_rng(0), most=10)
    assert centres.shape == (20, 3)
    assert (centres[:, 0] == 2).all()
    assert (centres[10:] == (2, 1, 1)).all()
    assert len(centres_of(np.full((2, 2, 2), IGNORE), 3, np.random.default_rng(0))) == 0
