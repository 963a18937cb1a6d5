"""What is used of napari for the strip and the planes: fails where napari changes it."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtWidgets import QWidget
from vispy.visuals import ImageVisual

from napari_alnt.correction import Edit
from napari_alnt.errors import AlntError
from napari_alnt.widgets.planes import planes_adapter


def test_a_widget_stands_between_the_canvas_and_the_sliders(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    layer = viewer.add_labels(np.zeros((5, 9, 9), np.uint8))
    widget = QWidget()
    widget.setFixedHeight(20)
    leave = planes_adapter.put_below_canvas(viewer, widget)
    qtbot.waitUntil(widget.isVisible)
    qtbot.wait(20)
    canvas, dims = viewer.window._qt_viewer.canvas.native, viewer.window._qt_viewer.dims
    assert canvas.geometry().bottom() < widget.y()
    assert widget.geometry().bottom() < dims.y()
    assert (widget.x(), widget.width()) == (dims.x(), dims.width())
    left, right = planes_adapter.slider_span(viewer)
    slider = dims.slider_widgets[0].slider
    # between the arrows of the scroll bar
    whole = slider.mapTo(dims, slider.rect().topLeft()).x()
    assert 0 < whole < left < right < whole + slider.width()
    assert right - left > 0.8 * slider.width()
    assert isinstance(planes_adapter.flat_node(viewer, layer), ImageVisual)
    viewer.dims.ndisplay = 3
    assert planes_adapter.slider_span(viewer) == (0, dims.width())
    viewer.dims.ndisplay = 2
    leave()
    qtbot.wait(20)
    assert canvas.geometry().bottom() + 30 > dims.y()

    # widgets around the canvas, and lines on it
    right, below = QWidget(), QWidget()
    whole = canvas.size()
    leave = planes_adapter.surround_canvas(viewer, right, below)
    qtbot.waitUntil(right.isVisible)
    planes_adapter.share_column(viewer)
    qtbot.wait(20)
    assert abs(right.width() - canvas.width()) < 0.2 * whole.width()
    assert abs(below.height() - canvas.height()) < 0.3 * whole.height()
    lines = planes_adapter.CrosshairLines(viewer, "#ff0000")
    assert not is_red(viewer).any()
    lines.move((4.0, 4.0), np.zeros(2), np.full(2, 8.0), 1.0)
    red = is_red(viewer)
    assert red.any(axis=0).sum() > 20
    assert red.any(axis=1).sum() > 20
    lines.hide()
    assert not is_red(viewer).any()
    lines.remove()
    leave()
    qtbot.waitUntil(lambda: canvas.size() == whole)


def is_red(viewer):
    shown = viewer.screenshot(canvas_only=True, flash=False).astype(int)
    return shown[..., 0] > shown[..., 1] + 60


def test_a_mask_is_put_as_one_step_that_can_be_undone():
    rng = np.random.default_rng(0)
    before = rng.integers(0, 4, (5, 9, 8)).astype(np.uint8)
    after = before.copy()
    after[1:3] = rng.integers(0, 4, (2, 9, 8))
    after[4, 3, 3] = (after[4, 3, 3] + 1) % 4  # one voxel, and most of two slices before
    layer = Labels(before.copy())
    data, steps = layer.data, []
    layer.events.paint.connect(lambda event: steps.append(event.value))
    layer.paint((0, 4, 4), 2)
    painted = layer.data.copy()
    after[0] = painted[0]
    planes_adapter.put_mask(layer, after.astype(np.int64))
    assert layer.data is data
    np.testing.assert_array_equal(data, after)
    assert [part.slice_key[0] for part in steps[1]] == [slice(z, z + 1) for z in (1, 2, 4)]
    assert [part.mask is None for part in steps[1]] == [True, True, False]
    layer.undo()
    np.testing.assert_array_equal(data, painted)
    layer.redo()
    np.testing.assert_array_equal(data, after)
    planes_adapter.put_mask(layer, after)  # nothing to do, and no step of it
    assert len(steps) == 2
    layer.undo()
    layer.undo()
    np.testing.assert_array_equal(data, before)


def test_a_change_is_made_as_one_step_that_can_be_undone():
    rng = np.random.default_rng(1)
    before = rng.integers(0, 4, (4, 6, 5)).astype(np.uint8)
    layer = Labels(before.copy())
    steps = []
    layer.events.paint.connect(lambda event: steps.append(event.value))
    box = (slice(1, 3), slice(2, 6), slice(0, 4))
    edit = Edit.of(before, box, np.full((2, 4, 4), 3, np.uint8))
    planes_adapter.put_edit(layer, edit)
    after = before.copy()
    after[box] = 3
    np.testing.assert_array_equal(layer.data, after)
    assert len(steps) == 1
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    layer.redo()
    np.testing.assert_array_equal(layer.data, after)
    with pytest.raises(AlntError, match="changed since"):
        planes_adapter.put_edit(layer, edit)  # the mask is another one by now
    planes_adapter.put_edit(layer, Edit.nothing(after))
    assert len(steps) == 1


def test_napari_looks_for_no_outlines_that_are_not_seen(make_napari_viewer):
    mask = np.zeros((2, 8, 8), np.uint8)
    mask[:, 2:6, 2:6] = 1
    layer = make_napari_viewer().add_labels(mask)
    layer.contour = 1

    def middle():
        return layer._slice.image.view[4, 4] != layer._slice.image.view[0, 0]

    assert not middle()
    planes_adapter._leave_out_contour(layer, True)
    layer.refresh()
    assert middle()
    assert layer.contour == 1  # the user's choice
    planes_adapter._leave_out_contour(layer, False)
    assert not middle()
    planes_adapter._leave_out_contour(layer, False)
