"""Sample data for the manifest: one synthetic case, and the demo project."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any


def synthetic_case() -> list[tuple[Any, ...]]:
    """A synthetic chest CT with its true mask and a teacher's mask."""
    from napari_alnt.data import read_labels, read_volume
    from napari_alnt.settings import WINDOWS
    from napari_alnt.simulation import write_phantoms

    with tempfile.TemporaryDirectory() as folder:
        case = write_phantoms(Path(folder), cases=2)[-1]  # the second is the one that is corrupted
        image = read_volume(case.image)
        truth = read_labels(case.truth, like=image).voxels
        teacher = read_labels(case.teacher, like=image).voxels
    placed = image.layer_kwargs()
    seen = {"name": "synthetic CT", "contrast_limits": WINDOWS["lung"], **placed}
    hidden = {"name": "teacher", "opacity": 0.5, "visible": False, **placed}
    return [
        (image.voxels, seen, "image"),
        (truth, {"name": "truth", "opacity": 0.5, **placed}, "labels"),
        (teacher, hidden, "labels"),
    ]


def demo_project() -> list[tuple[Any, ...]]:
    """Open the demo project in the dock; it is made first if it is not there yet."""
    import napari

    from napari_alnt.widgets import dock

    viewer = napari.current_viewer()
    if viewer is not None:
        dock(viewer).open_demo()
    return []
