"""Writer for the manifest: one labels layer as NIfTI."""

from __future__ import annotations

from typing import Any


def write_labels_layer(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Save a labels layer (Z, Y, X); one that came from us is saved on its image's own grid, to the
    last bit.
    """
    import numpy as np

    from napari_alnt.data import Grid, write_labels
    from napari_alnt.errors import AlntError

    voxels = np.asarray(data)
    if voxels.ndim != 3:
        raise AlntError(
            f"The layer has {voxels.ndim} dimensions; only 3-D labels can be saved as NIfTI."
        )
    grid = meta.get("metadata", {}).get("alnt_grid")
    if grid is None:
        z, y, x = meta.get("translate", (0, 0, 0))
        # a layer's axes are taken as LPS, as our reader shows them
        grid = Grid.new(voxels.shape, tuple(meta.get("scale", (1, 1, 1))), origin=(-x, -y, z))
    write_labels(path, voxels, grid)
    return [path]
