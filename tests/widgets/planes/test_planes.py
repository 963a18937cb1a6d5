"""One plane or three in the window, joined by a crosshair, and painted in."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QPoint, Qt

from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.planes.plane import AXIAL, CORONAL, SAGITTAL


def test_the_planes_of_a_case(window, balls):
    window.dock.open_project(balls.folder)
    window.open_row(0)
    planes, bar = window.loop.slices.planes, window.loop.slices
    canvas, alone = window.canvas, window.canvas.size()
    assert not planes.panes  # made when first asked for
    window.loop.act(ACTIONS["planes"])
    views = [pane.view for pane in planes.panes]
    window.until(lambda: all(view.isVisible() for view in [*views, planes.mask.view]))
    window.until(lambda: canvas.height() < 0.6 * alone.height())

    def unlike(view):
        size = (view.width(), view.height())
        return np.abs(np.log(np.divide(size, (canvas.width(), canvas.height())))).max()

    # the slider takes some of the canvas's height
    window.until(lambda: max(map(unlike, views)) < 0.45)
    assert [view.plane for view in views] == [CORONAL, SAGITTAL]

    def at(view, voxel):
        return QPoint(*(int(part) for part in view.fit.screen(voxel)))

    # the crosshair is one place in all of them
    view, left = views[0], Qt.MouseButton.LeftButton
    middle = planes.main.voxel
    there = (18, middle[1], 5)
    window.qtbot.mouseClick(view, left, Qt.KeyboardModifier.ShiftModifier, at(view, there))
    assert planes.main.voxel == there
    assert bar.slice == bar.strip.shown == 18
    assert views[1]._voxel == there

    # a stroke in one plane is one step of the mask, seen at once in the others, and undone
    before, steps = window.layer.data.copy(), []
    window.loop.correction.drafts.strokes.changed.connect(steps.append)
    window.qtbot.mousePress(view, left, pos=at(view, (20, there[1], 4)))
    window.qtbot.mouseMove(view, at(view, (10, there[1], 4)))
    window.qtbot.wait(10)
    window.qtbot.mouseRelease(view, left, pos=at(view, (10, there[1], 4)))
    assert len(steps) == 1
    changed = np.argwhere(window.layer.data != before)
    assert len(changed)
    assert set(changed[:, 1]) == {there[1]}
    window.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(window.layer.data, before)

    # a double-click lets a plane and the canvas change places, and paints nothing
    place = at(views[1], (20, 4, there[2]))
    window.qtbot.mouseDClick(views[1], left, pos=place)
    assert planes.main.plane is SAGITTAL
    assert planes.main.voxel == there
    assert [view.plane for view in views] == [CORONAL, AXIAL]
    np.testing.assert_array_equal(window.layer.data, before)
    window.qtbot.mouseDClick(views[1], left, pos=place)
    assert planes.main.plane is AXIAL
    np.testing.assert_array_equal(window.layer.data, before)
    window.qtbot.mouseClick(planes.panes[0].large, left)
    assert planes.main.plane is CORONAL
    assert [view.plane for view in views] == [AXIAL, SAGITTAL]

    # there is one window for all of them
    image, right = window.loop.layers.kept.get("image"), Qt.MouseButton.RightButton
    limits, here = tuple(image.contrast_limits), QPoint(60, 60)
    window.qtbot.mousePress(view, right, pos=here)
    for far in (20, 40, 60):
        window.qtbot.mouseMove(view, here + QPoint(far, far))
        window.qtbot.wait(5)
    window.qtbot.mouseRelease(view, right, pos=here + QPoint(60, 60))
    assert tuple(image.contrast_limits) == window.loop.viewing.window.limits != limits
    window.until(lambda: view._scene.limits == tuple(image.contrast_limits))
    np.testing.assert_array_equal(window.layer.data, before)

    window.open_row(1)
    assert planes.main.plane is AXIAL
    assert views[0]._scene.voxels is window.loop.layers.opened.image.voxels
    window.loop.act(ACTIONS["planes"])
    assert not any(view.isVisible() for view in views)
    window.loop.act(ACTIONS["planes"])
    window.dock.close_project()
    window.until(lambda: canvas.width() > 0.9 * alone.width())
