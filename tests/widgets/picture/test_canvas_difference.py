"""What only the teacher or only the student marks, filled on the canvas."""

from __future__ import annotations

import numpy as np
from cases_shown import opened
from qtpy.QtCore import QObject
from qtpy.QtGui import QColor

from napari_alnt.widgets.case.prediction import Prediction
from napari_alnt.widgets.picture.canvas_difference import CanvasDifference
from napari_alnt.widgets.picture.difference import STUDENT_ONLY, TEACHER_ONLY
from napari_alnt.widgets.picture.layers import CaseLayers
from napari_alnt.widgets.planes.main_plane import MainPlane


def count(viewer, colour):
    """Pixels of a colour over black."""
    picture = viewer.screenshot(canvas_only=True, flash=False).astype(int)[..., :3]
    wanted = np.array(QColor(colour).getRgb()[:3]) * 0.6
    return int(np.count_nonzero((abs(picture - wanted) < 12).all(-1)))


def test_it_follows_the_case_and_the_slice(make_napari_viewer, qtbot):
    viewer, parent = make_napari_viewer(show=True), QObject()
    layers = CaseLayers(viewer, {1: "lung", 3: "tumour"}, 255)
    main = MainPlane(viewer, layers, parent)
    shown, told = CanvasDifference(viewer, layers, main, parent), []
    shown.changed.connect(lambda: told.append(shown.on))
    viewer.canvas.background_color_override = "black"
    layers.show(opened(), "lung")
    for layer in viewer.layers:
        layer.visible = False
    shown.turn()
    assert not count(viewer, TEACHER_ONLY)  # the student has not been asked yet
    mask = np.roll(layers.opened.teacher, 5, axis=2)
    layers.add_prediction(Prediction(mask, mask.astype(np.float32), 2))
    layers.kept.get("student").visible = False
    side = 2 * viewer.scene.camera.zoom  # of a voxel, in pixels
    for colour in (TEACHER_ONLY, STUDENT_ONLY):
        assert count(viewer, colour) == np.clip(count(viewer, colour), 45 * side**2, 55 * side**2)
    main.go((3, 15, 15))
    assert not count(viewer, TEACHER_ONLY)
    main.go((2, 15, 15))
    shown.turn()
    assert not count(viewer, TEACHER_ONLY)
    shown.turn()
    assert count(viewer, TEACHER_ONLY)
    shown.pause(True)
    assert not count(viewer, TEACHER_ONLY)
    shown.pause(False)
    assert count(viewer, TEACHER_ONLY)
    layers.show(opened(name="b", teacher=None), "lung")
    assert shown.masks is None
    shown.close()
    main.close()
    layers.clear()
    assert told == [True, False, True, False, True]
