"""Writer for the manifest: one labels layer as NIfTI."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_alnt.data import GRID_KEY, Grid, write_labels
from napari_alnt.errors import AlntError


def write_labels_layer(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Save a labels layer (Z, Y, X), on its image's own grid if that is in the layer's metadata.

    Raises
    ------
    AlntError
        If the layer is not 3-D, its values are no labels, or the file cannot be written.
    """
    voxels = np.asarray(data)
    if voxels.ndim != 3:
        raise AlntError(
            f"The layer has {voxels.ndim} dimensions; only 3-D labels can be saved as NIfTI."
        )
    grid = meta.get("metadata", {}).get(GRID_KEY)
    if grid is None:
        z, y, x = meta.get("translate", (0, 0, 0))
        # a layer's axes are taken as LPS, as our reader shows them; the origin is in RAS+
        grid = Grid.new(voxels.shape, tuple(meta.get("scale", (1, 1, 1))), origin=(-x, -y, z))
    write_labels(path, voxels, grid)
    return [path]
