"""One stroke of a round brush in a slice of any plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data import Array, Shape, Triple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_alnt.widgets.planes.plane import Plane


class PlaneStroke:
    """What a brush has covered since its button was pressed.

    Parameters
    ----------
    plane, index : the slice
    shape, spacing : of the volume: voxels, and mm between them (z, y, x)
    width : of the brush, in mm; it is round on the screen, however large the voxels are

    Attributes
    ----------
    covered : bool, one for each voxel of the slice, in the order of the array's axes
    is_dab : whether the brush has hardly moved, as in a click
    """

    def __init__(
        self, plane: Plane, index: int, shape: Shape, spacing: Triple, width: float
    ) -> None:
        self._plane = plane
        self._index = index
        self._axes = (plane.vertical, plane.horizontal)
        self._spacing = np.array([spacing[axis] for axis in self._axes])
        self._radius = width / 2
        self._first: Array | None = None
        self._last: Array | None = None
        self.is_dab = True
        self.covered = np.zeros([shape[axis] for axis in self._axes], bool)

    def move(self, place: Sequence[float]) -> None:
        """Go on to a place (z, y, x) in voxels, in a straight line."""
        here = np.array([place[axis] for axis in self._axes], float)
        start = here if self._last is None else self._last
        self._last = here
        self._first = here if self._first is None else self._first
        self.is_dab &= bool((np.abs(here - self._first) * self._spacing < self._radius).all())
        reach = self._radius / self._spacing
        # a brush that is finer than a voxel covers the one it is in
        low = np.floor(np.minimum(start, here) - reach + 0.5).astype(int)
        high = np.floor(np.maximum(start, here) + reach + 0.5).astype(int) + 1
        low, high = np.clip(low, 0, self.covered.shape), np.clip(high, 0, self.covered.shape)
        rows, columns = (np.arange(*ends) for ends in zip(low, high, strict=True))
        part = self.covered[low[0] : high[0], low[1] : high[1]]
        away = _distance(rows, columns, start, here, self._spacing)
        part |= away <= self._radius
        for end in (start, here):
            at = np.rint(end).astype(int)
            if (at >= 0).all() and (at < self.covered.shape).all():
                self.covered[tuple(at)] = True

    def indices(self) -> tuple[Array, Array, Array]:
        """The voxels that were covered, as index arrays (z, y, x)."""
        found = dict(zip(self._axes, np.nonzero(self.covered), strict=True))
        count = len(found[self._axes[0]])
        found[self._plane.axis] = np.full(count, self._index)
        return found[0], found[1], found[2]


def _distance(rows: Array, columns: Array, start: Array, end: Array, spacing: Array) -> Array:
    """How far each voxel lies from a line, in mm; (rows, columns)."""
    way = (end - start) * spacing
    from_start = [
        (rows[:, None] - start[0]) * spacing[0], (columns[None] - start[1]) * spacing[1]
    ]  # fmt: skip
    along = (from_start[0] * way[0] + from_start[1] * way[1]) / max(float(way @ way), 1e-12)
    along = np.clip(along, 0, 1)
    away = np.hypot(from_start[0] - along * way[0], from_start[1] - along * way[1])
    return np.asarray(away)
