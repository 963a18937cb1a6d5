"""Shapes have the size in mm that they are drawn with, whatever the voxels."""

import numpy as np
import pytest

from napari_alnt.simulation.anatomy.space import Space, bar, ellipsoid, paint, ring


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (5.0, 2.0, 2.5)])
@pytest.mark.parametrize("axes", [((1, 0, 0), (0, 1, 0)), ((0.6, 0.8, 0), (-0.8, 0.6, 0))])
def test_an_ellipsoid_has_its_volume(spacing, axes):
    space = Space.new(tuple(int(90 / mm) for mm in spacing), spacing)
    box, depth = ellipsoid(space, (4.0, -3.0, 2.0), (30.0, 20.0, 25.0), axes)
    cover = np.zeros(space.shape)
    cover[box] = space.cover(depth)
    volume = cover.sum() * np.prod(spacing)
    assert volume == pytest.approx(4 / 3 * np.pi * 30 * 20 * 25, rel=0.05)
    places = np.argwhere(cover > 0.5) @ np.diag(spacing)
    middle = places.mean(0) - (np.array(space.shape) - 1) / 2 * spacing
    np.testing.assert_allclose(middle, (2, -3, 4), atol=0.8)


def test_a_larger_patient_has_smaller_steps():
    space = Space.new((10, 11, 12), (3.0, 3.0, 3.0), (1.0, 1.0, 1.5))
    assert space.shape == (10, 11, 12)
    assert space.step == (3.0, 3.0, 2.0)
    assert space.x[0] == pytest.approx(-11.0)
    assert abs(float(space.y.sum())) < 1e-4


def test_a_box_holds_what_lies_between_its_corners_and_may_be_empty():
    space = Space.new((20, 20, 20), (2.0, 2.0, 2.0))
    box = space.box((-3.0, -5.0, 0.0), (3.0, 5.0, 9.0))
    part = space.part(box)
    assert part.x.min() <= -3
    assert part.x.max() >= 3
    assert part.z.max() >= 9
    assert part.shape < space.shape
    outside = space.part(space.box((100.0, 0.0, 0.0), (120.0, 5.0, 5.0)))
    assert outside.shape[2] == 0


def test_half_of_a_voxel_is_covered_at_a_surface_and_paint_mixes():
    space = Space.new((4, 4, 4), (3.0, 3.0, 3.0))
    np.testing.assert_allclose(space.cover(np.array([-5.0, 0.0, 5.0])), (0, 0.5, 1))
    hu = np.array([-1000.0, -1000.0, -1000.0], np.float32)
    paint(hu, np.array([0, 0.5, 1]), 40.0)
    np.testing.assert_allclose(hu, (-1000, -480, 40))


def test_a_ring_of_power_two_is_an_ellipse_and_changes_from_level_to_level():
    space = Space.new((3, 101, 101), (10.0, 1.0, 1.0))
    wide = space.along((-10, 20), (10, 40))
    np.testing.assert_allclose(wide.ravel(), (20, 30, 40))
    depth = ring(space, wide, space.along((0, -25)), space.along((0, 15)), 2)
    areas = (depth > 0).sum((1, 2))
    np.testing.assert_allclose(areas, np.pi * 20 * np.array([20, 30, 40]), rtol=0.02)
    assert depth[1, 50 - 25 + 1, 50] > 0 > depth[1, 50 - 25 - 1, 50]


def test_a_bar_has_its_thickness_and_round_ends():
    space = Space.new((2, 61, 61), (1.0, 1.0, 1.0))
    depth = bar(space, (-10.0, 0.0), (10.0, 0.0), 3.0)
    assert depth[0, 30, 30] == 3
    assert depth[0, 33, 30] == 0
    assert depth[0, 30, 30 + 13] == 0
