"""Strokes in a slice of any plane."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.widgets.planes.plane import AXIAL, CORONAL, SAGITTAL
from napari_alnt.widgets.planes.plane_brush import PlaneStroke

SHAPE, SPACING = (12, 40, 30), (4.0, 1.0, 2.0)


def painted(stroke):
    mask = np.zeros(SHAPE, bool)
    mask[stroke.indices()] = True
    return mask


def distances(ends):
    """How far each voxel lies from a line between two voxels, in mm, tried at many points of it."""
    start, end = (np.array(at, float) * SPACING for at in ends)
    places = np.stack(np.indices(SHAPE), -1) * np.array(SPACING)
    along = [start + part * (end - start) for part in np.linspace(0, 1, 101)]
    return np.min([np.linalg.norm(places - at, axis=-1) for at in along], axis=0)


@pytest.mark.parametrize(
    ("plane", "ends"),
    [
        (AXIAL, [(3, 10, 10), (3, 30, 20)]),
        (CORONAL, [(3, 10, 10), (9, 10, 20)]),
        (SAGITTAL, [(3, 10, 15), (3, 10, 15)]),
    ],
    ids=lambda given: getattr(given, "name", ""),
)
def test_a_stroke_covers_what_is_near_its_line(plane, ends):
    stroke = PlaneStroke(plane, ends[0][plane.axis], SHAPE, SPACING, 9.0)
    for place in ends:
        stroke.move(place)
    mask, away = painted(stroke), distances(ends)
    inside = np.zeros(SHAPE, bool)
    inside[(slice(None),) * plane.axis + (ends[0][plane.axis],)] = True
    assert mask[inside & (away <= 4.4)].all()
    assert not mask[(away > 4.6) | ~inside].any()


def test_a_fine_brush_covers_the_voxel_it_is_in():
    stroke = PlaneStroke(CORONAL, 10, SHAPE, SPACING, 0.1)
    stroke.move((3.3, 10, 10.4))
    assert np.argwhere(painted(stroke)).tolist() == [[3, 10, 10]]


def test_outside_the_volume_nothing_is_covered():
    stroke = PlaneStroke(AXIAL, 3, SHAPE, SPACING, 6.0)
    stroke.move((3, -50, -50))
    assert not stroke.covered.any()
    stroke.move((3, -50, 90))
    stroke.move((3, 200, 90))
    assert not stroke.covered.any()
    stroke.move((3, 39, 29))
    assert painted(stroke)[3, 39, 29]
