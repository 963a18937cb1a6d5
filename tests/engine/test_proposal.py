"""The proposed mask: only in slices that are not corrected, and only around the structures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_alnt import core
from napari_alnt.engine.adaptation import Recipe
from napari_alnt.engine.prediction import argmax_on_grid
from napari_alnt.engine.proposal import Corrected, proposed

SHAPE = (20, 24, 22)
PLAIN = Recipe(near=0)


def corrected(axis: int = 0, slices=(6, 12), shape=SHAPE, patch=(8, 8, 8)) -> Corrected:
    classes = np.zeros(SHAPE, np.int16)
    classes[5:14, 8:16, 7:12] = 1
    return Corrected(classes, (3.0, 2.0, 2.0), axis, slices, shape, patch)


@pytest.mark.parametrize("shape", [SHAPE, (10, 12, 11), (31, 24, 40)])
def test_the_box_holds_the_structures_with_half_a_window_around_them(shape):
    case = corrected(shape=shape)
    box = case.box()
    own = case.own_box(box)
    marked = np.argwhere(case.classes > 0)
    for axis, part in enumerate(own):
        assert part.start <= marked[:, axis].min()
        assert part.stop > marked[:, axis].max()
    for part, length in zip(box, shape, strict=True):
        assert 0 <= part.start < part.stop <= length
        assert part.stop - part.start >= min(8, length)


def test_a_mask_without_structures_is_looked_at_as_a_whole():
    case = corrected()
    case.classes[:] = 0
    assert case.box() == tuple(slice(0, length) for length in SHAPE)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shape", [SHAPE, (10, 12, 11), (31, 24, 40)])
def test_inside_the_box_it_is_the_whole_predictions_mask(axis, shape):
    case = corrected(axis, (9, 10), shape)
    logits = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0))
    box = case.box()
    found = proposed(case, box, logits[:, *box], PLAIN)
    whole = argmax_on_grid(logits, SHAPE)
    np.testing.assert_array_equal(found.take([9, 10], axis), case.classes.take([9, 10], axis))
    # a voxel at the box's edge has a neighbour outside, which the box alone does not know
    inner = tuple(slice(part.start + 3, part.stop - 3) for part in case.own_box(box))
    left = np.setdiff1d(np.arange(SHAPE[axis]), [9, 10])
    inside = np.zeros(SHAPE, bool)
    inside[inner] = True
    np.moveaxis(inside, axis, 0)[[9, 10]] = False
    assert inside.any()
    assert len(left)
    np.testing.assert_array_equal(found[inside], whole[inside])
    outside = np.ones(SHAPE, bool)
    outside[case.own_box(box)] = False
    np.testing.assert_array_equal(found[outside], case.classes[outside])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_shapes_are_interpolated_where_the_network_knows_nothing(axis):
    case = corrected(axis, (6, 12))
    case.classes[:] = 0
    planes = np.moveaxis(case.classes, axis, 0)
    planes[6, 5:15, 5:15] = 1
    planes[12, 7:13, 5:15] = 1
    box = case.box()
    found = proposed(case, box, torch.zeros(2, *SHAPE)[:, *box], Recipe(near=1.0))
    between = np.moveaxis(found, axis, 0)[9]
    rows = np.flatnonzero(between.any(1))
    assert (rows[0], rows[-1]) == (6, 13)
    assert between.dtype == np.int16


def test_what_nobody_has_labelled_is_labelled_where_it_is_not_corrected():
    case = corrected()
    case.classes[:, 8:16, 7:12][case.classes[:, 8:16, 7:12] == 0] = core.IGNORE
    box = case.box()
    found = proposed(case, box, torch.zeros(2, *SHAPE)[:, *box], PLAIN)
    own = case.own_box(box)
    assert (found[own[0]][~np.isin(np.arange(own[0].start, own[0].stop), (6, 12))] >= 0).all()
