"""What the gestures do to the picture of a case, and what is said of it, without a window."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_alnt.data import Grid, Volume
from napari_alnt.widgets.picture.case_picture import CasePicture
from napari_alnt.widgets.picture.window_level import WindowLevel

SHAPE, SPACING, SIZE = (5, 6, 7), (3.0, 2.0, 1.5), (400, 300)


class Canvas:
    """A canvas without a screen, with napari's own camera."""

    view = None

    def __init__(self):
        self.viewer = ViewerModel()

    def _map_canvas2world(self, pixel, _):
        camera, dims = self.viewer.scene.camera, self.viewer.dims
        world = list(dims.point)
        for axis, at, centre, size in zip(
            dims.displayed, pixel[::-1], camera.center[-2:], SIZE[::-1], strict=True
        ):
            world[axis] = centre + (at - size / 2) / camera.zoom
        return tuple(world)


class Case:
    """A case in a viewer, and its picture."""

    def __init__(self, axes="LPS", own="lung"):
        self.canvas = Canvas()
        self.viewer = self.canvas.viewer
        grid = Grid.new(SHAPE, SPACING, axes=axes, origin=(10.0, -4.0, -1.0))
        voxels = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE) - 100
        self.image = Volume(voxels, grid)
        self.viewer.add_image(voxels, **self.image.layer_kwargs())
        self.layers = SimpleNamespace(opened=SimpleNamespace(image=self.image), case="chest_02")
        self.window = WindowLevel(own, None, lambda _: None)
        self.picture = CasePicture(self.canvas, self.layers, self.window)
        self.look(0, 2)

    def look(self, axis, index):
        """Show a slice of an axis."""
        others = [other for other in range(3) if other != axis]
        self.viewer.dims.order = (axis, *others)
        self.viewer.dims.set_point(axis, self.image.translate[axis] + index * SPACING[axis])

    def point_at(self, voxel):
        self.viewer.cursor.position = tuple(
            self.image.translate[axis] + voxel[axis] * SPACING[axis] for axis in range(3)
        )

    def index(self, axis):
        return round((self.viewer.dims.point[axis] - self.image.translate[axis]) / SPACING[axis])


@pytest.fixture
def case():
    return Case()


@pytest.mark.parametrize(("axis", "up"), [(0, 1), (1, -1), (2, -1)])
def test_the_wheel_up_goes_to_the_head_the_front_and_the_right(case, axis, up):
    case.look(axis, 2)
    assert case.picture.step(1)
    assert case.index(axis) == 2 + up
    case.picture.step(-2)
    assert case.index(axis) == 2 - up
    for end, far in ((1, 99), (-1, -99)):
        case.picture.step(far)
        assert case.index(axis) == (SHAPE[axis] - 1 if end == up else 0)


def test_a_slice_is_one_of_the_case_whatever_else_is_shown(case):
    case.viewer.add_image(np.zeros((2, 90, 8, 8)), scale=(1, 0.1, 1, 1))
    case.viewer.dims.set_point(1, case.image.translate[0] + 6.1)
    case.picture.step(1)
    assert case.viewer.dims.point[1] == pytest.approx(case.image.translate[0] + 9)
    assert "slice 4 of 5" in case.picture.slice_text()
    case.layers.opened = None
    case.viewer.dims.set_current_step(1, 30)
    assert case.picture.step(2)
    assert case.viewer.dims.current_step[1] == 32


def test_a_volume_has_no_slices_to_go_through(case):
    case.viewer.dims.ndisplay = 3
    assert not case.picture.step(1)
    assert case.picture.slice_text() == "chest_02"
    assert case.picture.cursor_text() == ""
    assert not any(case.picture.edges().values())


def test_zooming_keeps_what_is_under_the_cursor(case):
    before = case.canvas._map_canvas2world((120, 40), None)
    zoom = case.viewer.scene.camera.zoom
    case.picture.zoom(120, 40, 1.5)
    assert case.viewer.scene.camera.zoom == pytest.approx(1.5 * zoom)
    assert case.canvas._map_canvas2world((120, 40), None) == pytest.approx(before)
    for factor in (1e-9, 1e9):
        case.picture.zoom(120, 40, factor)
        assert 0 < case.viewer.scene.camera.zoom < 1e4


def test_moving_takes_what_is_under_the_cursor_along(case):
    before = case.canvas._map_canvas2world((120, 40), None)
    case.picture.move(120, 40, 150, 90)
    assert case.canvas._map_canvas2world((150, 90), None) == pytest.approx(before)


def test_a_drag_changes_the_window_only_where_a_case_is_open(case):
    case.picture.window(0, 0)
    case.picture.window(300, 0)
    assert case.window.limits == (-2100, 900)
    case.picture.end_window()
    assert not case.window.dragged
    case.layers.opened = None
    case.picture.window(0, 0)
    case.picture.window(90, 0)
    assert case.window.limits == (-2100, 900)


def test_the_slice_is_said_with_its_place(case):
    assert case.picture.slice_text() == "chest_02\nslice 3 of 5\n5.0 mm"
    case.look(1, 5)
    assert case.picture.slice_text() == "chest_02\nslice 6 of 6\n−14.0 mm"
    case.look(2, 0)
    assert case.picture.slice_text() == "chest_02\nslice 1 of 7\n10.0 mm"
    case.viewer.dims.order = (2, 1, 0)
    assert "slice 1 of 7" in case.picture.slice_text()


def test_value_and_place_under_the_cursor_are_the_image_s(case):
    case.viewer.add_labels(np.ones(SHAPE, int))  # whichever layer is active
    case.point_at((0, 1, 3))
    case.look(0, 2)  # the slices go by under a cursor that stands still
    value = case.image.voxels[2, 1, 3]
    assert case.picture.cursor_text() == f"{value} HU\nR 5.5  P 6.0  S 5.0 mm".replace("-", "−")
    for outside in ((0, -1, 3), (0, 1, 7)):
        case.point_at(outside)
        assert case.picture.cursor_text() == ""
    case.window.own = "percentile"
    case.point_at((0, 5, 6))
    assert case.picture.cursor_text().startswith("intensity ")


@pytest.mark.parametrize("axes", ["LPS", "RAS", "SRA", "PIR"])
def test_letters_are_those_of_the_shown_plane(axes):
    case = Case(axes)
    assert list(case.picture.edges().values()) == ["R", "L", "A", "P"]
    case.look(1, 3)
    assert list(case.picture.edges().values()) == ["R", "L", "I", "S"]
    case.viewer.scene.camera.orientation = ("away", "up", "right")
    assert list(case.picture.edges().values()) == ["R", "L", "S", "I"]
    case.look(2, 3)
    case.viewer.scene.camera.orientation = ("away", "up", "left")
    assert list(case.picture.edges().values()) == ["P", "A", "S", "I"]


def test_without_a_case_nothing_is_said(case):
    case.layers.opened = None
    assert case.picture.slice_text() == case.picture.cursor_text() == ""
    assert not any(case.picture.edges().values())


def test_a_right_click_is_a_polygon_s(case):
    assert not case.picture.takes_right_clicks()
    layer = case.viewer.add_labels(np.ones(SHAPE, int))
    layer.mode = "paint"
    assert not case.picture.takes_right_clicks()
    layer.mode = "polygon"
    assert case.picture.takes_right_clicks()


def test_no_layer_goes_on_with_an_encircling_stroke(case):
    layer = case.viewer.add_labels(np.zeros(SHAPE, int))
    layer.mode = "paint"
    layer._begin_stroke()
    layer._overlays["brush_stroke"].active = True
    layer.paint((2, 3, 3), 1)
    case.picture.end_strokes()
    assert not layer._overlays["brush_stroke"].active
    layer.undo()
    assert not layer.data.any()
