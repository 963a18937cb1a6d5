"""What stays of a layer from case to case, and when it is made anew."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_alnt.widgets.picture.kept_layers import KeptLayers


def image(voxels, **grid):
    return Image(voxels, name="image", **grid)


def mask(voxels, **grid):
    return Labels(voxels, name="mask", **grid)


class Case:
    """Layers of a project in a viewer that also has some of the user's own, and has no window."""

    def __init__(self):
        self.viewer = ViewerModel()
        self.own = self.viewer.add_points(np.zeros((1, 3)), name="mine")
        self.large = self.viewer.add_image(np.zeros((2, 3, 8, 9)), name="four axes")
        self.kept = KeptLayers(self.viewer, ("image", "trust", "mask"))

    def show(self, shape, dtype=np.int16, spacing=(3.0, 2.0, 2.0), origin=(5.0, 6.0, 7.0)):
        self.kept.grid = {
            "scale": spacing, "translate": origin, "units": ("mm",) * 3, "metadata": {"of": shape}
        }  # fmt: skip
        self.kept.put("mask", np.ones(shape, np.uint8), mask)
        return self.kept.put("image", np.ones(shape, dtype), image)

    @property
    def names(self):
        return [layer.name for layer in self.viewer.layers]


@pytest.fixture
def case():
    made = Case()
    made.show((4, 8, 9))
    return made


def test_what_a_layer_shows_is_exchanged_and_what_was_chosen_stays(case):
    before, layer = list(case.viewer.layers), case.kept.get("mask")
    layer.contour, layer.opacity, layer.n_edit_dimensions, layer.visible = 2, 0.3, 3, False
    layer.affine = np.diag([2, 1, 1, 1])  # as where it was moved with the mouse
    axes = []
    case.viewer.dims.events.ndim.connect(axes.append)
    case.show((6, 7, 3), spacing=(1.0, 0.5, 0.25), origin=(0.0, -1.0, 2.0))
    assert list(case.viewer.layers) == before
    assert axes == []
    for one in (layer, case.kept.get("image")):
        assert one.data.shape == (6, 7, 3)
        assert (*one.scale, *one.translate) == (1.0, 0.5, 0.25, 0.0, -1.0, 2.0)
        assert one.metadata == {"of": (6, 7, 3)}
        assert {str(unit) for unit in one.units} == {"millimeter"}
    np.testing.assert_array_equal(layer.affine.affine_matrix, np.eye(4))
    chosen = (layer.contour, layer.opacity, layer.n_edit_dimensions, layer.visible)
    assert chosen == (2, 0.3, 3, False)
    assert case.names == ["mine", "four axes", "image", "mask"]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_an_image_of_another_type_stays_the_same_layer(case, dtype):
    before, changes = case.kept.get("image"), []
    case.viewer.layers.events.inserted.connect(changes.append)
    case.viewer.layers.events.removed.connect(changes.append)
    layer = case.show((4, 8, 9), dtype)
    assert layer is before
    assert layer.data.dtype == dtype
    assert changes == []


def test_the_picture_is_the_same_whatever_type_its_voxels_have(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    kept = KeptLayers(viewer, ("image",))
    voxels = np.arange(4 * 8 * 9).reshape(4, 8, 9) % 100

    def picture(dtype):
        layer = kept.put("image", voxels.astype(dtype), image)
        layer.contrast_limits_range = layer.contrast_limits = (10, 90)
        return viewer.screenshot(size=(160, 160), canvas_only=True, flash=False).astype(int)

    first = picture(np.uint8)
    assert first[..., 0].std() > 20
    for dtype in (np.int16, np.uint16, np.float32, np.uint8):
        assert abs(picture(dtype) - first).max() <= 1
    assert len(viewer.layers) == 1


@pytest.mark.parametrize("alone", [False, True])
def test_a_mask_of_another_type_makes_the_layer_anew_in_its_place(case, alone):
    if alone:
        case.viewer.layers.remove(case.own)
        case.viewer.layers.remove(case.large)
    old = case.kept.get("mask")
    old.opacity, old.name, old.visible = 0.5, "lungs", False
    case.viewer.layers.selection.active = old
    axes, names = [], case.names
    case.viewer.dims.events.ndim.connect(axes.append)
    new = case.kept.put("mask", np.ones((4, 8, 9), np.uint16), mask)
    assert new is not old
    assert case.names == names
    assert (new.opacity, new.visible, new.data.dtype) == (0.5, False, np.uint16)
    assert axes == []
    assert case.viewer.layers.selection.active is new
    assert case.kept.is_ours(new)
    assert not case.kept.is_ours(old)


def test_a_layer_that_was_deleted_is_made_anew_and_can_be_seen(case):
    layer = case.kept.get("mask")
    layer.visible, layer.brush_size = False, 17
    case.viewer.layers.remove(layer)
    assert not case.kept.is_there("mask")
    assert case.kept.get("mask") is layer
    case.show((4, 8, 9))
    assert case.names == ["mine", "four axes", "image", "mask"]
    assert (case.kept.get("mask").visible, case.kept.get("mask").brush_size) == (True, 17)


def test_a_layer_comes_to_its_place_among_the_others_and_is_not_made_active(case):
    layers = case.viewer.layers
    layers.selection.active = case.own
    case.kept.put("trust", np.ones((4, 8, 9), np.float32), lambda *a, **k: Image(*a, **k, name="t"))
    assert case.names == ["mine", "four axes", "image", "t", "mask"]
    assert layers.selection.active is case.own
    layers.move(4, 0)  # the user has put the mask below all others; the image would hide it
    layers.remove(case.kept.get("image"))
    case.show((4, 8, 9))
    assert case.names == ["image", "mask", "mine", "four axes", "t"]


def test_a_layer_that_was_deleted_can_be_taken_back(case):
    layer = case.kept.get("mask")
    layer.data[0] = 7
    case.viewer.layers.remove(layer)
    for _ in range(2):
        case.kept.take_back("mask")
    assert case.names.count("mask") == 1
    assert case.kept.is_there("mask")
    assert (case.viewer.layers["mask"].data[0] == 7).all()


def test_a_layer_without_anything_to_show_is_empty(case):
    layer = case.kept.blank("mask", (2, 3, 4))
    assert layer is case.kept.get("mask")
    assert layer.data.shape == (2, 3, 4)
    assert not layer.data.any()
    assert case.kept.blank("trust", (2, 3, 4)) is None


def test_the_users_own_layers_stay(case):
    layer = case.kept.get("mask")
    case.kept.release("mask")
    case.kept.clear()
    assert list(case.viewer.layers) == [case.own, case.large, layer]
    assert case.kept.get("image") is None
