"""The surface of a mask as points with normals, and its picture from any side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_alnt.data import Array, Triple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_alnt.widgets.planes.plane_picture import RGBA

FINEST = 110
"""Points along the longest side of a volume."""
SMALLEST = 30.0
"""Millimetres that are shown at least, however small the structures are."""
LIGHT = np.array([-0.35, -0.75, 0.55])
"""From where the light comes: the left of the screen, the viewer, above; (right, away, up)."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Points on the surface of the structures of a mask.

    Attributes
    ----------
    places : mm from the middle of all of them, to the patient's left, back and head; (N, 3)
    normals : of unit length, outwards; (N, 3)
    labels : which structure each belongs to; (N,)
    apart : mm between neighbouring points
    size : mm from corner to corner of the box around them
    """

    places: Array
    normals: Array
    labels: Array
    apart: float
    size: float


def surface_of(mask: Array, spacing: Triple, labels: Sequence[int]) -> Surface:
    """The surface of some structures.

    Parameters
    ----------
    mask : labels (Z, Y, X)
    spacing : mm between voxels (z, y, x)
    labels : the structures that are looked at; unknown is none
    """
    extent = np.array(mask.shape) * np.array(spacing)
    finest = float(extent.max()) / FINEST
    steps = [max(round(finest / one), 1) for one in spacing]
    apart = np.array(spacing) * steps
    some = np.asarray(mask[tuple(slice(step // 2, None, step) for step in steps)])
    found = [_surface_of_label(some == label, apart, label) for label in labels]
    places, normals, values = (np.concatenate(part) for part in zip(*found, strict=True))
    ends = (places.min(0), places.max(0)) if len(places) else (np.zeros(3), np.zeros(3))
    return Surface(
        (places - (ends[0] + ends[1]) / 2)[:, ::-1],
        normals[:, ::-1],
        values,
        float(apart.max()),
        max(float(np.linalg.norm(ends[1] - ends[0])), SMALLEST),
    )


def _surface_of_label(inside: Array, apart: Array, label: int) -> tuple[Array, Array, Array]:
    """Places and normals (N, 3), along z, y, x, and the label of each point."""
    boxes = ndimage.find_objects(inside.astype(np.uint8))
    if not boxes:
        return np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0, int)
    low = np.array([max(one.start - 2, 0) for one in boxes[0]])
    part = inside[tuple(slice(max(one.start - 2, 0), one.stop + 2) for one in boxes[0])]
    at = np.argwhere(part & ~ndimage.binary_erosion(part))
    smooth = ndimage.gaussian_filter(part.astype(np.float32), 1.2, mode="constant")
    slopes = np.gradient(np.pad(smooth, 1))
    normals = -np.stack([slope[1:-1, 1:-1, 1:-1][tuple(at.T)] for slope in slopes], 1) / apart
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    return (at + low) * apart, normals, np.full(len(at), label)


def picture(
    surface: Surface,
    colours: Mapping[int, RGBA],
    size: tuple[int, int],
    turn: float = 0.0,
    tilt: float = 0.0,
) -> Array:
    """A surface as seen from the front, turned about the patient's long axis.

    Parameters
    ----------
    surface : what is drawn
    colours : of each label
    size : width and height of the picture, in pixels
    turn, tilt : degrees to the side and upwards from which it is seen

    Returns
    -------
    picture : uint8 (height, width, 4), clear beside the surface
    """
    wide, high = size
    shown = np.zeros((high, wide, 4), np.uint8)
    if not len(surface.places):
        return shown
    way = _rotation(turn, tilt)
    right, away, up = (surface.places @ way.T).T
    zoom = 0.9 * min(wide, high) / surface.size
    order = np.argsort(-away)  # what is nearer is drawn later
    shade = 0.35 + 0.65 * np.clip((surface.normals @ way.T) @ (LIGHT / np.linalg.norm(LIGHT)), 0, 1)
    table = np.zeros((int(surface.labels.max()) + 1, 3))
    for label, colour in colours.items():
        if label < len(table):
            table[label] = colour[:3]
    tints = (table[surface.labels] * shade[:, None]).astype(np.uint8)[order]
    # as large as the gaps between the points
    dot = max(int(np.ceil(surface.apart * zoom * 1.3)), 1)
    x = np.floor(wide / 2 + right * zoom - dot / 2).astype(int)[order]
    y = np.floor(high / 2 - up * zoom - dot / 2).astype(int)[order]
    _stamp(shown, x, y, tints, dot)
    return shown


def _stamp(shown: Array, x: Array, y: Array, tints: Array, dot: int) -> None:
    """Put a square of ``dot`` pixels for each point; the last one put lies on top."""
    high, wide = shown.shape[:2]
    steps = np.arange(dot)
    rows = (y[:, None, None] + steps[None, :, None]).repeat(dot, 2).ravel()
    columns = (x[:, None, None] + steps[None, None, :]).repeat(dot, 1).ravel()
    inside = (rows >= 0) & (rows < high) & (columns >= 0) & (columns < wide)
    pixels = (rows * wide + columns)[inside]
    points = np.arange(len(x)).repeat(dot * dot)[inside]
    # numpy does not say which of several values for one pixel an assignment keeps
    nearest = np.full(high * wide, -1)
    np.maximum.at(nearest, pixels, points)
    seen = np.flatnonzero(nearest >= 0)
    flat = shown.reshape(-1, 4)
    flat[seen, :3] = tints[nearest[seen]]
    flat[seen, 3] = 255


def _rotation(turn: float, tilt: float) -> Array:
    """From (left of the patient, back, head) to (right, away, up) of the screen."""
    a, b = np.radians([turn, -tilt])
    about = np.array([[np.cos(a), np.sin(a), 0], [-np.sin(a), np.cos(a), 0], [0, 0, 1]])
    over = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    return np.asarray(over @ about)
