"""Outlines on the canvas: thin, where the mask ends, and only of what is shown."""

from __future__ import annotations

import gc
from weakref import ref

import numpy as np
from cases_shown import opened
from qtpy.QtCore import QObject

from napari_alnt.widgets.case.prediction import Prediction
from napari_alnt.widgets.picture import outlines
from napari_alnt.widgets.picture.canvas_outlines import CanvasOutlines
from napari_alnt.widgets.picture.compared import Compared
from napari_alnt.widgets.picture.layers import CaseLayers
from napari_alnt.widgets.planes import planes_adapter
from napari_alnt.widgets.planes.main_plane import MainPlane

COLOUR = np.array([0x4C, 0xC9, 0xF0])


def bright(viewer):
    """How many pixels of the picture have the colour of label 1."""
    picture = viewer.screenshot(canvas_only=True, flash=False).astype(int)
    return int(np.count_nonzero((abs(picture[..., :3] - COLOUR) < 60).all(-1)))


def test_the_outlines_of_a_case(make_napari_viewer, qtbot, monkeypatch):
    viewer, parent = make_napari_viewer(show=True), QObject()
    layers = CaseLayers(viewer, {1: "lung", 3: "tumour"}, 255)
    main = MainPlane(viewer, layers, parent)
    shown = CanvasOutlines(viewer, layers, main, parent)
    layers.show(opened(), "lung")
    layers.correction.visible = layers.kept.get("image").visible = False
    teacher = layers.kept.get("teacher")
    assert shown.lines["teacher"].layer is teacher
    side = 20 * viewer.scene.camera.zoom  # of a square of 10 voxels of 2 mm, in pixels
    thin = bright(viewer)
    assert 3.5 * side < thin < 3 * 4 * side

    # where there are too many, napari draws them: a voxel wide
    monkeypatch.setattr(outlines, "MOST", 3)
    shown._draw()
    assert bright(viewer) > 2 * thin
    monkeypatch.undo()
    shown._draw()
    assert bright(viewer) == thin

    # in every plane, in no slice without a structure, and not at all where the mask is hidden
    main.go((2, 15, 15))
    viewer.dims.order = (1, 2, 0)
    viewer.fit_to_view()
    assert bright(viewer) > 0.2 * thin
    viewer.dims.order = (0, 1, 2)
    viewer.fit_to_view()
    main.go((3, 15, 15))
    assert bright(viewer) == 0
    main.go((2, 15, 15))
    teacher.visible = False
    assert bright(viewer) == 0

    mask = layers.opened.teacher
    layers.add_prediction(Prediction(mask, mask.astype(np.float32), 0))
    student = shown.lines["student"]._line
    assert student.visible
    layers.kept.get("student").visible = False
    assert not student.visible

    # a version is as thin, and its line goes with it, by whomever it is taken away
    compared = Compared(viewer, layers)
    shown.compare(compared)
    drawn = []
    for leave in (lambda: compared.hide(1), lambda: viewer.layers.remove("version 1")):
        compared.show(1, mask)
        assert shown.lines["version 1"]._line.visible
        drawn.append(ref(planes_adapter.flat_node(viewer, viewer.layers["version 1"])))
        leave()
        assert "version 1" not in shown.lines
    assert bright(viewer) == 0
    # and nothing keeps what has drawn it
    gc.collect()
    assert [one() for one in drawn] == [None, None]

    # the next case has neither; then all is napari's own again
    layers.show(opened(name="b", teacher=None), "lung")
    assert not any(lines._line.visible for lines in shown.lines.values())
    layers.kept.get("teacher").visible = True
    layers.show(opened(name="c"), "lung")
    assert bright(viewer) == thin
    shown.close()
    main.close()
    assert not shown.lines
    assert bright(viewer) > 2 * thin
    layers.clear()
