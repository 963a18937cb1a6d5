"""What is drawn of a slice: grey values, filled and hatched labels, outlines."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.widgets.planes.plane import AXIAL, CORONAL, Fit
from napari_alnt.widgets.planes.plane_picture import DARK, LIGHT, Drawn, grey, overlay

SHAPE, SPACING = (6, 20, 20), (5.0, 1.0, 1.0)
RED, BLUE = (255, 0, 0, 255), (0, 0, 255, 255)


def mask(value, rows=slice(5, 15)):
    made = np.zeros(SHAPE, np.uint8)
    made[2, rows, 5:15] = value
    return made


@pytest.fixture
def fit():
    return Fit.into(AXIAL, SHAPE, SPACING, 200, 200)  # ten pixels a voxel


def test_grey_values_are_those_of_the_window():
    shown = grey(np.array([[-900, -500, 0, 500, 900]], np.int16), -500, 500)
    assert shown.dtype == np.uint8
    assert shown.tolist() == [[0, 0, 127, 255, 255]]
    assert grey(np.ones((2, 2)), 1, 1).dtype == np.uint8


def test_labels_are_filled_with_their_colours(fit):
    drawn = overlay([Drawn(mask(1), {1: RED, 2: BLUE})], fit, 2)
    assert drawn.shape == (200, 200, 4)
    assert tuple(drawn[100, 100]) == RED
    assert (drawn[..., 3] > 0).sum() == 100 * 100
    assert not overlay([Drawn(mask(1), {1: RED})], fit, 3).any()
    # a label that is none of the project's is not drawn, and no error
    assert not overlay([Drawn(mask(9), {1: RED})], fit, 2).any()


def test_unknown_is_hatched_and_the_ground_seen_between(fit):
    drawn = overlay([Drawn(mask(255), {1: RED})], fit, 2)
    inside = drawn[50:150, 50:150].reshape(-1, 4)
    colours, counts = np.unique(inside, axis=0, return_counts=True)
    assert {tuple(colour) for colour in colours} == {(0, 0, 0, 0), LIGHT, DARK}
    assert counts.max() > 0.7 * len(inside)
    assert not overlay([Drawn(mask(255), {1: RED}, "solid")], fit, 2).any()


def test_an_outline_is_one_pixel_wide_and_lies_inside(fit):
    solid = overlay([Drawn(mask(1), {1: RED}, "solid")], fit, 2)[..., 3] > 0
    filled = overlay([Drawn(mask(1), {1: RED})], fit, 2)[..., 3] > 0
    assert solid.sum() == 4 * 99
    assert not (solid & ~filled).any()
    assert not solid[51:149, 51:149].any()
    dashed = overlay([Drawn(mask(1), {1: RED}, "dashed")], fit, 2)[..., 3] > 0
    assert not (dashed & ~solid).any()
    assert 0.3 < dashed.sum() / solid.sum() < 0.7


def test_the_last_mask_lies_on_top(fit):
    drawn = overlay([Drawn(mask(1), {1: RED}), Drawn(mask(2), {2: BLUE}, "solid")], fit, 2)
    assert tuple(drawn[50, 100]) == BLUE
    assert tuple(drawn[100, 100]) == RED


def test_two_structures_that_touch_are_parted(fit):
    both = mask(1, slice(5, 10)) + mask(2, slice(10, 15))
    drawn = overlay([Drawn(both, {1: RED, 2: BLUE}, "solid")], fit, 2)
    assert tuple(drawn[99, 100]) == RED
    assert tuple(drawn[100, 100]) == BLUE


def test_another_plane_has_its_own_proportions():
    fit = Fit.into(CORONAL, SHAPE, SPACING, 200, 900)
    drawn = overlay([Drawn(mask(1), {1: RED})], fit, 10)
    assert drawn.shape == (300, 200, 4)
    rows, columns = np.nonzero(drawn[..., 3])
    # slice 2 of 6, with the head up
    assert (rows.min(), rows.max()) == (150, 199)
    assert (columns.min(), columns.max()) == (50, 149)
