"""The grid in mm of an average patient, and the shapes that are drawn on it.

x grows to the patient's left, y to the back, z to the head; 0 is the middle of the chest. A shape
is a *depth*: mm below its surface, negative outside. A *cover* is the part of each voxel that a
shape fills, 0…1, so that thin structures become as faint as in a real scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from napari_alnt.data import Array, Shape, Triple

Box = tuple[slice, slice, slice]
Point = tuple[float, float, float]
"""x, y, z in mm."""

Flat = tuple[Array | float, Array | float]
"""x and y in mm, which may differ from level to level, (Z, 1, 1)."""


@dataclass(frozen=True)
class Space:
    """Coordinates of every voxel.

    Attributes
    ----------
    z, y, x : mm, float32 of shapes (Z, 1, 1), (1, Y, 1) and (1, 1, X)
    step : distance of two voxels (z, y, x) in mm
    """

    z: Array
    y: Array
    x: Array
    step: Triple

    @classmethod
    def new(cls, shape: Shape, spacing: Triple, size: Triple = (1.0, 1.0, 1.0)) -> Space:
        """A grid around 0; a patient of ``size`` 1.1 is 10 % larger than the average."""
        step = tuple(mm / scale for mm, scale in zip(spacing, size, strict=True))
        z, y, x = (
            ((np.arange(n) - (n - 1) / 2) * mm).astype(np.float32)
            for n, mm in zip(shape, step, strict=True)
        )
        return cls(z[:, None, None], y[None, :, None], x, cast("Triple", step))

    @property
    def shape(self) -> Shape:
        """Number of voxels (z, y, x)."""
        return self.z.size, self.y.size, self.x.size

    @property
    def pixel(self) -> float:
        """Edge in mm of a cube as large as a voxel."""
        return float(np.prod(self.step) ** (1 / 3))

    def box(self, low: Point, high: Point) -> Box:
        """The voxels between two corners (x, y, z) in mm, and one voxel more on every side."""
        axes = (self.z.ravel(), self.y.ravel(), self.x.ravel())
        slices = []
        for axis, step, a, b in zip(axes, self.step, low[::-1], high[::-1], strict=True):
            first = int(np.searchsorted(axis, a - 1.5 * step))
            slices.append(slice(first, max(int(np.searchsorted(axis, b + 1.5 * step)), first)))
        return cast("Box", tuple(slices))

    def part(self, box: Box) -> Space:
        """The grid of a box."""
        return Space(self.z[box[0]], self.y[:, box[1]], self.x[box[2]], self.step)

    def along(self, *knots: tuple[float, float]) -> Array:
        """A number for every level, (Z, 1, 1), from its values at some z, with straight lines
        between them.
        """
        heights, values = zip(*sorted(knots), strict=True)
        return np.asarray(np.interp(self.z, heights, values), np.float32)

    def cover(self, depth: Array) -> Array:
        """The part of each voxel that a shape fills, from its depth."""
        return np.clip(depth / np.float32(self.pixel) + np.float32(0.5), 0, 1)


def paint(hu: Array, cover: Array, value: Array | float) -> None:
    """Fill the covered part of each voxel with ``value`` HU, in place."""
    hu += cover * (value - hu)


def ring(space: Space, wide: Array, front: Array, back: Array, power: float) -> Array:
    """Depth of a tube whose slices are superellipses; ``wide`` is half their width, all in mm."""
    x, y = np.abs(space.x), space.y - (front + back) / 2
    tall = (back - front) / 2
    round_ = ((x / wide) ** power + (np.abs(y) / tall) ** power) ** np.float32(1 / power)
    # along the ray from the middle, which is near enough to the distance from the surface
    return np.hypot(x, y) * (1 / np.maximum(round_, 1e-2) - 1)


def ellipsoid(
    space: Space, centre: Point, radii: Point, axes: Sequence[Point] = ((1, 0, 0), (0, 1, 0))
) -> tuple[Box, Array]:
    """The box of an ellipsoid and its depth there; ``axes`` are the directions of the first two
    radii.
    """
    reach = max(radii) if tuple(axes) != ((1, 0, 0), (0, 1, 0)) else np.array(radii)
    middle = np.array(centre)
    box = space.box(tuple(middle - reach), tuple(middle + reach))
    part = space.part(box)
    first, second = (np.array(axis) / np.linalg.norm(axis) for axis in axes)
    squares: Array = np.zeros(1, np.float32)
    for axis, radius in zip((first, second, np.cross(first, second)), radii, strict=True):
        a, b, c = (np.float32(number / radius) for number in axis)
        along = a * (part.x - centre[0]) + b * (part.y - centre[1]) + c * (part.z - centre[2])
        squares = squares + along**2
    return box, np.float32(min(radii)) * (1 - np.sqrt(squares))


def bar(space: Space, one: Flat, other: Flat, radius: float) -> Array:
    """Depth of a plate that is in every slice a line between two points (x, y), with round ends."""
    x, y = space.x - one[0], space.y - one[1]
    to_x, to_y = other[0] - one[0], other[1] - one[1]
    share = np.clip((x * to_x + y * to_y) / np.maximum(to_x**2 + to_y**2, 1e-3), 0, 1)
    return cast("Array", radius - np.hypot(x - share * to_x, y - share * to_y))
