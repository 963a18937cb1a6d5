"""The writer that napari calls: a labels layer on the grid of the image it came from."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt._writer import write_labels_layer
from napari_alnt.data import read_labels, read_volume
from napari_alnt.errors import AlntError


def test_a_layer_of_ours_is_saved_on_its_images_grid(phantoms, tmp_path):
    image = read_volume(phantoms[1].image)
    mask = (image.voxels > 0).astype(np.uint8)
    path = str(tmp_path / "mask.nii.gz")
    assert write_labels_layer(path, mask, {"metadata": {"alnt_grid": image.grid}}) == [path]
    np.testing.assert_array_equal(read_labels(path, like=image).voxels, mask)


def test_any_other_layer_is_saved_where_it_is_shown(tmp_path):
    path = tmp_path / "mask.nii.gz"
    meta = {"scale": (3.0, 2.0, 1.0), "translate": (5.0, -6.0, 7.0)}
    write_labels_layer(str(path), np.ones((4, 5, 6), np.uint8), meta)
    volume = read_labels(path)
    assert volume.spacing == (3, 2, 1)
    assert volume.translate == (5, -6, 7)


def test_flat_labels_are_refused(tmp_path):
    with pytest.raises(AlntError, match="2 dimensions"):
        write_labels_layer(str(tmp_path / "flat.nii"), np.zeros((4, 4), np.uint8), {})
