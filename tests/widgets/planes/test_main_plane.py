"""The canvas as one of the planes: where it is, how it is turned, and which way is up."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from cases_shown import bare_layers, opened
from qtpy.QtCore import QObject

from napari_alnt.widgets.planes.main_plane import MainPlane
from napari_alnt.widgets.planes.plane import AXIAL, CORONAL, SAGITTAL


@pytest.fixture
def main(monkeypatch, qapp):
    layers, parent = bare_layers(monkeypatch), QObject()
    plane = MainPlane(layers.viewer, layers, parent)
    plane.layers, plane.viewer, plane.parent_ = layers, layers.viewer, parent
    plane.heard = []
    plane.moved.connect(lambda: plane.heard.append("moved"))
    plane.turned.connect(lambda: plane.heard.append("turned"))
    yield plane
    if layers.viewer.mouse_move_callbacks:
        plane.close()


def up(main):
    return str(main.viewer.scene.camera.orientation[1])


def test_without_a_case_there_is_no_place(main):
    assert main.voxel is None
    main.go((1, 2, 3))
    assert main.voxel is None


def test_it_goes_to_a_voxel(main):
    main.layers.show(opened(), "lung")
    main.heard.clear()
    main.go((4, 30, 20))
    assert main.voxel == (4, 30, 20)
    assert "moved" in main.heard
    # what napari sets is a place in mm, and may lie beside the volume
    main.viewer.dims.set_point(0, 9999)
    assert main.voxel == (5, 30, 20)


def test_a_case_begins_where_there_is_something_to_see(main):
    main.layers.show(opened(), "lung")
    assert main.voxel == (2, 14, 14)
    main.go((0, 0, 0))
    bare = opened(teacher=None)
    bare.start[:] = 0
    main.layers.show(bare, "lung")
    assert main.voxel == (2, 20, 25)


@pytest.mark.parametrize("plane", [AXIAL, CORONAL, SAGITTAL], ids=lambda plane: plane.name)
def test_another_plane_is_shown_through_the_same_place_with_the_head_up(main, plane):
    main.layers.show(opened(), "lung")
    main.go((4, 30, 20))
    main.heard.clear()
    main.show_plane(plane)
    assert main.plane is plane
    assert main.voxel == (4, 30, 20)
    assert up(main) == ("down" if plane.down else "up")
    main.show_plane(AXIAL)
    assert up(main) == "down"


def test_rolled_by_napari_the_head_is_up_too(main):
    main.layers.show(opened(), "lung")
    main.viewer.dims.roll()
    assert main.plane is SAGITTAL
    assert up(main) == "up"
    assert "turned" in main.heard
    main.layers.kept.get("teacher").contour = 0  # which napari has in two dimensions only
    main.viewer.dims.ndisplay = 3
    assert main.plane is None
    assert up(main) == "down"


def test_layers_of_the_users_own_may_have_more_axes(main):
    main.layers.show(opened(), "lung")
    main.viewer.add_image(np.zeros((2, 6, 40, 50)), scale=(1, 3, 2, 2))
    main.show_plane(CORONAL)
    main.go((4, 30, 20))
    assert main.voxel == (4, 30, 20)
    assert main.plane is CORONAL


def test_without_a_crosshair_the_mouse_moves_nothing(main):
    main.layers.show(opened(), "lung")
    before = main.voxel
    event = SimpleNamespace(modifiers=("Shift",), position=(0.0, 4.0, 4.0))
    for callback in main.viewer.mouse_move_callbacks:
        callback(main.viewer, event)
    assert main.voxel == before


def test_the_canvas_is_left_as_it_was(main):
    main.layers.show(opened(), "lung")
    main.show_plane(CORONAL)
    main.close()
    assert up(main) == "down"
    assert not main.viewer.mouse_move_callbacks
