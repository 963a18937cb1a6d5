"""What is measured of an image or a mask while it is read, so that no file is read twice."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_alnt.data.images.on_disk import Array, Floats, Shape

SAMPLE = 500_000
"""About as many voxels of an image are looked at."""
SHARES = 1001
"""Evenly spaced shares, 0 to 1, at which the grey values are kept."""
PADDING = 0.01
"""Share of the lowest value from which on it counts as padding around the image."""
FEW = 2000
"""A structure of no more voxels is kept voxel by voxel."""
COUNTED = 2**16
"""Label values below it are counted by their value; of larger ones there are few."""


@dataclass(frozen=True, eq=False)
class ImageContent:
    """The grey values of an image.

    Attributes
    ----------
    low, high : lowest and highest value
    padding : share of the voxels that are padding, which all have the lowest value; 0 for none
    quantiles : (``SHARES``,) the other grey values, from the lowest to the highest
    digest : the same for images of the same grey values, whatever their files
    """

    low: float
    high: float
    padding: float
    quantiles: Floats
    digest: str

    def quantile(self, share: float) -> float:
        """The grey value below which a share of the voxels lies, without padding."""
        return float(self.quantiles[round(share * (SHARES - 1))])

    def within(self, low: float, high: float) -> float:
        """Share of the voxels from one value to another, without padding."""
        first = np.searchsorted(self.quantiles, low, "left")
        last = np.searchsorted(self.quantiles, high, "right")
        return float(last - first) / SHARES


@dataclass(frozen=True, eq=False)
class MaskContent:
    """The labels of a mask.

    Attributes
    ----------
    counts : number of voxels of every value, also of the background and the ignore label
    small : (n, 3) the voxels (z, y, x) of each label that has at most ``FEW``
    shape : voxels (Z, Y, X)
    ignored_area : whether the ignore label lies as what nobody has labelled does: in whole slices,
        or in a corner of the volume, where no structure is
    smooth : share of the voxels of structures whose neighbour in x is of the same structure
    apart : distance of its grid from the image's, in voxels
    """

    counts: dict[int, int]
    small: dict[int, Array]
    shape: Shape
    ignored_area: bool
    smooth: float
    apart: float


def image_content(voxels: Array) -> ImageContent:
    """Measure an image (Z, Y, X) without nan."""
    low, high = float(voxels.min()), float(voxels.max())
    sample = voxels.ravel()[:: _step(voxels.shape)].astype(np.float32)
    rest = sample[sample > low]
    padding = 1 - len(rest) / len(sample)
    if padding < PADDING or not len(rest):
        rest, padding = sample, 0.0
    quantiles = np.quantile(rest.astype(np.float64), np.linspace(0, 1, SHARES))
    digest = hashlib.sha256(repr(voxels.shape).encode() + sample.tobytes()).hexdigest()
    return ImageContent(low, high, padding, quantiles, digest)


def _step(shape: Sequence[int]) -> int:
    """Every how many-th voxel is looked at; one that falls on all columns alike."""
    step = max(1, math.prod(shape) // SAMPLE)
    while math.gcd(step, shape[-1]) > 1:
        step += 1
    return step


def mask_content(labels: Array, ignore_label: int, apart: float = 0.0) -> MaskContent:
    """Measure a mask (Z, Y, X) of whole numbers from 0 up."""
    counts = label_counts(labels)
    few = [value for value, count in counts.items() if count <= FEW and value != ignore_label]
    return MaskContent(
        counts=counts,
        small=_places(labels, few),
        shape=(labels.shape[0], labels.shape[1], labels.shape[2]),
        ignored_area=ignore_label in counts and is_area(labels == ignore_label),
        smooth=_smooth(labels),
        apart=apart,
    )


def label_counts(labels: Array) -> dict[int, int]:
    """Number of voxels of every value in a mask of whole numbers, by value."""
    # counting is far faster than sorting millions of voxels, but takes memory by the value
    if labels.size == 0 or labels.dtype.kind == "b" or labels.min() < 0 or labels.max() >= COUNTED:
        values, numbers = np.unique(labels, return_counts=True)
        return dict(zip(map(int, values), map(int, numbers), strict=True))
    total = np.zeros(int(labels.max()) + 1, np.int64)
    for part in labels:  # slice by slice, as counting takes eight bytes a voxel
        counts = np.bincount(part.ravel())
        total[: len(counts)] += counts
    return {int(value): int(total[value]) for value in np.flatnonzero(total)}


def is_area(marked: Array) -> bool:
    """Whether marked voxels (Z, Y, X) fill whole slices or lie in a corner of the volume."""
    if marked[np.ix_(*((0, -1) for _ in marked.shape))].any():
        return True
    return any(marked.all(axis=axes).any() for axes in ((0, 1), (0, 2), (1, 2)))


def _places(labels: Array, values: Sequence[int]) -> dict[int, Array]:
    """The voxels (n, 3) of each of some labels but the background."""
    values = sorted(set(values) - {0})
    if not values:
        return {}
    found = np.isin(labels, values)
    places, held = np.argwhere(found), labels[found]
    return {value: places[held == value].astype(np.uint16) for value in values}


def _smooth(labels: Array) -> float:
    """Share of the neighbours in x, of those that both have a label, that have the same."""
    same = total = 0
    for part in labels:
        one, other = part[:, :-1], part[:, 1:]
        both = (one > 0) & (other > 0)
        total += int(both.sum())
        same += int((one[both] == other[both]).sum())
    return same / total if total else 1.0
