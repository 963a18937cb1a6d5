"""Connected parts of a mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from napari_alnt.correction.boxes import (
    Array,
    Box,
    box_of,
    label_box,
    outside,
    voxel_at,
    whole,
    widen,
)

CUBE = np.ones((3, 3, 3), bool)
"""Voxels that share a face, an edge or a corner are connected (26)."""
CROSS = ndimage.generate_binary_structure(3, 1)
"""Only voxels that share a face are connected (6)."""
START = 24
"""Voxels on each side of a click that are looked at first."""


def parts_of(where: Array, structure: Array = CUBE) -> tuple[Array, int]:
    """The connected parts of the true voxels of an array (Z, Y, X), numbered from 1, and their
    number.
    """
    parts, count = ndimage.label(where, structure)
    return parts, int(count)


def component_at(mask: Array, point: Sequence[float]) -> tuple[Box, Array]:
    """The voxels of one label that are connected (26) with the voxel at a place.

    Parameters
    ----------
    mask : label values (Z, Y, X)
    point : (z, y, x) in voxels

    Returns
    -------
    the smallest box around them, and which of its voxels they are, bool

    Raises
    ------
    AlntError
        If the place lies outside the mask.
    """
    z, y, x = voxel_at(point, mask.shape)
    box: Box = (slice(z, z + 1), slice(y, y + 1), slice(x, x + 1))
    box = widen(box, (START,) * 3, mask.shape)
    bound: Box | None = None
    while True:
        parts, _ = parts_of(mask[box] == mask[z, y, x])
        own = parts == parts[z - box[0].start, y - box[1].start, x - box[2].start]
        inner = box_of(own)
        assert inner is not None
        if bound is None and _towards(box, inner, whole(mask.shape)) != box:
            # only a part that is not small is worth a look at the whole mask
            bound = label_box(mask, int(mask[z, y, x]))
        wider = box if bound is None else _towards(box, inner, bound)
        if wider == box:
            return outside(box, inner), own[inner]
        box = wider


def _towards(box: Box, inner: Box, bound: Box) -> Box:
    """A box made longer on the sides that a part within it touches, up to a bound."""
    sides = []
    for part, own, most in zip(box, inner, bound, strict=True):
        length = part.stop - part.start
        low = max(part.start - length, most.start) if own.start == 0 else part.start
        high = min(part.stop + length, most.stop) if own.stop == length else part.stop
        sides.append(slice(low, high))
    z, y, x = sides
    return z, y, x
