"""Thin outlines between the voxels of a slice."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.widgets.picture.outlines import MOST, outlines, segments


def disc(radius=12.0, centre=(20, 30), shape=(50, 60)):
    y, x = np.indices(shape)
    return (np.hypot(y - centre[0], x - centre[1]) < radius).astype(np.uint8)


def test_a_line_lies_between_the_voxels_inside_and_those_outside():
    ((value, line),) = outlines(disc(), [1, 3])
    assert value == 1
    away = np.hypot(*(line - (20, 30)).T)
    assert abs(away - 12).max() < 1.1
    np.testing.assert_array_equal(line[0], line[-1])
    # nor does it leave the voxels at the border
    assert abs(line * 2 - np.rint(line * 2)).max() < 0.8


@pytest.mark.parametrize("slope", [1, 2, 3])
def test_a_slanting_border_has_no_stairs(slope):
    y, x = np.indices((60, 60))
    labels = ((y > 8) & (y < 50) & (x > 8) & (x < y / slope + 8)).astype(np.uint8)
    ((_, line),) = outlines(labels, [1])
    inside = line[(line[:, 0] > 16) & (line[:, 0] < 44) & (line[:, 1] > 10)]
    away = inside[:, 1] - np.polyval(np.polyfit(*inside.T, 1), inside[:, 0])
    assert abs(away).max() < 0.3


@pytest.mark.parametrize("radius", [0.9, 1.6, 3.0, 12.0])
def test_a_structure_is_outlined_as_large_as_it_is(radius):
    labels = disc(radius)
    ((_, line),) = outlines(labels, [1])
    y, x = line.T
    area = abs(np.sum(y[:-1] * x[1:] - y[1:] * x[:-1])) / 2
    assert area == pytest.approx(labels.sum(), rel=0.08, abs=0.7)


def test_each_structure_has_its_own_line_and_unknown_has_none():
    labels = disc(6, (10, 10)) + 3 * disc(5, (30, 40)) + 255 * disc(4, (40, 10))
    found = outlines(labels, [1, 3])
    assert [value for value, _ in found] == [1, 3]
    assert found[1][1].mean(0) == pytest.approx((30, 40), abs=0.2)


def test_a_structure_at_the_edge_is_closed():
    labels = np.zeros((8, 8), np.uint8)
    labels[:3, 5:] = 1
    ((_, line),) = outlines(labels, [1])
    np.testing.assert_array_equal(line[0], line[-1])
    ends = (pytest.approx((-0.5, 4.5), abs=0.1), pytest.approx((2.5, 7.5), abs=0.1))
    assert (line.min(0), line.max(0)) == ends


def test_holes_have_lines_too():
    assert len(outlines(disc(12) - disc(5), [1])) == 2


def test_nothing_gives_no_line_and_too_much_is_refused():
    assert outlines(np.zeros((9, 9), np.uint8), [1]) == []
    noise = np.random.default_rng(0).integers(0, 2, (150, 150)).astype(np.uint8)
    assert outlines(noise, [1]) is None
    assert len(noise.ravel()) > MOST


def test_a_dashed_line_is_half_of_it():
    ((_, line),) = outlines(disc(), [1])
    whole, dashed = segments(line), segments(line, 5.0)
    assert whole.shape == (2 * (len(line) - 1), 2)

    def length(ends):
        return np.linalg.norm(ends[1::2] - ends[::2], axis=1).sum()

    assert length(dashed) / length(whole) == pytest.approx(0.5, abs=0.1)
    gaps = np.linalg.norm(dashed[2::2] - dashed[1:-1:2], axis=1)
    assert (gaps > 2).sum() == pytest.approx(length(whole) / 10, abs=2)
    # however short the dashes, pieces are left
    assert 0.3 < length(segments(line, 1e-6)) / length(whole) < 0.7
    assert segments(line[:1]).shape == (0, 2)
