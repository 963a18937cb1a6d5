"""What is used of the canvas beside the public API: each test fails where napari changes it."""

from __future__ import annotations

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget

from napari_alnt.widgets.picture import canvas_adapter

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def viewer(make_napari_viewer, qtbot):
    made = make_napari_viewer(show=True)
    made.add_labels(np.zeros((3, 40, 40), np.uint8), name="other")
    made.add_labels(np.zeros((3, 40, 40), np.uint8), name="mask")
    made.layers["mask"].mode = "paint"
    qtbot.wait(50)
    return made


def move_about(native: QWidget) -> None:
    """Some moves with no button held."""
    middle = native.rect().center()
    for number in range(1, 6):
        QTest.qWait(15)  # of moves that follow each other closer, some are passed over
        here = QPointF(middle + QPoint(20 * number, 8 * number))
        screen = QPointF(native.mapToGlobal(here.toPoint()))
        none, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        move = QMouseEvent(QEvent.Type.MouseMove, here, screen, none, none, keys)
        QCoreApplication.sendEvent(native, move)


def test_a_drag_and_an_encircling_stroke_end_and_can_be_undone(viewer, qtbot):
    canvas = canvas_adapter.canvas(viewer)
    native, mask = canvas.native, viewer.layers["mask"]
    assert isinstance(native, QWidget)
    middle = native.rect().center()
    place = canvas_adapter.shown_place(canvas, middle.x(), middle.y())
    assert place == pytest.approx(viewer.scene.camera.center[-2:], abs=0.5)

    # the release goes to another layer, and the stroke would go on in the first one
    qtbot.mousePress(native, LEFT, pos=middle)
    viewer.layers.selection.active = viewer.layers["other"]
    qtbot.mouseRelease(native, LEFT, pos=middle)
    viewer.layers.selection.active = mask
    assert mask._mouse_drag_gen
    canvas_adapter.end_strokes(viewer)
    assert not mask._mouse_drag_gen
    assert not mask._block_history
    painted = mask.data.copy()
    assert painted.any()
    move_about(native)
    qtbot.wait(20)
    np.testing.assert_array_equal(mask.data, painted)
    mask.undo()
    assert not mask.data.any()

    # napari's encircling stroke, which is begun with the right button and goes on without one
    qtbot.mousePress(native, RIGHT, pos=middle)
    qtbot.mouseRelease(native, RIGHT, pos=middle)
    begun = np.count_nonzero(mask.data)
    move_about(native)
    qtbot.waitUntil(lambda: np.count_nonzero(mask.data) > begun)
    for layer in viewer.layers:
        canvas_adapter.end_encircling(layer)
    painted = mask.data.copy()
    move_about(native)
    qtbot.wait(20)
    np.testing.assert_array_equal(mask.data, painted)
    mask.undo()
    assert not mask.data.any()

    # the canvas asks for units before it draws a layer that is being added, and says nothing then
    for layer in viewer.layers:
        layer.units = ("mm",) * 3
    seen, said = [], []
    leave = canvas_adapter.before_units(canvas, lambda: seen.append(fit_units(viewer)))
    notification_manager.notification_ready.connect(said.append)
    viewer.add_image(np.zeros((3, 40, 40)), name="without")
    viewer.screenshot(canvas_only=True, flash=False)
    notification_manager.notification_ready.disconnect(said.append)
    assert "without" in seen[0]
    assert not said
    leave()
    count = len(seen)
    viewer.layers.remove("without")
    viewer.screenshot(canvas_only=True, flash=False)
    assert len(seen) == count


def fit_units(viewer):
    """Give all layers mm; their names."""
    for layer in viewer.layers:
        layer.units = ("mm",) * 3
    return [layer.name for layer in viewer.layers]
