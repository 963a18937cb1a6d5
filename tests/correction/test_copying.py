import numpy as np
import pytest
from correction.volumes import SEEDS, made, places, volume

from napari_alnt.correction import Limits, copy_slice
from napari_alnt.errors import AlntError


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("label", [None, 1])
def test_a_slice_is_copied_voxel_by_voxel(seed, axis, label):
    mask, _ = volume(seed)
    size = mask.shape[axis]
    source, target = seed % size, (seed + 1) % size
    expected = mask.copy()
    for place in places(mask.shape):
        other = list(place)
        other[axis] = source
        old, new = mask[place], mask[tuple(other)]
        if place[axis] != target or 255 in (old, new):
            continue
        if label is None or new == label:
            expected[place] = new
        elif old == label:
            expected[place] = 0
    after = made(mask, copy_slice(mask, source, target, axis, label))
    np.testing.assert_array_equal(after, expected)


def test_the_unknown_is_copied_when_told():
    mask = np.array([[[255, 1]], [[2, 255]]], np.uint8)
    assert copy_slice(mask, 0, 1).is_empty
    after = made(mask, copy_slice(mask, 0, 1, limits=Limits(ignore=None)))
    assert after[1].tolist() == [[255, 1]]


def test_a_slice_that_is_not_there_is_refused():
    mask = np.zeros((2, 3, 4), np.uint8)
    assert copy_slice(mask, 1, 1).is_empty
    for source, target, axis in ((-1, 0, 0), (1, 2, 0), (4, 0, 2)):
        with pytest.raises(AlntError, match="nothing to copy"):
            copy_slice(mask, source, target, axis)
