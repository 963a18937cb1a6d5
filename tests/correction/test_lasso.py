import math

import numpy as np
import pytest
from correction.volumes import SEEDS, made, places, volume

from napari_alnt.correction import lasso
from napari_alnt.correction.lasso import inside_polygon

SQUARE = [(0.5, 0.5), (0.5, 3.5), (2.5, 3.5), (2.5, 0.5)]


def is_inside(place, corners):
    """Whether a line to the left crosses the polygon an odd number of times."""
    h, w = place
    crossed = 0
    for (h0, w0), (h1, w1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if min(h0, h1) < h <= max(h0, h1):
            crossed += w0 + (h - h0) * ((w1 - w0) / (h1 - h0)) <= w
    return crossed % 2 == 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_voxels_inside_a_polygon_are_changed_through_slices(seed, axis):
    mask, _ = volume(seed)
    rng = np.random.default_rng([seed, 8])
    sides = [size for other, size in enumerate(mask.shape) if other != axis]
    # often crossing itself, partly beside the mask, and with corners on voxels
    corners = rng.uniform(-3, np.array(sides) + 2, (int(rng.integers(3, 8)), 2))
    corners = (corners if seed % 3 else corners.round()).tolist()
    first, last = (0, None) if seed % 2 else (1, 2)
    only = (None, 1)[seed % 4 > 1]
    expected = mask.copy()
    for place in places(mask.shape):
        at = [value for other, value in enumerate(place) if other != axis]
        through = first <= place[axis] <= (math.inf if last is None else last)
        if through and is_inside(at, corners) and mask[place] != 255:
            expected[place] = seed % 3 if only in (None, mask[place]) else mask[place]
    after = made(mask, lasso(mask, corners, seed % 3, axis, first, last, only))
    np.testing.assert_array_equal(after, expected)


def test_two_polygons_side_by_side_share_no_pixel_and_leave_none():
    part = slice(0, 6), slice(0, 6)
    left = inside_polygon(np.array([(-1, -1), (-1, 3), (9, 3), (9, -1.0)]), *part)
    right = inside_polygon(np.array([(-1, 3), (-1, 9), (9, 9), (9, 3.0)]), *part)
    assert (left ^ right).all()


def test_a_polygon_goes_through_all_slices_or_some():
    mask = np.ones((5, 4, 5), np.uint8)
    assert (made(mask, lasso(mask, SQUARE, 0)) == 0).sum() == 5 * 6
    after = made(mask, lasso(mask, SQUARE, 0, first=1, last=2))
    assert (after == 0).any(axis=(1, 2)).tolist() == [False, True, True, False, False]
    around = [(-1, -1), (-1, 9), (9, 9), (9, -1)]
    assert not made(mask, lasso(mask, around, 0)).any()


def test_a_line_or_a_polygon_beside_the_mask_changes_nothing():
    mask = np.ones((5, 4, 5), np.uint8)
    assert lasso(mask, [], 0).is_empty
    assert lasso(mask, SQUARE[:2], 0).is_empty
    assert lasso(mask, [(9, 9), (9, 12), (12, 9)], 0).is_empty
    assert lasso(mask, SQUARE, 0, first=3, last=2).is_empty
    assert lasso(mask, SQUARE, 0, first=7, last=9).is_empty
