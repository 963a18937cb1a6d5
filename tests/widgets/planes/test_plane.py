"""Cuts of a volume, and where they lie on the screen."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.widgets.planes.plane import AXIAL, CLOSEST, CORONAL, SAGITTAL, Fit, Look

SHAPE, SPACING = (6, 40, 30), (5.0, 0.8, 0.7)
PLANES = pytest.mark.parametrize("plane", [AXIAL, CORONAL, SAGITTAL], ids=lambda plane: plane.name)


def test_a_cut_is_shown_head_or_front_up_and_the_left_on_the_right():
    volume = np.zeros((3, 4, 5), int)
    volume[2, 0, 4] = 1  # the head's end, in front, on the left
    assert AXIAL.cut(volume, 2)[0, 4] == 1
    assert CORONAL.cut(volume, 0)[0, 4] == 1
    assert SAGITTAL.cut(volume, 4)[0, 0] == 1


@PLANES
def test_a_cut_shares_the_memory_of_its_volume(plane):
    volume = np.zeros((3, 4, 5), int)
    plane.cut(volume, 1)[...] = 7
    assert (volume.take(1, axis=plane.axis) == 7).all()


@PLANES
@pytest.mark.parametrize("size", [(400, 300), (90, 800)])
def test_a_millimetre_is_as_long_across_as_down(plane, size):
    fit = Fit.into(plane, SHAPE, SPACING, *size)
    origin = fit.screen((0, 0, 0))
    for axis in (plane.vertical, plane.horizontal):
        step = [float(other == axis) for other in range(3)]
        apart = np.hypot(*np.subtract(fit.screen(step), origin))
        assert apart == pytest.approx(fit.zoom * SPACING[axis])
    wide, high = fit.size
    assert wide == pytest.approx(size[0]) or high == pytest.approx(size[1])
    assert wide <= size[0] + 1e-6
    assert high <= size[1] + 1e-6


@PLANES
def test_the_way_to_the_screen_and_back(plane):
    fit = Fit.into(plane, SHAPE, SPACING, 400, 300)
    for voxel in ((0, 0, 0), (5, 39, 29), (2, 17, 11)):
        x, y = fit.screen(voxel)
        assert fit.place(x, y, voxel[plane.axis]) == pytest.approx(voxel)
        assert fit.voxel(x, y, voxel[plane.axis]) == voxel


def test_the_head_is_up_and_the_left_on_the_right():
    fit = Fit.into(CORONAL, SHAPE, SPACING, 400, 300)
    x, y = fit.screen((5, 0, 29))
    low_x, low_y = fit.screen((0, 0, 0))
    assert y < low_y
    assert x > low_x


def test_a_place_beside_the_picture_is_the_voxel_at_its_edge():
    fit = Fit.into(AXIAL, SHAPE, SPACING, 400, 300)
    assert fit.voxel(-500, 900, 3) == (3, 39, 0)
    assert fit.place(-500, 900, 3)[2] < 0


@PLANES
def test_a_closer_look_keeps_the_place_under_the_mouse(plane):
    look = Look()
    for x, y, factor in ((120, 90, 2.0), (300, 200, 1.5), (210, 140, 0.8)):
        before = Fit.into(plane, SHAPE, SPACING, 400, 300, look)
        look = look.nearer(factor, before, x, y)
        after = Fit.into(plane, SHAPE, SPACING, 400, 300, look)
        assert after.zoom == pytest.approx(before.zoom * factor)
        assert after.place(x, y, 2) == pytest.approx(before.place(x, y, 2))
    moved = Fit.into(plane, SHAPE, SPACING, 400, 300, look.moved(30, -20, after))
    assert moved.place(240, 130, 2) == pytest.approx(after.place(210, 150, 2))


def test_a_picture_is_never_lost():
    fit = Fit.into(AXIAL, SHAPE, SPACING, 400, 300)
    assert Look().moved(9000, -9000, fit) == Look(1.0, 0.0, 1.0)
    # away from it, the whole is back in the middle
    near = Look().nearer(4, fit, 0, 0)
    assert near.nearer(0.01, fit, 0, 0) == Look()
    assert Look().nearer(1e9, fit, 0, 0).zoom == CLOSEST
