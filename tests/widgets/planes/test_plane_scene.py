"""The open case as the planes show it, and strokes that become part of its mask."""

from __future__ import annotations

import numpy as np
import pytest
from cases_shown import bare_layers, opened

from napari_alnt.widgets.case.prediction import Prediction
from napari_alnt.widgets.picture.compared import Compared
from napari_alnt.widgets.planes.plane import CORONAL
from napari_alnt.widgets.planes.plane_brush import PlaneStroke
from napari_alnt.widgets.planes.plane_scene import brush_of, colours_of, paint, scene_of


@pytest.fixture
def layers(monkeypatch):
    return bare_layers(monkeypatch)


@pytest.fixture
def shown(layers):
    layers.show(opened(), "lung")
    return layers


def stroke(layers):
    made = PlaneStroke(CORONAL, 5, layers.mask.shape, (3.0, 2.0, 2.0), 8.0)
    made.move((1, 5, 10))
    made.move((4, 5, 30))
    return made


def test_the_planes_show_the_masks_that_the_canvas_shows(shown):
    scene = scene_of(shown)
    assert [one.style for one in scene.drawn] == ["fill", "solid"]
    assert scene.voxels is shown.opened.image.voxels
    assert scene.limits == tuple(shown.kept.get("image").contrast_limits)
    # painted on in place
    assert np.shares_memory(scene.drawn[0].mask, shown.mask)
    mask = np.zeros_like(shown.mask)
    shown.add_prediction(Prediction(mask, mask.astype(np.float32), 0))
    shown.kept.get("teacher").visible = False
    assert [one.style for one in scene_of(shown).drawn] == ["fill", "dashed"]
    shown.show(opened(teacher=None), "lung")
    assert [one.style for one in scene_of(shown).drawn] == ["fill"]


def test_versions_that_are_compared_lie_on_top(shown):
    compared = Compared(shown.viewer, shown)
    compared.show(1, shown.mask.copy())
    compared.show(2, shown.mask.copy())
    compared.layers[1].visible = False
    drawn = scene_of(shown, compared.layers.values()).drawn
    assert [one.style for one in drawn] == ["fill", "solid", "dotted"]
    assert len(set(drawn[-1].colours.values())) == 1


def test_the_planes_smooth_as_the_canvas_does(shown):
    assert scene_of(shown).smooth
    shown.kept.get("image").interpolation2d = "nearest"
    assert not scene_of(shown).smooth


def test_without_a_case_there_is_nothing(layers):
    assert scene_of(layers) is None
    assert brush_of(layers) is None


def test_the_students_colours_are_paler(shown):
    full, light = colours_of(shown, 0.4), colours_of(shown, role="student")
    for value, colour in full.items():
        assert colour[3] == 102
        assert sum(light[value][:3]) > sum(colour[:3])


def test_a_stroke_is_one_step_of_the_mask(shown):
    layer, steps = shown.correction, []
    layer.events.paint.connect(steps.append)
    shown.activate()
    layer.selected_label = 3
    before = shown.mask.copy()
    made = stroke(shown)
    paint(shown, made)
    assert len(steps) == 1
    expected = before.copy()
    expected[made.indices()] = 3
    np.testing.assert_array_equal(shown.mask, expected)
    assert (expected != before).sum() > 10
    layer.undo()
    np.testing.assert_array_equal(shown.mask, before)
    layer.redo()
    layer.mode = "erase"
    paint(shown, made)
    assert not shown.mask[made.indices()].any()


@pytest.mark.parametrize("value", [3, 0])
def test_labels_are_preserved_as_on_the_canvas(shown, value):
    shown.activate()
    layer = shown.correction
    made = stroke(shown)
    z, y, x = made.indices()
    layer.data[z[::2], y[::2], x[::2]] = 1
    layer.preserve_labels, layer.selected_label = True, 3
    layer.mode = "paint" if value else "erase"
    paint(shown, made)
    assert (shown.mask[z[::2], y[::2], x[::2]] == 1).all()
    assert (shown.mask[z[1::2], y[1::2], x[1::2]] == value).all()


@pytest.mark.parametrize("how", ["mode", "editable", "visible", "active", "deleted"])
def test_nothing_is_painted_where_the_canvas_paints_nothing(shown, how):
    shown.activate()
    layer, before = shown.correction, shown.mask.copy()
    assert brush_of(shown) is not None
    if how == "mode":
        layer.mode = "pan_zoom"
    elif how == "active":
        shown.viewer.add_points(np.zeros((1, 3)))
    elif how == "deleted":
        shown.viewer.layers.remove(layer)
    else:
        setattr(layer, how, False)
    assert brush_of(shown) is None
    paint(shown, stroke(shown))
    np.testing.assert_array_equal(layer.data, before)


def test_the_brush_has_the_size_and_colour_of_the_layers(shown):
    shown.activate()
    layer = shown.correction
    layer.brush_size = 7
    brush = brush_of(shown)
    assert brush.width == pytest.approx(14.0)
    assert brush.colour == shown.colours[layer.selected_label]
