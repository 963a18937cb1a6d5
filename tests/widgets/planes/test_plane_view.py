"""A slice in another plane: crosshair, wheel, and strokes with the mouse."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from napari_alnt.widgets.picture.corner_text import Spot
from napari_alnt.widgets.planes.plane import CORONAL
from napari_alnt.widgets.planes.plane_picture import Drawn
from napari_alnt.widgets.planes.plane_sheet import Scene
from napari_alnt.widgets.planes.plane_view import Brush, PlaneView

SHAPE, SPACING = (12, 40, 30), (4.0, 1.0, 2.0)


@pytest.fixture
def view(qtbot):
    """The coronal plane through voxel (3, 20, 15)."""
    widget = PlaneView(CORONAL, lambda: widget.brush)
    qtbot.addWidget(widget)
    widget.brush, widget.went, widget.strokes = None, [], []
    widget.resize(300, 240)
    widget.mask = np.zeros(SHAPE, np.uint8)
    voxels = np.full(SHAPE, 500, np.int16)
    drawn = [Drawn(widget.mask, {1: (255, 0, 0, 255)})]
    widget.set_scene(Scene(voxels, SPACING, (0, 1000), drawn))
    widget.set_voxel((3, 20, 15))
    widget.pointed.connect(widget.went.append)
    widget.pointed.connect(widget.set_voxel)
    widget.painted.connect(widget.strokes.append)
    widget.show()
    return widget


def at(view, voxel):
    return QPoint(*(int(part) for part in view.fit.screen(voxel)))


def drag(view, qtbot, voxels, modifier=Qt.KeyboardModifier.NoModifier):
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(view, left, modifier, at(view, voxels[0]))
    for voxel in voxels[1:]:
        qtbot.mouseMove(view, at(view, voxel))
        qtbot.wait(5)
    qtbot.mouseRelease(view, left, modifier, at(view, voxels[-1]))


def test_a_click_moves_the_crosshair_where_nothing_can_be_painted(view, qtbot):
    drag(view, qtbot, [(7, 20, 5), (9, 20, 25)])
    assert view.went[0] == (7, 20, 5)
    assert view.went[-1] == (9, 20, 25)
    assert not view.strokes


def test_steps_go_through_the_slices_and_not_beyond(view):
    view.step(1)
    assert view.went == [(3, 19, 15)]
    view.step(-100)
    assert view.went[-1] == (3, 39, 15)
    assert "slice 40 of 40" in view.words.texts[Spot.TOP_LEFT]


def test_a_drag_paints_one_stroke_and_shift_moves_the_crosshair(view, qtbot):
    view.brush = Brush(6.0, "#00ff00")
    drag(view, qtbot, [(3, 20, 5), (3, 20, 25)])
    (stroke,) = view.strokes
    assert stroke.covered[3, 5:26].all()
    assert not view.went
    drag(view, qtbot, [(7, 20, 5)], Qt.KeyboardModifier.ShiftModifier)
    assert view.went == [(7, 20, 5)]
    assert len(view.strokes) == 1


def test_no_other_button_and_no_move_without_one_paints(view, qtbot):
    view.brush = Brush(6.0, "#00ff00")
    for button in (Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton):
        qtbot.mousePress(view, button, pos=at(view, (3, 20, 5)))
        qtbot.mouseMove(view, at(view, (3, 20, 25)))
        qtbot.mouseRelease(view, button, pos=at(view, (3, 20, 25)))
    for column in range(30):
        qtbot.mouseMove(view, at(view, (5, 20, column)))
    qtbot.wait(10)
    assert not view.strokes
    assert not view.went


def test_a_stroke_is_given_up_where_the_slice_changes_below_it(view, qtbot):
    view.brush = Brush(6.0, "#00ff00")
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=at(view, (3, 20, 5)))
    view.set_voxel((3, 25, 15))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at(view, (3, 20, 5)))
    assert not view.strokes


def test_what_is_painted_on_is_drawn_again(view):
    place = at(view, (9, 20, 5))

    def red():
        image = view.grab().toImage()
        return image.pixelColor(place.x(), place.y()).red()

    assert red() == 127
    view.mask[9, 20, 5] = 1
    assert red() == 127
    view.masks_changed()
    assert red() == 255
    view.mask[9, 20, 5] = 0
    view.masks_changed()
    # another window leaves the masks as they are drawn
    view.set_limits((0, 500))
    assert red() == 255
    view.set_limits((500, 1000))
    assert red() == 0
    view.set_limits((0, 1000))
    view.set_scene(None)
    assert red() == 0
