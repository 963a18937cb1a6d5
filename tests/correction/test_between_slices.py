import math
from itertools import pairwise

import numpy as np
import pytest
from correction.volumes import SEEDS, made, places, volume

from napari_alnt.correction import fill_between
from napari_alnt.correction.between_slices import interpolate
from napari_alnt.errors import AlntError


def distance(plane, label, place, spacing):
    """The signed distance of a pixel in mm; None without a border."""
    inside = plane[place] == label
    others = [at for at in places(plane.shape) if (plane[at] == label) != inside]
    if not others:
        return None
    found = min(
        math.hypot(*((a - b) * size for a, b, size in zip(place, at, spacing, strict=True)))
        for at in others
    )
    return found if inside else -found


def reference(first, last, steps, spacing, labels):
    across = math.hypot(*(size * count for size, count in zip(spacing, first.shape, strict=True)))

    def distances(plane, label):
        here = [distance(plane, label, place, spacing) for place in places(plane.shape)]
        if here[0] is None:
            return [across] * len(here) if label in plane else None
        return here

    drawn = np.zeros((steps - 1, *first.shape), first.dtype)
    best = np.zeros(drawn.shape)
    for label in sorted(labels):
        one, other = distances(first, label), distances(last, label)
        if one is None and other is None:
            continue
        one = one or [-max(other)] * first.size
        other = other or [-max(one)] * first.size
        for index, place in enumerate(places(first.shape)):
            for step in range(1, steps):
                value = (1 - step / steps) * one[index] + step / steps * other[index]
                if value > best[step - 1][place]:
                    best[step - 1][place], drawn[step - 1][place] = value, label
    return drawn


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_are_those_of_the_distances(seed, axis):
    mask, spacing = volume(seed, (6, 7, 8))
    size = mask.shape[axis]
    across = [value for other, value in enumerate(spacing) if other != axis]
    slices = [1, size - 1] if seed % 2 else [size - 1, 0, 3]
    labels = None if seed % 3 else [2]
    turned = np.moveaxis(mask.copy(), axis, 0)
    expected = turned.copy()
    known = sorted(slices)
    for low, high in pairwise(known):
        chosen = labels or ({*turned[low].ravel(), *turned[high].ravel()} - {0, 255})
        drawn = reference(turned[low], turned[high], high - low, across, chosen)
        for step, plane in enumerate(drawn, low + 1):
            for place in places(plane.shape):
                old = turned[step][place]
                if old != 255 and (plane[place] or old in chosen):
                    expected[step][place] = plane[place]
    after = made(mask, fill_between(mask, slices, spacing, axis, labels))
    np.testing.assert_array_equal(np.moveaxis(after, axis, 0), expected)


def test_a_disc_that_moves_is_halfway_in_the_middle():
    y, x = np.ogrid[:20, :30]
    mask = np.zeros((5, 20, 30), np.uint8)
    mask[0] = (y - 10) ** 2 + (x - 10) ** 2 <= 25
    mask[4] = (y - 10) ** 2 + (x - 14) ** 2 <= 25
    after = made(mask, fill_between(mask, [0, 4], (5, 1, 1)))
    assert np.argwhere(after[2]).mean(axis=0) == pytest.approx([10, 12])
    assert after[2].sum() == pytest.approx(mask[0].sum(), rel=0.2)
    # a pixel is nearer in mm along an axis with small pixels
    flat = fill_between(mask, [0, 4], (5, 9, 0.1))
    assert not np.array_equal(made(mask, flat), after)


def test_a_label_that_ends_shrinks_to_nothing_halfway():
    mask = np.zeros((5, 11, 11), np.uint8)
    mask[0, 2:9, 2:9] = 1
    counts = made(mask, fill_between(mask, [0, 4], (1, 1, 1))).sum(axis=(1, 2))
    assert counts[0] > counts[1] > 0 == counts[2] == counts[3]


def test_whole_slices_stay_whole_and_empty_ones_empty():
    for label in (0, 3):
        mask = np.zeros((4, 3, 3), np.uint8)
        mask[0] = mask[3] = label
        assert (made(mask, fill_between(mask, [0, 3], (1, 1, 1))) == label).all()
    assert not interpolate(mask[0], mask[3], 3, (1, 1), []).any()


def test_neighbours_have_nothing_between_them():
    mask = np.ones((4, 3, 3), np.uint8)
    assert fill_between(mask, [1, 2], (1, 1, 1)).is_empty


@pytest.mark.parametrize(("slices", "text"), [([1, 1], "correct a second"), ([0, 4], "not all in")])
def test_slices_that_are_not_there_are_refused(slices, text):
    with pytest.raises(AlntError, match=text):
        fill_between(np.zeros((4, 3, 3), np.uint8), slices, (1, 1, 1))
