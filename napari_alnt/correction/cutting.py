"""Splitting a part of a structure by a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from napari_alnt.correction.boxes import Array, Triple, require_axis, voxel_at
from napari_alnt.correction.components import component_at, parts_of
from napari_alnt.correction.edit import Edit
from napari_alnt.correction.limits import NO_LIMITS, Limits
from napari_alnt.correction.lines import mark, run_through


def cut(
    mask: Array,
    point: Sequence[float],
    line: Sequence[Sequence[float]],
    spacing: Triple,
    axis: int = 0,
    to: int = 0,
    limits: Limits = NO_LIMITS,
) -> Edit:
    """Cut the part of a structure that a click is on in two, and relabel the smaller one.

    The line cuts through all slices of the part. The voxels that it runs through are taken out (a
    wall whose voxels share sides, which no connection by a corner can pass); the two largest of the
    pieces that are left (26 neighbours) are the two parts, and every other voxel goes with the part
    that is nearer in mm, with the larger one if both are equally near. Of two equally large pieces
    the first in scan order is taken for the larger. A line that divides nothing changes nothing.

    Parameters
    ----------
    mask
        Label values (Z, Y, X), not changed.
    point
        (z, y, x) in voxels.
    line
        Its corners in voxels, along the two axes of the slice in the order z, y, x; it ought to
        begin and end outside the part.
    spacing
        Voxel size (z, y, x) in mm.
    axis
        Across the slices.
    to
        What the smaller part becomes; 0 removes it.
    limits
        What is left alone.

    Raises
    ------
    AlntError
        If the click is outside the mask, or the mask cannot hold the label.
    """
    require_axis(axis)
    label = int(mask[voxel_at(point, mask.shape)])
    if not label or limits.keeps(label) or len(line) < 2:
        return Edit.nothing(mask)
    box, voxels = component_at(mask, point)
    sides = [part for other, part in enumerate(box) if other != axis]
    wall = _wall(np.array(line, float).reshape(-1, 2), sides[0], sides[1])
    pieces, count = parts_of(voxels & ~np.expand_dims(wall, axis))
    if count < 2:
        return Edit.nothing(mask)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    # a stable sort, so that of two equal ones the first comes first
    large, small = (int(number) + 1 for number in np.argsort(-sizes, kind="stable")[:2])
    smaller = pieces == small
    larger = pieces == large
    rest = np.argwhere(voxels & ~smaller & ~larger)
    if len(rest):
        near = _distances(rest, smaller, spacing) < _distances(rest, larger, spacing) * (1 - 1e-9)
        smaller[tuple(rest[near].T)] = True
    return limits.put(mask, box, smaller, to)


def _wall(line: Array, h: slice, w: slice) -> Array:
    """The pixels of a part (h, w) of a slice that a line (N, 2) runs through, side by side."""
    wall = np.zeros((h.stop - h.start, w.stop - w.start), bool)
    places = run_through(line) - [h.start, w.start]
    mark(wall, places)
    # a step across a corner gets the pixel beside it too
    mark(wall, np.stack([places[1:, 0], places[:-1, 1]], axis=1))
    return wall


def _distances(places: Array, part: Array, spacing: Triple) -> Array:
    """How far places (N, 3) are from the nearest voxel of a part (Z, Y, X), in mm."""
    # the nearest voxel has a side that is not the part's
    deep = np.zeros_like(part)
    core = part[1:-1, 1:-1, 1:-1].copy()
    for axis in range(3):
        for shift in (slice(None, -2), slice(2, None)):
            moved = [slice(1, -1)] * 3
            moved[axis] = shift
            core &= part[tuple(moved)]
    deep[1:-1, 1:-1, 1:-1] = core
    distances: Array = cKDTree(np.argwhere(part & ~deep) * spacing).query(places * spacing)[0]
    return distances
