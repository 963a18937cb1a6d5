"""The kinds of simulated label noise: eight ways in which a mask can be wrong, each in any
strength.

Whatever a kind draws at random it draws before it measures the mask, so that one seed errs in one
direction in every case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import ndimage

from napari_alnt.data import Array, Triple
from napari_alnt.simulation.correction_cost import CUBE, box_around

GAIN = 0.12
LOSS = 0.06
"""Shares of a label's volume that one step of strength adds or takes away; ten steps leave a Dice
of about 0.6.
"""


@dataclass(frozen=True)
class LabelledScan:
    """What a kind of corruption works on.

    Attributes
    ----------
    labels : label values, (Z, Y, X)
    image : intensities of any unit, (Z, Y, X)
    spacing : voxel size (z, y, x) in mm
    """

    labels: Array
    image: Array
    spacing: Triple


Kind = Callable[[LabelledScan, int, np.random.Generator], Array]
"""Makes corrupted labels (Z, Y, X) of a scan, a strength from 1 to 12 and random numbers."""


def _missed(scan: LabelledScan, strength: int, rng: np.random.Generator) -> Array:
    """Leave out the largest pieces, or a part beyond a plane where nearly all is one piece."""
    direction = _direction(rng)
    pieces, count = ndimage.label(scan.labels > 0)
    sizes = np.bincount(pieces.ravel())[1:]
    if sizes.max() > 0.75 * sizes.sum():
        largest = pieces == np.argmax(sizes) + 1
        gone = _beyond(largest, scan.spacing, direction, strength / 13)
    else:
        gone = np.isin(np.arange(count + 1), _largest(sizes, strength))[pieces]
    return np.where(gone, 0, scan.labels).astype(scan.labels.dtype)


def _hallucinated(scan: LabelledScan, strength: int, rng: np.random.Generator) -> Array:
    """Add one to three pieces of each label, away from the truth, on tissue that looks alike."""
    wanted = rng.random((int(rng.integers(1, 4)), 3)) * scan.labels.shape
    added = scan.labels.copy()
    away = ~ndimage.binary_dilation(scan.labels > 0, CUBE, iterations=2)
    diagonal = float(np.linalg.norm(np.multiply(scan.labels.shape, scan.spacing)))
    for value, volume in _volumes(scan.labels):
        unlike = _unlikeness(scan.image, scan.labels == value)
        # a place far from the wanted one is better than other tissue at the wanted one
        penalty = np.maximum(unlike, 1) * diagonal / 2
        size = max(round(GAIN * strength * volume / len(wanted)), 1)
        for place in wanted:
            free = away & (added == 0)
            cost = _distance(added.shape, place, scan.spacing) + penalty
            start = np.unravel_index(np.argmin(np.where(free, cost, np.inf)), added.shape)
            added = _with_lump(added, free, unlike, start, scan.spacing, size, value)
    return added


def _leak(scan: LabelledScan, strength: int, rng: np.random.Generator) -> Array:
    """Run on from one place of the edge, through neighbouring voxels of similar intensity."""
    direction = _direction(rng)
    leaked = scan.labels.copy()
    for value, volume in _volumes(scan.labels):
        size = max(round(GAIN * strength * volume), 1)
        reachable, border = _reachable(scan.image, scan.labels == value, leaked == 0, size)
        if len(border) == 0:
            continue
        # the leak begins where the edge lies farthest along the direction, and fills what is near
        start = border[np.argmax(border @ (direction * scan.spacing))]
        cost = _distance(leaked.shape, start, scan.spacing)
        leaked.ravel()[_least(cost, np.flatnonzero(reachable), size)] = value
    return leaked


def _shifted(scan: LabelledScan, strength: int, rng: np.random.Generator) -> Array:
    """Move the mask, more within the slices than across them."""
    direction = _direction(rng) * (0.4, 1, 1)
    direction /= np.linalg.norm(direction)
    inside = scan.labels > 0
    box = box_around(inside)
    depth = ndimage.distance_transform_edt(inside[box], scan.spacing)
    # thicker structures need a longer way for the same Dice; half a voxel is the least that moves
    step = max(float(np.percentile(depth[depth > 0], 90)) / 8, min(scan.spacing[1:]) / 2)
    return _moved(scan.labels, np.rint(strength * step * direction / scan.spacing).astype(int))


def _eroded(scan: LabelledScan, strength: int, rng: np.random.Generator) -> Array:
    """Draw the outlines too tight."""
    box = box_around(scan.labels > 0)
    labels = scan.labels[box]
    inner = labels.copy()
    depth = ndimage.distance_transform_edt(labels > 0, scan.spacing)
    depth += _edge_noise(labels.shape, scan.spacing, rng)
    for value, volume in _volumes(labels):
        size = min(round(LOSS * strength * volume), volume - 1)  # no label goes altogether
        inner.ravel()[_least(depth, np.flatnonzero(labels == value), size)] = 0
    return _put(scan.labels, box, inner)


def _dilated(scan: LabelledScan, strength: int, rng: np.random.Generator) -> Array:
    """Draw the outlines too wide."""
    box = box_around(scan.labels > 0, 8)
    labels = scan.labels[box]
    outer = labels.copy()
    height, nearest = ndimage.distance_transform_edt(labels == 0, scan.spacing, return_indices=True)
    height += _edge_noise(labels.shape, scan.spacing, rng)
    # every voxel outside can only become the label that lies nearest to it
    owner = np.where(labels == 0, labels[tuple(nearest)], 0)
    for value, volume in _volumes(labels):
        size = max(round(GAIN * strength * volume), 1)
        outer.ravel()[_least(height, np.flatnonzero(owner == value), size)] = value
    return _put(scan.labels, box, outer)


def _truncated(scan: LabelledScan, strength: int, rng: np.random.Generator) -> Array:
    """Leave slices empty at one end, towards the feet or the head."""
    from_head = bool(rng.integers(2))
    used = np.flatnonzero(scan.labels.any(axis=(1, 2)))
    extent = int(used[-1] - used[0]) + 1
    lost = min(int(np.ceil(extent * strength / 14)), extent - 1)
    cut = scan.labels.copy()
    if lost:
        cut[slice(used[-1] + 1 - lost, None) if from_head else slice(None, used[0] + lost)] = 0
    return cut


def _swapped(scan: LabelledScan, strength: int, rng: np.random.Generator) -> Array:
    """Exchange two labels, beyond a plane or, from strength 10 on, everywhere."""
    direction = _direction(rng)
    draws = rng.random(256)
    values = [value for value, _ in _volumes(scan.labels)]
    if len(values) < 2:
        return scan.labels.copy()
    # drawn by value, so that a case without some third label swaps the same two
    one, other = sorted(values, key=lambda value: draws[value % 256])[:2]
    both = np.isin(scan.labels, (one, other))
    here = _beyond(both, scan.spacing, direction, min(strength / 10, 1))
    exchanged = one + other - scan.labels.astype(np.int64)
    return np.where(here, exchanged, scan.labels).astype(scan.labels.dtype)


CORRUPTIONS: dict[str, Kind] = {
    "missed": _missed,
    "hallucinated": _hallucinated,
    "leak": _leak,
    "shifted": _shifted,
    "eroded": _eroded,
    "dilated": _dilated,
    "truncated": _truncated,
    "swapped": _swapped,
}
"""What can be wrong with a teacher label. To add a kind, add its function here."""


# what the kinds are made of -----------------------------------------------------------------------


def smooth_noise(shape: tuple[int, ...], sigma: Any, rng: np.random.Generator) -> Array:
    """Noise of standard deviation 1 that keeps its sign over about ``sigma`` voxels, one number or
    one for each axis.
    """
    noise = rng.standard_normal(shape, np.float32)
    noise = ndimage.gaussian_filter(noise, sigma, mode="wrap")
    return cast("Array", noise / max(float(noise.std()), 1e-6))


def _edge_noise(shape: tuple[int, ...], spacing: Triple, rng: np.random.Generator) -> Array:
    """By how many mm an outline strays, about half a pixel: no reader is too tight to the voxel."""
    pixel = min(spacing[1:])
    return 0.5 * pixel * smooth_noise(shape, 3 * pixel / np.array(spacing), rng)


def _direction(rng: np.random.Generator) -> Array:
    """A random unit vector (z, y, x), in mm."""
    direction = rng.standard_normal(3)
    return cast("Array", direction / np.linalg.norm(direction))


def _volumes(labels: Array) -> list[tuple[int, int]]:
    """Each label above 0 and its number of voxels."""
    counts = np.bincount(labels.ravel())
    return [(int(value), int(counts[value])) for value in np.flatnonzero(counts) if value]


def _largest(sizes: Array, number: int) -> list[int]:
    """Numbers, from 1, of the largest pieces that can go while a quarter of the volume stays."""
    chosen: list[int] = []
    left = int(sizes.sum())
    for piece in np.argsort(-sizes, kind="stable"):
        if len(chosen) < number and left - sizes[piece] >= sizes.sum() / 4:
            chosen.append(int(piece) + 1)
            left -= int(sizes[piece])
    return chosen


def _put(labels: Array, box: tuple[slice, ...], inner: Array) -> Array:
    """A copy of the labels with ``inner`` in a box of them."""
    whole = labels.copy()
    whole[box] = inner
    return whole


def _least(cost: Array, among: Array, size: int) -> Array:
    """Those ``size`` of the flat indices ``among`` that cost least."""
    if size >= len(among):
        return among
    return among[np.argpartition(cost.ravel()[among], size)[:size]]


def _beyond(mask: Array, spacing: Triple, direction: Array, share: float) -> Array:
    """The ``share`` of a mask's voxels that lies farthest along a direction."""
    flat = np.flatnonzero(mask)
    along = np.argwhere(mask) @ (direction * spacing)
    beyond = np.zeros(mask.shape, bool)
    beyond.ravel()[flat[np.argsort(-along, kind="stable")[: round(share * len(flat))]]] = True
    return beyond


def _distance(shape: tuple[int, ...], start: Any, spacing: Triple) -> Array:
    """Distance of every voxel from ``start`` (in voxels), in mm."""
    z, y, x = (
        ((np.arange(size, dtype=np.float32) - at) * step) ** 2
        for size, at, step in zip(shape, start, spacing, strict=True)
    )
    return cast("Array", np.sqrt(z[:, None, None] + y[:, None] + x))


def _with_lump(
    labels: Array, free: Array, unlike: Array, start: Any, spacing: Triple, size: int, value: int
) -> Array:
    """The labels and one more piece of ``size`` free voxels, round where the tissue allows."""
    # 2.5 radii of the ball of that volume are enough room for it to give way to other tissue
    reach = 2.5 * (0.75 / np.pi * size * np.prod(spacing)) ** (1 / 3) / np.array(spacing) + 3
    box = tuple(
        slice(max(int(at - by), 0), int(at + by) + 1) for at, by in zip(start, reach, strict=True)
    )
    inner = labels[box].copy()
    local = [at - part.start for at, part in zip(start, box, strict=True)]
    cost = _distance(inner.shape, local, spacing) * (1 + unlike[box])
    cost = ndimage.uniform_filter(cost, 5)  # a smooth outline
    inner.ravel()[_least(cost, np.flatnonzero(free[box]), size)] = value
    return _put(labels, box, inner)


def _unlikeness(image: Array, inside: Array) -> Array:
    """How far each neighbourhood's mean is from a structure's median, in its own spreads, 0…4."""
    smooth = ndimage.uniform_filter(image.astype(np.float32), 3)
    # at its edge the mean takes in what lies around, but thin structures have nothing else
    core = ndimage.binary_erosion(inside)
    known = smooth[core if np.count_nonzero(core) > 20 else inside]
    low, middle, high = np.percentile(known, (16, 50, 84))
    return cast("Array", np.clip(np.abs(smooth - middle) / max((high - low) / 2, 1e-6), 0, 4))


def _reachable(image: Array, inside: Array, free: Array, size: int) -> tuple[Array, Array]:
    """Free voxels joined to a structure by similar ones, ``size`` of them if there are as many, and
    the indices (n, 3) of those that touch it.
    """
    unlike = _unlikeness(image, inside)
    edge = ndimage.binary_dilation(inside) & free
    for tolerance in (1, 2, 3, 4):
        # by majority of the neighbourhood, as a leak fills what it runs into
        similar = ndimage.uniform_filter((unlike <= tolerance).astype(np.float32), 3) > 0.5
        pieces, count = ndimage.label(free & similar)
        touched = np.zeros(count + 1, bool)
        touched[pieces[edge]] = True
        touched[0] = False
        reachable = touched[pieces]
        if np.count_nonzero(reachable) >= size:
            break
    return reachable, np.argwhere(reachable & edge)


def _moved(labels: Array, by: Array) -> Array:
    """The labels moved by whole voxels; what leaves the grid is lost."""
    moved = np.zeros_like(labels)
    steps = list(zip(by, labels.shape, strict=True))
    if any(abs(step) >= size for step, size in steps):
        return moved
    target = tuple(slice(max(step, 0), size + min(step, 0)) for step, size in steps)
    source = tuple(slice(max(-step, 0), size + min(-step, 0)) for step, size in steps)
    moved[target] = labels[source]
    return moved
