import math

import numpy as np
import pytest
from correction.volumes import SEEDS, made, volume
from scipy import ndimage

from napari_alnt.correction import grow, shrink, smooth
from napari_alnt.correction.margins import narrowed, reach_of, widened
from napari_alnt.errors import AlntError

ONE = (1.0, 1.0, 1.0)
LENGTHS = (0.4, 1.0, 2.5, 4.0)


def near(where, mm, spacing):
    """Voxels at most so many mm from a true one, each looked at from each."""
    found = np.zeros_like(where)
    grid = np.indices(where.shape)
    for at in np.argwhere(where):
        squared = sum(((a - b) * size) ** 2 for a, b, size in zip(grid, at, spacing, strict=True))
        found |= squared <= mm**2 * (1 + 1e-9)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_growing_and_shrinking_are_those_of_the_distances(seed):
    mask, spacing = volume(seed, (4, 6, 9))
    mm = LENGTHS[seed % len(LENGTHS)]
    where, known = mask == 1, mask != 255
    grown = np.where(near(where, mm, spacing) & known, 1, mask)
    np.testing.assert_array_equal(made(mask, grow(mask, 1, mm, spacing)), grown)
    shrunk = np.where(where & near(~where, mm, spacing), 0, mask)
    np.testing.assert_array_equal(made(mask, shrink(mask, 1, mm, spacing)), shrunk)


@pytest.mark.parametrize("seed", SEEDS)
def test_smoothing_opens_and_closes(seed):
    mask, spacing = volume(seed, (3, 6, 9), ignore=seed % 2)
    mm = (0.8, 1.5, 2.6)[seed % 3]
    where = mask == 1
    opened = near(~near(~where, mm, spacing), mm, spacing)
    closed = ~near(~near(opened, mm, spacing), mm, spacing)
    expected = np.where(closed, 1, np.where(where, 0, mask))
    expected[mask == 255] = 255
    np.testing.assert_array_equal(made(mask, smooth(mask, 1, mm, spacing)), expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_widened_mask_is_that_of_the_distance_transform(seed):
    rng = np.random.default_rng(seed)
    where = rng.random((9, 20, 33)) < 0.003
    where[4, 9, 16] = True
    spacing, mm = tuple(rng.uniform(0.4, 3, 3)), float(rng.uniform(0, 9))
    distance = ndimage.distance_transform_edt(~where, spacing)
    np.testing.assert_array_equal(widened(where, mm, spacing), distance <= mm)
    np.testing.assert_array_equal(narrowed(~where, mm, spacing), distance > mm)


def test_lengths_reach_as_many_voxels_as_they_hold():
    assert reach_of(2.1, (0.7, 1.0, 3.0)) == (3, 2, 0)
    assert reach_of(0.3, (0.1, 0.1, 0.1)) == (3, 3, 3)


def test_a_spike_goes_a_gap_is_filled_and_the_rest_stays():
    mask = np.zeros((9, 21, 30), np.uint8)
    mask[2:7, 4:17, 4:20] = 1
    mask[4, 10, 20:25] = 1
    mask[4, 10, 9:11] = 0
    after = made(mask, smooth(mask, 1, 1.0, ONE))
    assert not after[4, 10, 21:].any()
    assert after[3:6, 5:16, 6:19].all()


def test_the_border_of_the_volume_eats_nothing():
    mask = np.ones((3, 4, 5), np.uint8)
    for tool in (grow, shrink, smooth):
        assert tool(mask, 1, 2.0, ONE).is_empty
        assert tool(mask, 2, 2.0, ONE).is_empty
        assert tool(mask, 1, 0.0, ONE).is_empty
    mask[0, 0, 0] = 0
    assert not made(mask, shrink(mask, 1, 99.0, ONE)).any()
    assert made(mask, grow(mask, 1, 99.0, ONE)).all()


@pytest.mark.parametrize("mm", [-1.0, math.nan, math.inf])
def test_a_length_that_is_none_is_refused(mm):
    mask = np.ones((3, 4, 5), np.uint8)
    for tool in (grow, shrink, smooth):
        with pytest.raises(AlntError, match="above 0"):
            tool(mask, 1, mm, ONE)
