"""Versions as outlines beside the mask."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from psygnal import Signal

from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.picture.compared import Compared

MASK = np.pad(np.ones((2, 3, 3), np.uint8), 2)


class Layers:
    """As much of the case's layers as is asked for."""

    cleared = Signal()
    ignore_label = 255
    kept = SimpleNamespace(grid={"scale": (3.0, 1.0, 1.0), "translate": (5.0, 0.0, 0.0)})


@pytest.fixture
def viewer(monkeypatch):
    class Held:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    # a model without a window has no canvas to hold
    monkeypatch.setattr(viewer_adapter, "unpainted", lambda _: Held())
    return ViewerModel()


def test_a_version_is_a_layer_that_goes_with_the_case(viewer):
    layers = Layers()
    own = viewer.add_labels(MASK.copy(), name="my own")
    compared, told = Compared(viewer, layers), []
    compared.changed.connect(lambda: told.append(set(compared.layers)))
    compared.show(2, MASK)
    compared.show(2, MASK)
    compared.show(1, MASK)
    assert compared.shown == {1, 2} == told[-1]
    shown = viewer.layers["version 2"]
    assert (shown.contour, shown.editable) == (1, False)
    np.testing.assert_array_equal(shown.scale, (3, 1, 1))
    assert viewer.layers.selection.active is own
    layers.cleared.emit()
    assert [layer.name for layer in viewer.layers] == ["my own"]
    assert compared.shown == set() == told[-1]


def test_one_that_the_user_has_deleted_is_gone(viewer):
    compared = Compared(viewer, Layers())
    compared.show(1, MASK)
    viewer.layers.remove("version 1")
    assert compared.shown == set()
    compared.hide(1)
    compared.hide(7)
