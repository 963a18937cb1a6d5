"""Readers for the manifest: project folders open in the dock, images in their right orientation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_alnt.data import TABLE, is_project, read_volume
from napari_alnt.data.images.formats import find_format

LayerData = list[tuple[Any, ...]]


def get_project_reader(path: str | list[str]) -> Callable[[Any], LayerData] | None:
    """A reader for a project folder, or for the table in it; None for anything else."""
    return _open_project if isinstance(path, str) and is_project(_folder(path)) else None


# napari passes the path by its name, and has matched it with the manifest's patterns already
def get_image_reader(path: str | list[str]) -> Callable[[Any], LayerData]:  # noqa: ARG001
    """A reader for image files."""
    return _read_images


def _folder(path: str) -> Path:
    return Path(path).parent if Path(path).name == TABLE else Path(path)


def _open_project(path: str) -> LayerData:
    import napari

    from napari_alnt.widgets import dock

    viewer = napari.current_viewer()
    if viewer is not None:
        dock(viewer).open_project(_folder(path))
    # napari's way to say that there is no layer to add
    return [(None,)]


def _read_images(paths: str | list[str]) -> LayerData:
    layers: LayerData = []
    for path in map(Path, [paths] if isinstance(paths, str) else paths):
        volume = read_volume(path)
        name = find_format(path).stem(path)
        layers.append((volume.voxels, {"name": name, **volume.layer_kwargs()}, "image"))
    return layers
