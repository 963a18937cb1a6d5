"""What is seen of a slice: grey values, filled labels, outlines, tints."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.widgets.picture import outlines
from napari_alnt.widgets.planes.plane import AXIAL, CORONAL
from napari_alnt.widgets.planes.plane_picture import Compared, Drawn, Tint, edges, fill, grey, rims

RED, BLUE = (255, 0, 0, 255), (0, 0, 255, 255)
CLEAR = (0, 0, 0, 0)


def mask(value, rows=slice(5, 15)):
    made = np.zeros((20, 20), np.uint8)
    made[rows, 5:15] = value
    return made


def drawn(cut, **more):
    return Drawn(cut[None], {1: RED, 2: BLUE}, **more)


def test_grey_values_are_those_of_the_window():
    shown = grey(np.array([[-900, -500, 0, 500, 900]], np.int16), -500, 500)
    assert shown.dtype == np.uint8
    assert shown.tolist() == [[0, 0, 127, 255, 255]]
    assert grey(np.ones((2, 2)), 1, 1).dtype == np.uint8
    assert grey(np.array([[np.nan, np.inf, -np.inf]]), 0, 1).tolist() == [[0, 255, 0]]


def test_labels_are_filled_with_their_colours():
    cut = mask(1) + mask(1, slice(10, 15))
    shown = fill(drawn(cut), cut)
    assert shown.dtype == np.uint8
    assert (shown[5:10, 5:15] == RED).all()
    assert (shown[10:15, 5:15] == BLUE).all()
    assert not shown[cut == 0].any()


@pytest.mark.parametrize("value", [9, 255])
def test_neither_unknown_nor_a_strange_label_is_filled(value):
    cut = mask(value)
    assert not fill(drawn(cut), cut).any()
    assert not list(edges(drawn(cut), cut))


def test_each_structure_has_its_outline():
    cut = mask(1, slice(5, 10)) + mask(2, slice(10, 15))
    found = dict(edges(drawn(cut), cut))
    assert set(found) == {1, 2}
    assert (found[1].min(0), found[1].max(0)) == (
        pytest.approx((4.5, 4.5), abs=0.1),
        pytest.approx((9.5, 14.5), abs=0.1),
    )


def test_where_there_are_too_many_outlines_there_are_rims(monkeypatch):
    cut = mask(1, slice(5, 10)) + mask(2, slice(10, 15)) + mask(255, slice(16, 18))
    monkeypatch.setattr(outlines, "MOST", 3)
    assert edges(drawn(cut), cut) is None
    shown = rims(drawn(cut), cut)
    assert tuple(shown[9, 8]) == RED
    assert tuple(shown[10, 8]) == BLUE
    assert tuple(shown[7, 8]) == CLEAR
    assert not shown[cut == 255].any()


def test_a_tint_goes_from_its_first_colour_to_its_last():
    table = np.array([RED, CLEAR, BLUE], np.uint8)
    tint = Tint(np.array([[[-9, 0.1, 9]]]), (-2, 2), table)
    assert tint.over(AXIAL, 0).tolist() == [[list(RED), list(CLEAR), list(BLUE)]]


def test_two_masks_are_compared_in_any_plane():
    teacher, student = np.zeros((2, 3, 4, 5), np.uint8)
    teacher[1, 2, 3] = 1
    for plane, index, place in ((AXIAL, 1, (2, 3)), (CORONAL, 2, (1, 3))):
        shown = Compared(teacher, student).over(plane, index)
        assert np.argwhere(shown[..., 3]).tolist() == [list(place)]
