"""A slice as Qt draws it, at any size and zoom."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPainter

from napari_alnt.widgets.planes.plane import AXIAL, CORONAL, WHOLE, Fit
from napari_alnt.widgets.planes.plane_picture import Drawn, Tint
from napari_alnt.widgets.planes.plane_sheet import WIDTH, Scene, Sheet

SHAPE, SPACING = (6, 20, 20), (5.0, 1.0, 1.0)
RED = (255, 0, 0, 255)


def mask(value=1):
    made = np.zeros(SHAPE, np.uint8)
    made[2, 5:15, 5:15] = value
    return made


def shown(*drawn, plane=AXIAL, index=2, look=WHOLE, size=(200, 200), **more):
    """Red, green and blue of the picture, (height, width, 3)."""
    scene = Scene(np.zeros(SHAPE, np.int16), SPACING, (0, 1), list(drawn), **more)
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    Sheet(scene, plane, index).draw(painter, Fit.into(plane, SHAPE, SPACING, *size, look))
    painter.end()
    pixels = [[image.pixel(x, y) for x in range(size[0])] for y in range(size[1])]
    values = np.array(pixels, np.int64)
    return np.stack([(values >> by) & 255 for by in (16, 8, 0)], axis=-1)


def box(picture):
    rows, columns = np.nonzero(picture.any(-1))
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_a_filled_mask_lies_where_its_voxels_are():
    assert box(shown(Drawn(mask(), {1: RED}))) == (50, 149, 50, 149)
    # 300 by 200 pixels in the middle, slice 2 of 6 with the head up
    side = shown(Drawn(mask(), {1: RED}), plane=CORONAL, index=10, size=(220, 320))
    assert np.allclose(box(side), (160, 213, 57, 163), atol=1)


def test_unknown_is_hatched_and_the_ground_seen_between():
    picture = shown(Drawn(mask(255), {1: RED}))
    assert np.allclose(box(picture), (50, 149, 50, 149), atol=12)
    inside = picture[50:150, 50:150].max(-1)
    assert 0.7 < (inside == 0).mean() < 0.95
    assert inside.max() > 150
    assert not shown(Drawn(mask(255), {1: RED}, "solid")).any()


@pytest.mark.parametrize("zoom", [1.0, 4.0])
def test_an_outline_is_thin_and_smooth_at_every_zoom(zoom):
    look = WHOLE.nearer(zoom, Fit.into(AXIAL, SHAPE, SPACING, 200, 200), 50, 100)
    picture = shown(Drawn(mask(), {1: RED}, "solid"), look=look)[..., 0]
    # a line down through the place that stays where it is
    across = picture[100, 20:80].sum() / 255
    assert across == pytest.approx(WIDTH, abs=0.4)
    assert not picture[100, 60:80].any()


def test_styles_can_be_told_apart():
    full = (shown(Drawn(mask(), {1: RED}, "solid"))[..., 0] > 90).sum()
    dashed, dotted = (
        shown(Drawn(mask(), {1: RED}, style))[..., 0] > 90 for style in ("dashed", "dotted")
    )
    assert 0.4 < dashed.sum() / full < 0.75
    assert 0.2 < dotted.sum() / full < 0.75
    # more and shorter pieces
    count = [
        np.count_nonzero(np.diff(one[48:53].any(0).astype(int)) > 0) for one in (dashed, dotted)
    ]
    assert count[1] > 1.5 * count[0]


def test_a_tint_lies_below_the_masks_and_voxels_can_be_squares():
    table = np.array([(0, 255, 0, 255)] * 2, np.uint8)
    tint = Tint(np.ones(SHAPE, np.float32), (-1, 1), table)
    picture = shown(Drawn(mask(), {1: RED}), tints=[tint], smooth=False)
    assert tuple(picture[20, 20]) == (0, 255, 0)
    assert tuple(picture[100, 100]) == (255, 0, 0)


def test_a_slice_is_named_with_its_place_in_mm():
    scene = Scene(np.zeros(SHAPE, np.int16), SPACING, (0, 1))
    assert scene.words(CORONAL, 3) == "coronal\nslice 4 of 20"
    lps = np.diag([-1.0, -1.0, 5.0, 1.0])
    placed = Scene(np.zeros(SHAPE, np.int16), SPACING, (0, 1), affine=lps)
    assert placed.words(CORONAL, 3) == "coronal\nslice 4 of 20\n−3.0 mm"
    assert placed.words(AXIAL, 2) == "axial\nslice 3 of 6\n10.0 mm"
