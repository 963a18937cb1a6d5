"""Growing, shrinking and smoothing a structure by lengths in mm.

A length reaches from the centre of a voxel to that of another one. What lies beyond the volume's
border is unknown, and neither grows in nor eats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from napari_alnt.correction.boxes import Array, Box, Triple, label_box, widen
from napari_alnt.correction.edit import Edit
from napari_alnt.correction.limits import NO_LIMITS, Limits
from napari_alnt.errors import AlntError


def grow(mask: Array, label: int, mm: float, spacing: Triple, limits: Limits = NO_LIMITS) -> Edit:
    """Give a structure all voxels that are at most so many mm from it.

    Parameters
    ----------
    mask : label values (Z, Y, X), not changed
    label : the structure
    mm : how far
    spacing : voxel size (z, y, x) in mm
    limits : what is left alone; all other labels are overwritten

    Raises
    ------
    AlntError
        If the length is none.
    """
    box = _box(mask, label, reach_of(mm, spacing))
    if box is None:
        return Edit.nothing(mask)
    return limits.put(mask, box, widened(mask[box] == label, mm, spacing), label)


def shrink(mask: Array, label: int, mm: float, spacing: Triple, limits: Limits = NO_LIMITS) -> Edit:
    """Take the voxels off a structure that are at most so many mm from what is none of it.

    Parameters
    ----------
    mask : label values (Z, Y, X), not changed
    label : the structure
    mm : how far
    spacing : voxel size (z, y, x) in mm
    limits : what is left alone

    Raises
    ------
    AlntError
        If the length is none.
    """
    box = _box(mask, label, (1, 1, 1))
    if box is None or reach_of(mm, spacing) == (0, 0, 0):
        return Edit.nothing(mask)
    where = mask[box] == label
    return limits.put(mask, box, where & ~narrowed(where, mm, spacing), 0)


def smooth(mask: Array, label: int, mm: float, spacing: Triple, limits: Limits = NO_LIMITS) -> Edit:
    """Take off what is thinner than twice so many mm, then fill gaps that are.

    This is an opening and a closing by a ball: what it takes off becomes background, what it fills
    becomes the structure.

    Parameters
    ----------
    mask : label values (Z, Y, X), not changed
    label : the structure
    mm : radius of the ball
    spacing : voxel size (z, y, x) in mm
    limits : what is left alone; all other labels are overwritten

    Raises
    ------
    AlntError
        If the length is none.
    """
    # the closing looks for gaps one voxel behind what it has widened
    z, y, x = reach_of(mm, spacing)
    box = _box(mask, label, (z + 1, y + 1, x + 1))
    if box is None or (z, y, x) == (0, 0, 0):
        return Edit.nothing(mask)
    part = mask[box]
    where = part == label
    opened = widened(narrowed(where, mm, spacing), mm, spacing)
    smoothed = narrowed(widened(opened, mm, spacing), mm, spacing)
    labels = np.where(smoothed, np.array(label, mask.dtype), np.array(0, mask.dtype))
    return limits.put(mask, box, smoothed != where, labels)


def reach_of(mm: float, spacing: Triple) -> tuple[int, int, int]:
    """How many voxels (z, y, x) a length in mm reaches along each axis.

    Raises
    ------
    AlntError
        If the length is none.
    """
    if not 0 <= mm < math.inf:
        raise AlntError(f"A structure cannot be moved by {mm} mm; choose a length above 0.")
    z, y, x = (math.floor(mm / size * (1 + 1e-9)) for size in spacing)
    return z, y, x


def narrowed(where: Array, mm: float, spacing: Triple) -> Array:
    """True voxels (Z, Y, X) that are farther than so many mm from every false one."""
    return ~widened(~where, mm, spacing)


def widened(where: Array, mm: float, spacing: Triple) -> Array:
    """Voxels (Z, Y, X) that are at most so many mm from a true one.

    A ball is made of rows along x. Rows of one length widen all rows of the mask at once; they are
    then moved to their places along y and z, eight voxels in a byte.
    """
    found = np.zeros((*where.shape[:2], -(-where.shape[2] // 8)), np.uint8)
    wide, reached = where, 0
    for length, moves in _rows(mm, spacing, where.shape):
        wide, reached = _longer(wide, length - reached), length
        packed = np.packbits(wide, axis=2)
        for dz, dy in moves:
            _or_moved(found, packed, dz, dy)
    return np.unpackbits(found, axis=2, count=where.shape[2]).view(bool)


def _rows(
    mm: float, spacing: Triple, shape: Sequence[int]
) -> list[tuple[int, list[tuple[int, int]]]]:
    """The rows (z, y) of a ball by the voxels that they have on each side, short ones first.

    What is longer than the shape (Z, Y, X) that is widened is cut off.
    """
    deep, high, wide = (
        min(reach, size - 1) for reach, size in zip(reach_of(mm, spacing), shape, strict=True)
    )
    limit = mm**2 * (1 + 1e-9)
    across = (np.arange(wide + 1) * spacing[2]) ** 2
    rows: dict[int, list[tuple[int, int]]] = {}
    for dz in range(-deep, deep + 1):
        for dy in range(-high, high + 1):
            rest = limit - (dz * spacing[0]) ** 2 - (dy * spacing[1]) ** 2
            if rest >= 0:
                rows.setdefault(int(np.count_nonzero(across <= rest)) - 1, []).append((dz, dy))
    return sorted(rows.items())


def _longer(where: Array, by: int) -> Array:
    """Rows along x of true voxels (Z, Y, X), longer by some voxels at both ends."""
    for _ in range(by):
        longer = where.copy()
        longer[:, :, 1:] |= where[:, :, :-1]
        longer[:, :, :-1] |= where[:, :, 1:]
        where = longer
    return where


def _or_moved(found: Array, packed: Array, dz: int, dy: int) -> None:
    """Add rows, moved by some voxels along z and y, to those that were found."""
    depth, height = found.shape[:2]
    to, own = [], []
    for by, size in ((dz, depth), (dy, height)):
        to.append(slice(max(by, 0), max(size + min(by, 0), 0)))
        own.append(slice(max(-by, 0), max(size - max(by, 0), 0)))
    found[to[0], to[1]] |= packed[own[0], own[1]]


def _box(mask: Array, label: int, margin: Sequence[int]) -> Box | None:
    """The box around a structure that can change; None if there is no such structure."""
    box = label_box(mask, label)
    return None if box is None else widen(box, margin, mask.shape)
