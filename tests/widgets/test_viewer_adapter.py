"""What is used of napari beside its public API: each test fails where napari changes it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from app_model import Application
from napari.layers import Labels
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks
from qtpy.QtWidgets import QMainWindow, QSplitter, QWidget

from napari_alnt.widgets import viewer_adapter


def test_the_window_and_the_canvas_of_a_viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    window, canvas = viewer_adapter.main_window(viewer), viewer_adapter.canvas(viewer)
    assert isinstance(window, QMainWindow)
    assert isinstance(canvas, QWidget)
    assert canvas.window() is window
    area = viewer_adapter.picture_area(viewer)
    assert area is window.centralWidget()
    assert not isinstance(area, QSplitter)
    assert area.isAncestorOf(canvas)
    assert not viewer_adapter.is_taken_apart(window)
    window.hide()
    assert viewer_adapter.is_taken_apart(window)


def test_while_layers_are_exchanged_nothing_is_painted(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    image = viewer.add_image(np.zeros((4, 8, 8)))
    qtbot.wait(50)
    drawn = []
    viewer.window._qt_viewer.canvas._scene_canvas.events.draw.connect(drawn.append)
    with viewer_adapter.unpainted(viewer), viewer_adapter.unpainted(viewer):
        # from three dimensions to two and back: the slider goes and comes, the canvas is resized
        viewer.layers.remove(image)
        viewer.add_image(np.zeros((6, 9, 7)))
        qtbot.wait(50)
        assert not drawn
    qtbot.waitUntil(lambda: len(drawn) > 0)


def test_undo_and_redo_are_told_with_what_they_change():
    layer = Labels(np.zeros((3, 9, 9), np.uint8))
    told, steps = [], []
    leave = viewer_adapter.follow_history(layer, lambda *step: told.append(step))
    layer.events.paint.connect(lambda event: steps.append(event.value))
    with layer.block_history():
        layer.paint((1, 4, 4), 1)
        assert viewer_adapter.is_painting(layer)
        layer.paint((1, 4, 4), 2)
    assert not viewer_adapter.is_painting(layer)
    painted = layer.data.copy()
    layer.undo()
    assert not layer.data.any()
    layer.redo()
    np.testing.assert_array_equal(layer.data, painted)
    layer.redo()
    ((first, second),) = steps
    assert told == [(True, [second, first]), (False, [first, second]), (False, [])]
    leave()
    layer.undo()
    assert len(told) == 3


@pytest.fixture
def app(monkeypatch):
    made = Application("napari_alnt_test")
    monkeypatch.setattr(Application, "get_app", lambda name: made if name == "napari" else None)
    yield made
    Application.destroy("napari_alnt_test")


def test_a_command_stands_in_the_palette_once(app):
    done = []
    for _ in range(2):
        viewer_adapter.add_to_palette("x.y", "X: Y", "Does y", lambda: done.append("y"))
    (item,) = app.menus.get_menu(app.menus.COMMAND_PALETTE_ID)
    assert (item.command.title, item.command.tooltip) == ("X: Y", "Does y")
    app.commands.execute_command("x.y").result()
    assert done == ["y"]


def test_napari_is_the_application_that_is_asked_for():
    from napari._app_model._app import APP_NAME

    assert APP_NAME == "napari"


def test_without_napari_there_is_no_palette(monkeypatch):
    monkeypatch.setattr(Application, "get_app", lambda _: None)
    viewer_adapter.add_to_palette("x.y", "X: Y", "Does y", list)


def dragging(layer):
    """A stroke that has begun with a press of the mouse, and a move of it."""
    event = SimpleNamespace(
        type="mouse_press", button=1, position=(1, 4, 4), view_direction=None,
        dims_displayed=[1, 2], dims_point=[1, 0, 0], is_dragging=True,
    )  # fmt: skip
    layer.mode = "paint"
    mouse_press_callbacks(layer, ReadOnlyWrapper(event))
    return lambda: mouse_move_callbacks(
        layer, SimpleNamespace(**{**vars(event), "type": "mouse_move", "position": (1, 20, 20)})
    )


def test_what_was_painted_is_forgotten():
    layer = Labels(np.zeros((3, 9, 9), np.uint8))
    layer.paint((1, 4, 4), 1)
    layer.paint((1, 7, 7), 1)
    layer.undo()
    layer.data = np.zeros((3, 9, 9), np.uint8)
    viewer_adapter.forget_history(layer)
    layer.undo()
    layer.redo()
    assert not layer.data.any()


def test_a_thousand_steps_can_be_taken_back():
    layer = Labels(np.zeros((1, 4, 4), np.uint16))
    viewer_adapter.forget_history(layer)
    for label in range(1, 1002):
        layer.paint((0, 2, 2), label)
    for _ in range(1001):
        layer.undo()
    assert layer.data.max() == 1  # the first of 1,001 is the only one that stays


def test_a_locked_layer_is_painted_on_by_nobody_and_keeps_its_history():
    layer = Labels(np.zeros((3, 40, 40), np.uint8))
    layer.brush_size = 3
    layer.paint((2, 4, 4), 1)
    steps = []
    layer.events.paint.connect(steps.append)
    move = dragging(layer)
    stroke = layer.data.copy()
    assert stroke[1].any()
    unlock = viewer_adapter.lock(layer)
    assert len(steps) == 1  # the stroke has ended, and is told of
    move()
    layer.undo()
    layer.mode = "paint"
    assert (layer.mode, layer.editable) == ("pan_zoom", False)
    np.testing.assert_array_equal(layer.data, stroke)
    unlock()
    assert (layer.mode, layer.editable) == ("paint", True)
    layer.undo()
    assert not layer.data[1].any()
    layer.undo()
    assert not layer.data.any()


def test_a_layer_that_is_not_editable_stays_so():
    layer = Labels(np.zeros((3, 9, 9), np.uint8))
    layer.editable = False
    viewer_adapter.lock(layer)()
    assert not layer.editable


def test_a_slice_is_cut_once_however_much_changes(make_napari_viewer):
    viewer = make_napari_viewer()
    first = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8)
    layers = [viewer.add_image(first, contrast_limits=(0, 255)), viewer.add_labels(first.copy())]
    hidden = viewer.add_labels(first.copy(), visible=False)
    cut = []
    for layer in layers:
        layer.events.set_data.connect(lambda event: cut.append(event.source))
    other = np.arange(5 * 9 * 10, dtype=np.uint8).reshape(5, 9, 10)
    ours = (*layers, hidden)
    with viewer_adapter.sliced_once(viewer, ours), viewer_adapter.sliced_once(viewer, ours):
        for layer in ours:
            viewer_adapter.exchange_data(layer, other.copy())
            layer.scale, layer.translate = (3.0, 1.0, 2.0), (-7.0, 1.0, 1.0)
        viewer.dims.set_point(0, -7.0 + 4 * 3.0)
    assert cut == layers
    for layer in ours:
        hidden.visible = True
        np.testing.assert_array_equal(layer._slice.image.raw, other[4])
    viewer.dims.set_point(0, -7.0 + 3.0)
    np.testing.assert_array_equal(layers[0]._slice.image.raw, other[1])
    assert not any("_slice_dims" in vars(layer) for layer in ours)


def test_the_axes_follow_layers_once_however_much_changes(make_napari_viewer):
    viewer = make_napari_viewer()
    first = np.zeros((3, 8, 8), np.uint8)
    layers = [viewer.add_labels(first.copy()) for _ in range(2)]
    ranges = []
    viewer.dims.events.range.connect(lambda event: ranges.append(event.value))
    with viewer_adapter.measured_once(ReadOnlyWrapper(viewer), layers):
        for layer in layers:
            viewer_adapter.exchange_data(layer, np.zeros((5, 9, 10), np.uint8))
            layer.scale, layer.translate = (3.0, 1.0, 2.0), (-7.0, 1.0, 1.0)
        assert ranges == []
    assert len(ranges) == 1
    assert tuple(viewer.dims.range[0]) == (-7.0, 5.0, 3.0)
    layers[0].translate = layers[1].translate = (0.0, 0.0, 0.0)
    assert tuple(viewer.dims.range[0]) == (0.0, 12.0, 3.0)
