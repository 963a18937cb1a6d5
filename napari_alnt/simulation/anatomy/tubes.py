"""Tubes of changing thickness: vessels, airways, the gullet, the collar bones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from napari_alnt.data import Array
from napari_alnt.simulation.anatomy.space import Point, Space

Tube = tuple[Array, Array]
"""Points (n, 3) as x, y, z in mm, and the radius at each of them, (n,), in mm."""


def tube(points: Sequence[Point], radii: Sequence[float]) -> Tube:
    """A rounded line through some points, with a radius at each of them."""
    knots = np.array(points, float)
    lengths = np.linalg.norm(np.diff(knots, axis=0), axis=1)
    place = np.concatenate([[0], np.cumsum(lengths)])
    step = max(min(radii) / 2.5, 0.9)
    dense = np.linspace(0, place[-1], max(int(place[-1] / step), 1) + 1)
    line = np.stack([np.interp(dense, place, knots[:, axis]) for axis in range(3)], 1)
    # a vessel bends, it has no corners
    line = ndimage.gaussian_filter1d(line, 0.15 * lengths.mean() / step, axis=0, mode="nearest")
    return line, np.interp(dense, place, radii)


def joined(tubes: Sequence[Tube], wider: float = 0.0) -> Tube:
    """Several tubes as one, with ``wider`` mm more radius."""
    points, radii = zip(*tubes, strict=True)
    return np.concatenate(points), np.concatenate(radii) + wider


def stamp(space: Space, line: Tube) -> Array:
    """The part of each voxel that a tube fills, 0…1, (Z, Y, X)."""
    points, radii = line
    cover = np.zeros(space.shape, np.float32)
    step, pixel = np.array(space.step), space.pixel
    origin = np.array([space.z.flat[0], space.y.flat[0], space.x.flat[0]])
    places = (points[:, ::-1] - origin) / step
    reaches = np.ceil((radii[:, None] + pixel / 2) / step).astype(int)
    for reach in np.unique(reaches, axis=0):
        here = (reaches == reach).all(1)
        around = [np.arange(-size, size + 1) for size in reach]
        offsets = np.stack(np.meshgrid(*around, indexing="ij"), -1).reshape(-1, 3)
        voxels = np.rint(places[here]).astype(int)[:, None] + offsets
        distance = np.linalg.norm((voxels - places[here][:, None]) * step, axis=-1)
        radius = radii[here][:, None]
        part = np.clip((np.maximum(radius, pixel / 2) - distance) / pixel + 0.5, 0, 1)
        # a thread that is thinner than a voxel fills only some of it
        part *= np.minimum((radius / (0.6 * pixel)) ** 2, 1)
        inside = ((voxels >= 0) & (voxels < space.shape)).all(-1)
        flat = np.ravel_multi_index(tuple(voxels[inside].T), space.shape)
        np.maximum.at(cover.ravel(), flat, part[inside].astype(np.float32))
    return cover
