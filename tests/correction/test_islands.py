import numpy as np
import pytest
from correction.volumes import CROSS, CUBE, SEEDS, flood, made, parts, volume

from napari_alnt.correction import fill_holes, keep_largest, remove_island, remove_small
from napari_alnt.errors import AlntError

ONE = (1.0, 1.0, 1.0)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("label", [1, 2, 9])
def test_only_the_largest_part_is_kept(seed, label):
    mask, _ = volume(seed)
    expected = mask.copy()
    found = list(parts(mask == label, CUBE))
    largest = max(found, key=lambda own: own.sum(), default=None)  # the first of equal ones
    for own in found:
        if own is not largest:
            expected[own] = 0
    np.testing.assert_array_equal(made(mask, keep_largest(mask, label)), expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_below_a_volume_are_removed(seed):
    mask, spacing = volume(seed)
    ml = 5 * np.prod(spacing) / 1000
    expected = mask.copy()
    for own in parts(mask == 1, CUBE):
        if own.sum() * (np.prod(spacing) / 1000) < ml:
            expected[own] = 0
    np.testing.assert_array_equal(made(mask, remove_small(mask, 1, ml, spacing)), expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_part_that_is_clicked_is_removed(seed):
    mask, _ = volume(seed)
    rng = np.random.default_rng(seed)
    for _ in range(5):
        place = tuple(int(rng.integers(size)) for size in mask.shape)
        expected = mask.copy()
        if mask[place] != 255:
            expected[flood(mask == mask[place], place, CUBE)] = 0
        np.testing.assert_array_equal(made(mask, remove_island(mask, place)), expected)


def test_a_click_beside_the_mask_is_refused_and_one_on_background_does_nothing():
    mask = np.zeros((2, 3, 4), np.uint8)
    assert remove_island(mask, (0, 0, 0)).is_empty
    with pytest.raises(AlntError, match="click inside"):
        remove_island(mask, (0, 3, 0))


def holes(where):
    """False voxels that no way leads from to the border of a volume or a slice."""
    found = np.zeros_like(where)
    steps = [step for step in CROSS if where.ndim == 3 or not step[0]]
    steps = [step[3 - where.ndim :] for step in steps]
    for own in parts(~where, steps):
        last = np.array(where.shape) - 1
        at = np.argwhere(own)
        if not ((at == 0) | (at == last)).any():
            found |= own
    return found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("axis", [None, 0, 1, 2])
def test_holes_are_what_is_enclosed(seed, axis):
    mask, _ = volume(seed, (5, 7, 8), ignore=seed % 2)
    mask[np.random.default_rng(seed).random(mask.shape) < 0.6] = 1
    where = mask == 1
    if axis is None:
        enclosed = holes(where)
    else:
        planes = [holes(plane) for plane in np.moveaxis(where, axis, 0)]
        enclosed = np.moveaxis(np.array(planes), 0, axis)
    expected = np.where(enclosed & (mask == 0), 1, mask)
    np.testing.assert_array_equal(made(mask, fill_holes(mask, 1, axis)), expected)


def test_a_structure_within_another_is_no_hole_and_no_way_out():
    mask = np.ones((1, 7, 7), np.uint8)
    mask[0, 2:5, 2:5] = 2
    mask[0, 3, 3] = 0
    after = made(mask, fill_holes(mask, 1, axis=0))
    assert after[0, 3, 3] == 1
    assert (after == 2).sum() == 8
    assert fill_holes(mask, 1).is_empty  # in 3D the one slice is all border
    with pytest.raises(AlntError, match="axes"):
        fill_holes(mask, 1, axis=5)


def test_nothing_and_everything_have_no_islands():
    for mask in (np.zeros((2, 3, 4), np.uint8), np.ones((2, 3, 4), np.uint8)):
        for tool in (keep_largest, fill_holes):
            assert tool(mask, 1).is_empty
        assert remove_small(mask, 1, 0.001, ONE).is_empty
    assert not made(mask, remove_small(mask, 1, 1.0, ONE)).any()
    assert not made(mask, remove_island(mask, (0, 0, 0))).any()
