"""Readers for the manifest: project folders open in the dock, images open in their right
orientation.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

LayerData = list[tuple[Any, ...]]
TABLE = "alnt.sqlite"


def get_project_reader(path: str | list[str]) -> Callable[[Any], LayerData] | None:
    """A reader for a project folder, or for the table in it; None for anything else."""
    if not isinstance(path, str):
        return None
    folder = Path(path).parent if Path(path).name == TABLE else Path(path)
    return _open_project if (folder / TABLE).is_file() else None


def get_image_reader(path: str | list[str]) -> Callable[[Any], LayerData] | None:
    """A reader for image files."""
    return _read_images


def _open_project(path: str) -> LayerData:
    import napari

    from napari_alnt.widgets import dock

    viewer = napari.current_viewer()
    folder = Path(path).parent if Path(path).name == TABLE else Path(path)
    if viewer is not None:
        dock(viewer).open_project(folder)
    return [(None,)]


def _read_images(paths: str | list[str]) -> LayerData:
    from napari_alnt.data import read_volume

    layers: LayerData = []
    for path in [paths] if isinstance(paths, str) else paths:
        volume = read_volume(path)
        placed = {
            "scale": volume.scale,
            "translate": volume.translate,
            "metadata": {"alnt_grid": volume.grid},
        }
        layers.append((volume.voxels, {"name": Path(path).name.split(".")[0], **placed}, "image"))
    return layers
