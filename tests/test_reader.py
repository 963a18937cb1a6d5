"""The readers that napari calls: what they take, and what they leave to others."""

from __future__ import annotations

import numpy as np

from napari_alnt._reader import get_image_reader, get_project_reader
from napari_alnt.data import read_volume


def test_a_project_is_known_by_its_table(balls):
    assert get_project_reader(str(balls.folder)) is not None
    assert get_project_reader(str(balls.folder / "alnt.sqlite")) is not None
    assert get_project_reader(str(balls.folder.parent)) is None
    assert get_project_reader([str(balls.folder)]) is None


def test_images_come_as_layers_on_their_grid(phantoms):
    paths = [str(case.image) for case in phantoms[:2]]
    layers = get_image_reader(paths)(paths)
    assert [options["name"] for _, options, _ in layers] == ["chest_01", "chest_02"]
    for path, (voxels, options, kind) in zip(paths, layers, strict=True):
        volume = read_volume(path)
        np.testing.assert_array_equal(voxels, volume.voxels)
        assert options["scale"] == volume.spacing
        assert options["translate"] == volume.translate
        assert options["metadata"]["alnt_grid"].matches(volume.grid)
        assert kind == "image"
