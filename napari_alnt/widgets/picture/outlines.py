"""Thin outlines of the structures in a slice, as lines between its voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from skimage.measure import find_contours

from napari_alnt.data import Array

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 4000
"""Points of one mask's outlines in a slice above which they are not drawn as lines."""

STEPS = (0.5, -0.52, 0.5, -0.52)
"""How far each corner of a line goes to the middle of its neighbours, time after time."""
FEW = 8
"""Corners below which a line is left as it is: those of two voxels are all corners."""
FINEST = 6000
"""Pieces that one line is cut into at most, to dash it."""


def outlines(labels: Array, values: Iterable[int]) -> list[tuple[int, Array]] | None:
    """The outlines of the structures in a slice.

    Parameters
    ----------
    labels : (rows, columns)
    values : the labels that are outlined

    Returns
    -------
    outlines : for each closed line its label and its corners (N, 2), as row and column of voxels,
        whose middles are whole numbers; None where there are more than :data:`MOST` corners. It is
        smoothed, and stays within half a voxel of where the mask ends
    """
    found: list[tuple[int, Array]] = []
    count = 0
    for value in values:
        inside = labels == value
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        if not len(rows):
            continue
        first = np.array([rows[0], columns[0]])
        # with a border, so that structures at the edge of the picture are closed too
        part = np.pad(inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1)
        count += _changes(part)
        if count > MOST:
            return None
        lines = find_contours(part.view(np.uint8), 0.5)
        found += [(value, smoothed(line) + first - 1) for line in lines]
    return found


def smoothed(line: Array) -> Array:
    """A closed line (N, 2) without the stairs that voxels make, and as large as before."""
    corners = line[:-1]
    if len(corners) < FEW:
        return line
    # in turns, as the first alone would let small structures shrink
    for part in STEPS:
        between = (np.roll(corners, 1, axis=0) + np.roll(corners, -1, axis=0)) / 2
        corners = corners + part * (between - corners)
    return np.concatenate([corners, corners[:1]])


def _changes(inside: Array) -> int:
    """Neighbours of which one is inside, and one is not."""
    down, right = inside[1:] != inside[:-1], inside[:, 1:] != inside[:, :-1]
    return int(np.count_nonzero(down) + np.count_nonzero(right))


def segments(line: Array, dash: float = 0.0) -> Array:
    """A line as pieces of two ends each.

    Parameters
    ----------
    line : its corners (N, 2)
    dash : length of a dash and of the gap after it, as the corners are measured; 0 for none

    Returns
    -------
    ends : (2 M, 2), two after two
    """
    if dash > 0 and len(line) > 1:
        return _dashes(line, dash)
    return np.stack([line[:-1], line[1:]], axis=1).reshape(-1, 2)


def _dashes(line: Array, dash: float) -> Array:
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    # a few pieces to a dash, so that it goes round corners
    count = int(np.clip(np.ceil(3 * along[-1] / dash), 6, FINEST))
    places = np.linspace(0, along[-1], count + 1)
    line = np.stack([np.interp(places, along, axis) for axis in line.T], axis=1)
    pieces = np.stack([line[:-1], line[1:]], axis=1)
    middles = (places[:-1] + places[1:]) / 2
    dash = max(dash, float(along[-1]) / count)
    dashes: Array = pieces[(middles // dash).astype(int) % 2 == 0].reshape(-1, 2)
    return dashes
