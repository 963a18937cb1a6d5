"""Unknown voxels are hatched on the screen, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from napari.utils.colormaps import DirectLabelColormap

from napari_alnt.widgets.parts.style import UNKNOWN_COLOUR
from napari_alnt.widgets.picture.hatching import Hatching, hatch_unknown


@pytest.mark.parametrize("name", ["fshader", "_attach", "_detach"])
def test_a_filter_of_vispy_is_what_it_was(name):
    assert hasattr(Hatching("#ffffff"), name)


def test_only_unknown_is_hatched_and_the_mask_stays(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    mask = np.zeros((3, 40, 60), np.uint8)
    mask[1, :, :20], mask[1, :, 40:] = 255, 1
    colours = {None: "black", 0: "transparent", 1: "#ff0000", 255: UNKNOWN_COLOUR}
    layer = viewer.add_labels(mask, colormap=DirectLabelColormap(color_dict=colours), opacity=0.4)
    before = mask.copy()
    hatch_unknown(viewer, layer)
    hatch_unknown(viewer, layer)  # a second time changes nothing

    def tints():
        """The different colours of the unknown, of the empty, and of the structure third."""
        shown = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
        camera = viewer.scene.camera
        found = []
        for x in (10, 30, 50):
            middle = np.array(shown.shape[:2]) / 2
            shift = (np.array([20, x]) - np.array(camera.center)[1:]) * camera.zoom
            row, column = (middle + shift).astype(int)
            part = shown[row - 20 : row + 20, column - 20 : column + 20].reshape(-1, 3)
            found.append(len(np.unique(part, axis=0)))
        return found

    viewer.dims.set_point(0, 1)
    unknown, empty, structure = tints()
    assert unknown > 4
    assert (empty, structure) == (1, 1)
    viewer.dims.set_point(0, 2)
    assert tints() == [1, 1, 1]
    # other data in the same layer, and a way through three dimensions, leave it hatched
    layer.data = before[::-1].copy()
    viewer.dims.ndisplay = 3
    viewer.dims.ndisplay = 2
    viewer.dims.set_point(0, 1)
    assert tints()[0] > 4
    np.testing.assert_array_equal(mask, before)
    layer.opacity = 0
    assert tints() == [1, 1, 1]
