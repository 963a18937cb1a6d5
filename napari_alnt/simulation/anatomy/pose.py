"""No patient is symmetric or lies straight: the drawn chest is bent a little, smoothly."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy import ndimage

from napari_alnt.data import Array
from napari_alnt.simulation.anatomy.space import Space

WAVE, SHIFT = 32.0, 3.2
"""Length in mm over which the bend changes, and its standard deviation in mm."""
TURN = 0.025
"""Standard deviation of the turn about the long axis, in radians."""


def bend(space: Space, rng: np.random.Generator) -> Array:
    """Where each voxel comes from, in voxels, float32 (3, Z, Y, X)."""
    coarse = tuple(max(int(np.ceil(n * mm / WAVE)) + 3, 4) for n, mm in _extent(space))
    knots = rng.normal(0, SHIFT, (3, *coarse))
    knots[0] *= 0.7
    turn = np.float32(rng.normal(0, TURN))
    sources = []
    places = (space.z, space.y - turn * space.x, space.x + turn * space.y)
    for knot, place, (n, step) in zip(knots, places, _extent(space), strict=True):
        shift = _spread(knot, space)
        sources.append((place + shift) / step + (n - 1) / 2)
    return np.stack(np.broadcast_arrays(*sources)).astype(np.float32)


def _extent(space: Space) -> list[tuple[int, float]]:
    return list(zip(space.shape, space.step, strict=True))


def _spread(knots: Array, space: Space) -> Array:
    """Knots (a, b, c) as a smooth field on the grid."""
    field = knots
    for axis, n in enumerate(space.shape):
        at = np.linspace(1, knots.shape[axis] - 2, n)
        first = np.floor(at).astype(int).clip(1, knots.shape[axis] - 3)
        share = at - first
        # cubic B-splines
        weights = (
            (1 - share) ** 3,
            3 * share**3 - 6 * share**2 + 4,
            -3 * share**3 + 3 * share**2 + 3 * share + 1,
            share**3,
        )
        shape = tuple(n if other == axis else 1 for other in range(3))
        field = sum(
            (weight / 6).reshape(shape) * np.take(field, first + offset, axis)
            for weight, offset in zip(weights, (-1, 0, 1, 2), strict=True)
        )
    return field.astype(np.float32)


def bent(image: Array, sources: Array, outside: float) -> Array:
    """An image with its voxels taken from ``sources``, between voxels as a straight line."""
    return cast(
        "Array", ndimage.map_coordinates(image, sources, order=1, mode="constant", cval=outside)
    )


def bent_labels(labels: Array, sources: Array) -> Array:
    """Labels with their voxels taken from the voxel nearest to ``sources``; 0 outside."""
    index = np.rint(sources).astype(np.intp)
    inside = np.ones(labels.shape, bool)
    for axis, size in enumerate(labels.shape):
        inside &= (index[axis] >= 0) & (index[axis] < size)
        np.clip(index[axis], 0, size - 1, out=index[axis])
    return np.where(inside, labels[tuple(index)], 0).astype(labels.dtype)
