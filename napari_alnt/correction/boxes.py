"""Boxes of a mask: three slices, with starts and stops that are numbers, step 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_alnt.errors import AlntError

Array = npt.NDArray[Any]
"""Voxels, or values for voxels, of any type."""
Box = tuple[slice, slice, slice]
"""A part of a volume (Z, Y, X)."""
Triple = tuple[float, float, float]
"""A number for each axis z, y, x: a voxel's size in mm, or a place in voxels."""
NOTHING: Box = (slice(0, 0), slice(0, 0), slice(0, 0))
"""The box without a voxel."""


def box_of(where: Array) -> Box | None:
    """The smallest box around the true voxels of an array (Z, Y, X); None if there are none."""
    return _box((plane for plane in where), where.shape)


def label_box(mask: Array, label: int) -> Box | None:
    """The smallest box around a label in a mask (Z, Y, X); None if the mask lacks it."""
    # a slice fits into the processor's cache, a volume does not
    return _box((plane == label for plane in mask), mask.shape)


def _box(planes: Any, shape: Sequence[int]) -> Box | None:
    depths = []
    rows, columns = np.zeros(shape[1], bool), np.zeros(shape[2], bool)
    for z, plane in enumerate(planes):
        found = plane.any(axis=1)
        if found.any():
            depths.append(z)
            rows |= found
            columns |= plane.any(axis=0)
    if not depths:
        return None
    y, x = np.flatnonzero(rows), np.flatnonzero(columns)
    return (
        slice(depths[0], depths[-1] + 1),
        slice(int(y[0]), int(y[-1]) + 1),
        slice(int(x[0]), int(x[-1]) + 1),
    )


def whole(shape: Sequence[int]) -> Box:
    """The box of a whole volume of a shape (Z, Y, X)."""
    z, y, x = shape
    return slice(0, z), slice(0, y), slice(0, x)


def box_between(
    first: Sequence[float] | Array, last: Sequence[float] | Array, shape: Sequence[int]
) -> Box:
    """The box from one place up to and with another, both in voxels, cut at the volume's border."""
    z, y, x = (
        slice(min(max(math.ceil(low), 0), size), min(max(math.floor(high) + 1, 0), size))
        for low, high, size in zip(first, last, shape, strict=True)
    )
    return z, y, x


def widen(box: Box, margin: Sequence[int], shape: Sequence[int]) -> Box:
    """A box that is wider by a margin (z, y, x) on each side, cut at the volume's border."""
    z, y, x = (
        slice(max(part.start - more, 0), min(part.stop + more, size))
        for part, more, size in zip(box, margin, shape, strict=True)
    )
    return z, y, x


def union(box: Box, other: Box) -> Box:
    """The smallest box that holds both; a box without a voxel adds nothing."""
    if not voxels_of(box):
        return other
    if not voxels_of(other):
        return box
    z, y, x = (
        slice(min(a.start, b.start), max(a.stop, b.stop))
        for a, b in zip(box, other, strict=True)
    )  # fmt: skip
    return z, y, x


def inside(box: Box, outer: Box) -> Box:
    """A box within another one, counted from that one's corner."""
    z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, outer, strict=True))
    return z, y, x


def outside(box: Box, inner: Box) -> Box:
    """The box of a whole volume that is counted from another box's corner in ``inner``."""
    z, y, x = (slice(a.start + b.start, a.start + b.stop) for a, b in zip(box, inner, strict=True))
    return z, y, x


def voxels_of(box: Box) -> int:
    """How many voxels a box has."""
    return math.prod(max(part.stop - part.start, 0) for part in box)


def voxel_ml(spacing: Triple) -> float:
    """The volume of a voxel in ml, from its size in mm."""
    return math.prod(spacing) / 1000


def voxel_at(point: Sequence[float], shape: Sequence[int]) -> tuple[int, int, int]:
    """The voxel that a place (z, y, x), in voxels, lies in.

    Raises
    ------
    AlntError
        If it is none of the volume's.
    """
    z, y, x = (math.floor(value + 0.5) for value in point)
    if not all(0 <= at < size for at, size in zip((z, y, x), shape, strict=True)):
        raise AlntError(
            f"The place {(z, y, x)} lies outside the mask, which has {tuple(shape)} voxels; click"
            " inside it."
        )
    return z, y, x


def require_axis(axis: int) -> None:
    """Make sure that an axis is one of a volume's.

    Raises
    ------
    AlntError
        If it is not.
    """
    if axis not in (0, 1, 2):
        raise AlntError(f"A volume has the axes 0, 1 and 2 (z, y, x), not {axis}; choose one.")
