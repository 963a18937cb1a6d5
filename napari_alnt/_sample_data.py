"""Sample data for the manifest: one made-up case, and the demo project."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any


def made_up_case() -> list[tuple[Any, ...]]:
    """A made-up chest CT with its true mask and a teacher's mask."""
    from napari_alnt.data import read_labels, read_volume
    from napari_alnt.settings import WINDOWS
    from napari_alnt.simulation import write_phantoms

    with tempfile.TemporaryDirectory() as folder:
        case = write_phantoms(Path(folder), cases=2)[-1]
        image = read_volume(case.image)
        truth, teacher = (
            read_labels(path, like=image).voxels for path in (case.truth, case.teacher)
        )
    placed = {
        "scale": image.scale,
        "translate": image.translate,
        "metadata": {"alnt_grid": image.grid},
    }
    return [
        (
            image.voxels,
            {"name": "made-up CT", "contrast_limits": WINDOWS["lung"], **placed},
            "image",
        ),
        (truth, {"name": "truth", "opacity": 0.5, **placed}, "labels"),
        (teacher, {"name": "teacher", "opacity": 0.5, "visible": False, **placed}, "labels"),
    ]


def demo_project() -> list[tuple[Any, ...]]:
    """Open the demo project in the dock; it is made first if it is not there yet."""
    import napari

    from napari_alnt.widgets import dock

    viewer = napari.current_viewer()
    if viewer is not None:
        dock(viewer).open_demo()
    return []
