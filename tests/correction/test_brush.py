import itertools
import math

import numpy as np
import pytest
from correction.volumes import SEEDS, half_up, image, made, places, volume

from napari_alnt.correction import Limits, stroke
from napari_alnt.errors import AlntError


def from_segment(place, start, end, spacing):
    """How far a voxel's centre is from a straight part of a line, in mm."""
    at, a, b = (np.array(point) * spacing for point in (place, start, end))
    length = ((b - a) ** 2).sum()
    share = min(max(((at - a) * (b - a)).sum() / length, 0), 1) if length else 0
    return math.sqrt(((at - a - share * (b - a)) ** 2).sum())


def reference(mask, points, label, radius, spacing, axis):
    points = [list(point) for point in points]
    if axis is not None:
        for point in points[1:]:
            point[axis] = points[0][axis]
        for point in points:
            point[axis] = half_up(points[0][axis])
    parts = list(itertools.pairwise(points)) or [(points[0], points[0])]
    through = {tuple(map(half_up, points[0]))}
    for start, end in parts:
        steps = max(math.ceil(2 * max(abs(b - a) for a, b in zip(start, end, strict=True))), 1)
        for step in range(steps + 1):
            share = step / steps
            through.add(
                tuple(half_up(a + share * (b - a)) for a, b in zip(start, end, strict=True))
            )
    after = mask.copy()
    for place in places(mask.shape):
        far = min(from_segment(place, *part, spacing) for part in parts)
        in_plane = axis is None or place[axis] == points[0][axis]
        if (far <= radius * (1 + 1e-9) and in_plane) or place in through:
            after[place] = label if mask[place] != 255 else 255
    return after


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("axis", [None, 0, 1, 2])
def test_a_stroke_paints_what_is_near_its_line(seed, axis):
    mask, spacing = volume(seed)
    rng = np.random.default_rng([seed, 4])
    # some beside the mask
    points = rng.uniform(-2, np.array(mask.shape) + 1, (int(rng.integers(1, 5)), 3)).tolist()
    radius = float(rng.choice([0, 0.3, 2, 4]))
    after = made(mask, stroke(mask, points, seed % 3, radius, spacing, axis))
    np.testing.assert_array_equal(after, reference(mask, points, seed % 3, radius, spacing, axis))


def test_a_fast_and_thin_stroke_has_no_gap():
    mask = np.zeros((5, 40, 60), np.uint8)
    after = made(mask, stroke(mask, [(2, 3, 5), (2, 35, 50)], 1, 0.1, (1, 1, 1), axis=0))
    drawn = np.argwhere(after)
    assert np.abs(np.diff(drawn, axis=0)).max() <= 2
    assert set(drawn[:, 1]) == set(range(3, 36))
    assert set(drawn[:, 2]) == set(range(5, 51))
    assert set(drawn[:, 0]) == {2}


def test_a_ball_is_as_wide_in_mm_along_every_axis():
    mask = np.zeros((21, 21, 21), np.uint8)
    after = made(mask, stroke(mask, [(10, 10, 10)], 1, 4.0, (2.0, 1.0, 0.5)))
    assert [after.any(axis=axes).sum() for axes in ((1, 2), (0, 2), (0, 1))] == [5, 9, 17]


def test_a_brush_paints_only_in_its_range_of_hu():
    mask = np.zeros((4, 9, 9), np.uint8)
    grey = image(1, mask.shape)
    limits = Limits(image=grey, low=0, high=80)
    after = made(mask, stroke(mask, [(2, 4, 4)], 1, 3.0, (1, 1, 1), limits=limits))
    wide = made(mask, stroke(mask, [(2, 4, 4)], 1, 3.0, (1, 1, 1)))
    np.testing.assert_array_equal(after == 1, (wide == 1) & (grey >= 0) & (grey <= 80))


def test_a_stroke_beside_the_mask_paints_nothing():
    mask = np.zeros((3, 4, 5), np.uint8)
    assert stroke(mask, [(1, -9, 0), (1, -9, 4)], 1, 2.0, (1, 1, 1)).is_empty
    assert stroke(mask, [(7, 1, 1)], 1, 2.0, (1, 1, 1), axis=0).is_empty
    assert made(mask, stroke(mask, [(1, 1, 1)], 1, 99.0, (1, 1, 1))).all()


def test_no_point_no_radius_and_no_such_axis_are_refused():
    mask = np.zeros((3, 4, 5), np.uint8)
    for points, radius, axis, text in (
        ([], 1.0, None, "needs a point"),
        ([(1, 1, 1)], -1.0, None, "above 0"),
        ([(1, 1, 1)], math.nan, None, "above 0"),
        ([(1, 1, 1)], 1.0, 3, "axes"),
    ):
        with pytest.raises(AlntError, match=text):
            stroke(mask, points, 1, radius, (1, 1, 1), axis)
