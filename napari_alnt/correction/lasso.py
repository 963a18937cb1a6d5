"""Erasing and filling inside a line that is drawn around something."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_alnt.correction.boxes import Array, Box, require_axis, voxels_of
from napari_alnt.correction.edit import Edit
from napari_alnt.correction.limits import NO_LIMITS, Limits


def lasso(
    mask: Array,
    polygon: Sequence[Sequence[float]],
    label: int,
    axis: int = 0,
    first: int = 0,
    last: int | None = None,
    only: int | None = None,
    limits: Limits = NO_LIMITS,
) -> Edit:
    """Erase or fill inside a polygon, through slices.

    A voxel is inside if a line from its centre leaves the polygon at an odd number of places.

    Parameters
    ----------
    mask
        Label values (Z, Y, X), not changed.
    polygon
        Its corners in voxels, along the two axes of the slice in the order z, y, x; it is closed
        from the last one to the first.
    label
        What the voxels get; 0 erases.
    axis
        Across the slices.
    first, last
        The slices, by their indices along the axis; None for the volume's last one.
    only
        The label that is overwritten; None for all.
    limits
        What is left alone.

    Raises
    ------
    AlntError
        If there is no such axis, or the mask cannot hold the label.
    """
    require_axis(axis)
    count = mask.shape[axis]
    sides = [size for other, size in enumerate(mask.shape) if other != axis]
    corners = np.array(polygon, float).reshape(-1, 2)
    h, w = _sides(corners, sides)
    last = count - 1 if last is None else last
    parts = [h, w]
    parts.insert(axis, slice(max(first, 0), max(min(last + 1, count), 0)))
    box: Box = (parts[0], parts[1], parts[2])
    if not voxels_of(box):
        return Edit.nothing(mask)
    where = np.expand_dims(inside_polygon(corners, h, w), axis)
    if only is not None:
        where = where & (mask[box] == only)
    return limits.put(mask, box, where, label)


def _sides(corners: Array, sizes: Sequence[int]) -> tuple[slice, slice]:
    """The box (h, w) around corners in a slice of some size."""
    if len(corners) < 3:
        return slice(0, 0), slice(0, 0)
    low, high = np.ceil(corners.min(axis=0)), np.floor(corners.max(axis=0)) + 1
    starts = np.clip(low, 0, sizes).astype(int).tolist()
    stops = np.clip(high, 0, sizes).astype(int).tolist()
    return slice(starts[0], stops[0]), slice(starts[1], stops[1])


def inside_polygon(corners: Array, h: slice, w: slice) -> Array:
    """Which pixels of a part (h, w) of a slice lie inside a polygon of corners (N, 2), bool."""
    start, end = corners, np.roll(corners, -1, axis=0)
    low, high = np.minimum(start[:, 0], end[:, 0]), np.maximum(start[:, 0], end[:, 0])
    # rows that each side crosses: low < row <= high, so that a corner is crossed once
    begins = np.maximum(np.floor(low).astype(int) + 1, h.start)
    counts = np.maximum(np.minimum(np.floor(high).astype(int) + 1, h.stop) - begins, 0)
    side = np.repeat(np.arange(len(corners)), counts)
    rows = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    rows += np.repeat(begins, counts)
    slope = (end[side, 1] - start[side, 1]) / (end[side, 0] - start[side, 0])
    crossed = start[side, 1] + (rows - start[side, 0]) * slope
    columns = np.clip(np.ceil(crossed) - w.start, 0, w.stop - w.start).astype(int)
    turns = np.zeros((h.stop - h.start, w.stop - w.start + 1), np.int64)
    np.add.at(turns, (rows - h.start, columns), 1)
    odd: Array = np.cumsum(turns, axis=1)[:, :-1] % 2 == 1
    return odd
