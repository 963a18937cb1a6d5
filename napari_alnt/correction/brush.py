"""A brush whose size is in mm: a disc in a slice of any plane, or a ball."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from napari_alnt.correction.boxes import (
    Array,
    Box,
    Triple,
    box_between,
    inside,
    require_axis,
    union,
    voxels_of,
)
from napari_alnt.correction.edit import Edit
from napari_alnt.correction.limits import NO_LIMITS, Limits
from napari_alnt.correction.lines import mark, run_through
from napari_alnt.errors import AlntError


def stroke(
    mask: Array,
    points: Sequence[Sequence[float]],
    label: int,
    radius: float,
    spacing: Triple,
    axis: int | None = None,
    limits: Limits = NO_LIMITS,
) -> Edit:
    """Paint along a line, without gaps.

    A voxel is painted if its centre is at most ``radius`` mm from the line, or if the line, looked
    at twice a voxel, runs through it.

    Parameters
    ----------
    mask
        Label values (Z, Y, X), not changed.
    points
        Corners (z, y, x) of the line in voxels, at least one; parts outside the mask paint nothing.
    label
        What is painted; 0 erases.
    radius
        Of the brush, in mm.
    spacing
        Voxel size (z, y, x) in mm.
    axis
        Across the slice that is painted in, which is the first point's; None for a ball.
    limits
        What is left alone.

    Raises
    ------
    AlntError
        If there is no point, or the radius is none.
    """
    line = _line(points, radius)
    if axis is not None:
        require_axis(axis)
        line[:, axis] = np.floor(line[0, axis] + 0.5)
    reach = [radius / size if other != axis else 0.0 for other, size in enumerate(spacing)]
    parts = list(_parts(line))
    boxes = [_around(part, reach, mask.shape) for part in parts]
    box = boxes[0]
    for other in boxes[1:]:
        box = union(box, other)
    if not voxels_of(box):
        return Edit.nothing(mask)
    where = np.zeros([part.stop - part.start for part in box], bool)
    for part, own in zip(parts, boxes, strict=True):
        if voxels_of(own):
            where[inside(own, box)] |= _near(own, part, radius, spacing)
    mark(where, run_through(line) - [one.start for one in box])
    return limits.put(mask, box, where, label)


def _line(points: Sequence[Sequence[float]], radius: float) -> Array:
    if not len(points):
        raise AlntError("A stroke needs a point; paint on the picture.")
    if not 0 <= radius < np.inf:
        raise AlntError(f"A brush cannot have a radius of {radius} mm; choose one above 0.")
    return np.array(points, float).reshape(-1, 3)


def _parts(line: Array) -> Iterator[tuple[Array, Array]]:
    """The straight parts of a line, from one point to the next; a point alone is one."""
    if len(line) == 1:
        yield line[0], line[0]
    yield from pairwise(line)


def _around(part: tuple[Array, Array], reach: Sequence[float], shape: Sequence[int]) -> Box:
    """The box of the voxels that a straight part can reach."""
    # half a voxel more, for those that the line runs through
    more = np.maximum(reach, 0.5)
    return box_between(np.minimum(*part) - more, np.maximum(*part) + more, shape)


def _near(box: Box, part: tuple[Array, Array], radius: float, spacing: Triple) -> Array:
    """Voxels of a box whose centre is at most a radius in mm from a straight part, bool."""
    start, end = (point * spacing for point in part)
    ahead = end - start
    # from the start to each voxel, along each axis
    z, y, x = (
        (np.arange(one.start, one.stop) * size - first).reshape(form)
        for one, size, first, form in zip(
            box, spacing, start, ((-1, 1, 1), (1, -1, 1), (1, 1, -1)), strict=True
        )
    )
    length = float(ahead @ ahead)
    along = (z * ahead[0] + y * ahead[1] + x * ahead[2]) / length if length else 0.0
    share = np.clip(along, 0, 1)
    distance = (z - share * ahead[0]) ** 2 + (y - share * ahead[1]) ** 2
    distance = distance + (x - share * ahead[2]) ** 2
    near: Array = distance <= radius**2 * (1 + 1e-9)
    return near
