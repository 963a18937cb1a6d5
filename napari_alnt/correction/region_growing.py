"""Filling what is alike around a click."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_alnt.correction.boxes import Array, Triple, box_between, voxel_at
from napari_alnt.correction.components import CROSS, parts_of
from napari_alnt.correction.edit import Edit
from napari_alnt.correction.limits import Limits
from napari_alnt.errors import AlntError


def grow_region(
    mask: Array, point: Sequence[float], label: int, mm: float, spacing: Triple, limits: Limits
) -> Edit:
    """Give a label to the voxels that are connected with a click.

    They are connected (6: they share a face) through voxels that have the HU of ``limits``, may be
    overwritten, and whose centres are at most so many mm from that of the clicked voxel. A click on
    a voxel that is none of these fills nothing.

    Parameters
    ----------
    mask : label values (Z, Y, X), not changed
    point : (z, y, x) in voxels
    label : what they get
    mm : how far
    spacing : voxel size (z, y, x) in mm
    limits : the image with its HU range, and what is left alone

    Raises
    ------
    AlntError
        If the click is outside the mask, there is no image, or the length is none.
    """
    if limits.image is None:
        raise AlntError("Filling what is alike needs the case's image; open a case with one.")
    if not 0 <= mm < np.inf:
        raise AlntError(f"A region cannot reach {mm} mm; choose a length above 0.")
    centre = np.array(voxel_at(point, mask.shape))
    reach = mm * (1 + 1e-9) / np.array(spacing)
    box = box_between(centre - reach, centre + reach, mask.shape)
    squares = [
        ((np.arange(part.start, part.stop) - at) * size) ** 2
        for part, at, size in zip(box, centre, spacing, strict=True)
    ]
    z, y, x = squares
    near = z[:, None, None] + y[:, None] + x <= mm**2 * (1 + 1e-9)
    parts, _ = parts_of(near & limits.allow(mask, box), CROSS)
    own = parts[tuple(at - part.start for at, part in zip(centre, box, strict=True))]
    return limits.put(mask, box, (parts == own) & (own != 0), label)
