"""Filling the slices between corrected ones by their shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from napari_alnt.correction.boxes import Array, Triple, require_axis
from napari_alnt.correction.edit import Edit
from napari_alnt.correction.limits import NO_LIMITS, Limits
from napari_alnt.errors import AlntError


def fill_between(
    mask: Array,
    slices: Sequence[int],
    spacing: Triple,
    axis: int = 0,
    labels: Sequence[int] | None = None,
    limits: Limits = NO_LIMITS,
) -> Edit:
    """Redraw the slices between corrected ones.

    Between two neighbours in ``slices``, a label is there where :func:`interpolate` has it. Voxels
    that have one of the labels now and are not to have it become background.

    Parameters
    ----------
    mask
        Label values (Z, Y, X), not changed.
    slices
        Indices of the corrected slices along the axis, at least two.
    spacing
        Voxel size (z, y, x) in mm.
    axis
        Across the slices.
    labels
        The structures to redraw; None for all that two neighbours have, but for the label to
        ignore.
    limits
        What is left alone.

    Raises
    ------
    AlntError
        If there are fewer than two slices, or one is not in the mask.
    """
    require_axis(axis)
    known = sorted(set(slices))
    _require_slices(known, mask.shape[axis])
    turned = np.moveaxis(mask, axis, 0)
    plane_spacing = [size for other, size in enumerate(spacing) if other != axis]
    after = turned[known[0] : known[-1] + 1].copy()
    for low, high in pairwise(known):
        chosen = _labels(turned[low], turned[high], limits.ignore) if labels is None else labels
        if high - low > 1 and len(chosen):
            part = after[low + 1 - known[0] : high - known[0]]
            part[np.isin(part, chosen)] = 0
            drawn = interpolate(turned[low], turned[high], high - low, plane_spacing, chosen)
            np.copyto(part, drawn, where=drawn != 0)
    box = [slice(0, size) for size in mask.shape]
    box[axis] = slice(known[0], known[-1] + 1)
    z, y, x = box
    return limits.put(mask, (z, y, x), True, np.moveaxis(after, 0, axis))


def interpolate(
    first: Array, last: Array, steps: int, spacing: Sequence[float], labels: Sequence[int]
) -> Array:
    """The slices between two, by shape.

    Each label has in both slices a signed distance in mm to its border: from a voxel of it to the
    nearest voxel that is none, or, below 0, from a voxel that is none to the nearest of it. In
    between the distance goes linearly from one slice to the other, and a voxel gets the label
    whose distance is largest and above 0, the lower of two equal ones. A label that only one of
    both slices has goes to minus its own largest distance in the other, so that it shrinks to
    nothing halfway.

    Parameters
    ----------
    first, last : label values (H, W)
    steps : from one to the other
    spacing : size (h, w) of a pixel in mm
    labels : those that are drawn; all others are left out

    Returns
    -------
    label values (steps − 1, H, W) of the same type
    """
    drawn = np.zeros((steps - 1, *first.shape), first.dtype)
    shapes = [
        (label, _Shape.of(first == label, last == label, spacing))
        for label in sorted(set(labels))
    ]  # fmt: skip
    for step, plane in enumerate(drawn, 1):
        best = np.zeros(first.shape)
        for label, shape in shapes:
            if shape is not None:
                distance = shape.at(step / steps)
                nearer = distance > best[shape.box]
                best[shape.box][nearer] = distance[nearer]
                plane[shape.box][nearer] = label
    return drawn


@dataclass(frozen=True, eq=False)
class _Shape:
    """A label in two slices: a box (h, w) around it, and its signed distances there in mm."""

    box: tuple[slice, slice]
    first: Array
    last: Array

    @classmethod
    def of(cls, first: Array, last: Array, spacing: Sequence[float]) -> _Shape | None:
        """From where the label is in both slices, bool (H, W); None where it is in none."""
        found = ndimage.find_objects((first | last).view(np.uint8))
        if not found:
            return None
        # one pixel around holds the nearest that is none of the label, so distances are right
        h, w = (slice(max(part.start - 1, 0), part.stop + 1) for part in found[0])
        one, other = (_distance(plane[h, w], spacing) for plane in (first, last))
        if one is None or other is None:
            only = one if other is None else other
            assert only is not None
            absent = np.full(only.shape, -only.max())
            one, other = (only, absent) if other is None else (absent, only)
        return cls((h, w), one, other)

    def at(self, share: float) -> Array:
        """The distances (h, w) at a share of the way."""
        distances: Array = (1 - share) * self.first + share * self.last
        return distances


def _distance(where: Array, spacing: Sequence[float]) -> Array | None:
    """The signed distance (H, W) in mm to the border of a shape; None where there is none."""
    if not where.any():
        return None
    if where.all():
        # no border is known, so it is farther than any pixel of the slice
        across = np.hypot(*(size * count for size, count in zip(spacing, where.shape, strict=True)))
        return np.full(where.shape, across)
    within: Array = ndimage.distance_transform_edt(where, spacing)
    beyond: Array = ndimage.distance_transform_edt(~where, spacing)
    return within - beyond


def _labels(first: Array, last: Array, ignore: int | None) -> list[int]:
    found = np.union1d(np.unique(first), np.unique(last))
    return [int(label) for label in found if label not in (0, ignore)]


def _require_slices(known: Sequence[int], count: int) -> None:
    if len(known) < 2:
        raise AlntError(
            "Filling between slices needs two slices that are corrected; correct a second one."
        )
    if known[0] < 0 or known[-1] >= count:
        raise AlntError(
            f"The slices {known[0]} to {known[-1]} are not all in the mask, which has {count};"
            " choose others."
        )
