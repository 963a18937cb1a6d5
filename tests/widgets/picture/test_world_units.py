"""The world of the viewer stays in mm, whatever layers are beside those of a case."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Points

from napari_alnt.widgets.picture.world_units import WorldInMm

TURNED = np.array([[1, 0, 0, 0], [0, 0.8, -0.6, 0], [0, 0.6, 0.8, 0], [0, 0, 0, 1.0]])
OWN = {
    "flat": lambda: Image(np.zeros((5, 6))),
    "volume": lambda: Image(np.zeros((4, 5, 6))),
    "series": lambda: Image(np.zeros((2, 4, 5, 6))),
    "turned": lambda: Image(np.zeros((4, 5, 6)), affine=TURNED),
    "points": lambda: Points(np.zeros((2, 3))),
    "micrometres": lambda: Image(np.zeros((4, 5, 6)), units=("um",) * 3),
    "film": lambda: Image(np.zeros((4, 5, 6)), units=("s", "um", "um")),
}


@pytest.fixture
def viewer():
    model = ViewerModel()
    model.add_image(np.zeros((7, 8, 9)), scale=(3, 2, 2), units=("mm",) * 3)
    return model


def space(viewer):
    return [str(unit) for unit in viewer.layers.units[-3:]]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("kind", list(OWN))
def test_a_layer_of_the_users_own_does_not_change_it(viewer, kind, before):
    layer = OWN[kind]()
    units = layer.units
    if before:
        viewer.add_layer(layer)
    world = WorldInMm(viewer)
    if not before:
        viewer.add_layer(layer)
    assert space(viewer) == ["millimeter"] * 3
    # where it lies and how large it is, is its own
    assert layer.scale.tolist() == [1.0] * layer.ndim
    viewer.dims.set_point(viewer.dims.ndim - 3, 9.0)
    assert viewer.dims.point[-3] == pytest.approx(9.0)
    world.close()
    assert layer.units == units


def test_all_of_them_come_and_go_without_a_warning(viewer):
    world = WorldInMm(viewer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layers = [viewer.add_layer(make()) for make in OWN.values()]
        assert space(viewer) == ["millimeter"] * 3
        for layer in layers:
            viewer.layers.remove(layer)
            assert space(viewer) == ["millimeter"] * 3
    assert layers[1].units == OWN["volume"]().units
    world.close()


def test_a_viewer_without_layers_is_left_alone():
    world = WorldInMm(ViewerModel())
    world.close()
