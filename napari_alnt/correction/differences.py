"""Where a mask and the student's differ, as a list of regions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import ndimage

from napari_alnt.correction.boxes import Array, Box, Triple, outside, voxel_ml, widen
from napari_alnt.correction.components import parts_of
from napari_alnt.errors import AlntError

LEAST_ML = 0.03
"""Regions of less than so many ml are left out."""


class Kind(StrEnum):
    """In which way the two masks differ."""

    MISSED = "missed"
    EXTRA = "extra"
    OTHER = "other label"


@dataclass(frozen=True, eq=False)
class Difference:
    """A connected region in which the mask has one label and the student another.

    Attributes
    ----------
    label : the structure: what the student sees, or what the mask has where the student sees
        nothing
    kind : ``MISSED`` where only the student has a label, ``EXTRA`` where only the mask has,
        ``OTHER`` where both have
    given : the mask's label
    seen : the student's label
    box : the smallest one around the region
    voxels : which voxels of the box, bool
    ml : volume
    distrust : the mean over its voxels
    largest : index (z) of the slice with most of its voxels, the first of several
    centroid : (z, y, x) in voxels
    """

    label: int
    kind: Kind
    given: int
    seen: int
    box: Box
    voxels: Array
    ml: float
    distrust: float
    largest: int
    centroid: Triple

    @property
    def slices(self) -> tuple[int, int]:
        """Indices (z) of its first and last slice."""
        return self.box[0].start, self.box[0].stop - 1

    @property
    def score(self) -> float:
        """What the list is sorted by: volume × distrust."""
        return self.ml * self.distrust

    @property
    def sentence(self) -> str:
        """In words, with slices counted from 1: ``missed, 4.1 ml, slices 18–26``."""
        first, last = (index + 1 for index in self.slices)
        where = f"slice {first}" if first == last else f"slices {first}–{last}"
        return f"{self.kind}, {volume_text(self.ml)}, {where}"


def volume_text(ml: float) -> str:
    """A volume in words: two decimals below 1 ml, one above."""
    return f"{ml:.1f} ml" if ml >= 0.995 else f"{ml:.2f} ml"


def differences(
    mask: Array,
    student: Array,
    spacing: Triple,
    distrust: Array | float | None = None,
    ignore: int | None = 255,
    min_ml: float = LEAST_ML,
) -> tuple[Difference, ...]:
    """The regions in which a mask and the student's differ, those worth most first.

    All voxels with the same label in the mask and the same other label in the student's mask are
    looked at together. Among them:

    1. A voxel is *solid* if it lies in a block of 2 × 2 of them in its slice.
    2. A voxel that is not solid is *wobble* if, in its slice, it touches (by side or corner) a
       voxel to which both masks give one of the two labels, the background apart.
    3. What is no wobble falls into connected regions (26 neighbours). A region without a solid
       voxel is left out: so is every rim of one voxel.
    4. A region takes back the wobble that touches it in its slice, so that taking it leaves no
       notch; of two regions that touch the same voxel the later one in scan order takes it.

    So a thin structure that one mask lacks stays whole if it is two voxels wide somewhere.

    Parameters
    ----------
    mask, student
        Label values (Z, Y, X), on one grid.
    spacing
        Voxel size (z, y, x) in mm.
    distrust
        For each voxel (Z, Y, X), nan where it is not known, one number for all, or None for 1.
    ignore
        Voxels with this label in one of both are no difference; None for no such label.
    min_ml
        Regions of less volume are left out.

    Returns
    -------
    tuple of Difference
        By volume × distrust, largest first.

    Raises
    ------
    AlntError
        If the shapes differ.
    """
    _require_one_grid(mask, student, distrust)
    voxel = voxel_ml(spacing)
    found: list[Difference] = []
    for given, seen, places in _pairs(mask, student, ignore):
        if len(places[0]) * voxel >= min_ml:
            for box, voxels in _regions(mask, student, (given, seen), places):
                if np.count_nonzero(voxels) * voxel >= min_ml:
                    found.append(_difference((given, seen), box, voxels, voxel, distrust))
    found.sort(key=lambda one: (-one.score, *(part.start for part in one.box), one.label))
    return tuple(found)


def _require_one_grid(mask: Array, student: Array, distrust: Array | float | None) -> None:
    others = {"student's mask": student, "map of distrust": distrust}
    for name, other in others.items():
        if isinstance(other, np.ndarray) and other.shape != mask.shape:
            raise AlntError(
                f"The {name} has {other.shape} voxels and the mask {mask.shape}; give both on the"
                " grid of the case."
            )


def _pairs(
    mask: Array, student: Array, ignore: int | None
) -> Iterator[tuple[int, int, tuple[Array, Array, Array]]]:
    """Each pair of labels that meet in a voxel, and the voxels (z, y, x) in which they do."""
    size = mask[0].size
    planes = (np.flatnonzero(one != other) for one, other in zip(mask, student, strict=True))
    places = np.concatenate([z * size + plane for z, plane in enumerate(planes)])
    z, y, x = np.unravel_index(places, mask.shape)
    given, seen = mask[z, y, x].astype(np.int64), student[z, y, x].astype(np.int64)
    if ignore is not None:
        known = (given != ignore) & (seen != ignore)
        z, y, x, given, seen = (values[known] for values in (z, y, x, given, seen))
    order = np.lexsort((seen, given))
    given, seen = given[order], seen[order]
    ends = np.flatnonzero(np.diff(given, append=-1) | np.diff(seen, append=-1)) + 1
    for start, end in zip(np.r_[0, ends][:-1], ends, strict=True):
        part = order[start:end]
        yield int(given[start]), int(seen[start]), (z[part], y[part], x[part])


def _regions(
    mask: Array, student: Array, pair: tuple[int, int], places: tuple[Array, Array, Array]
) -> Iterator[tuple[Box, Array]]:
    """The regions of a pair of labels, by the rule of :func:`differences`."""
    z, y, x = (slice(int(axis.min()), int(axis.max()) + 1) for axis in places)
    box = widen((z, y, x), (0, 1, 1), mask.shape)
    where = np.zeros([part.stop - part.start for part in box], bool)
    where[tuple(axis - part.start for axis, part in zip(places, box, strict=True))] = True
    solid = _solid(where)
    labels = [label for label in pair if label]
    part = mask[box]
    agreed = (part == student[box]) & np.isin(part, labels)
    wobble = where & ~solid & _near(agreed)
    parts, count = parts_of(where & ~wobble)
    keeps = np.zeros(count + 1, bool)
    keeps[parts[solid]] = True
    parts[~keeps[parts]] = 0
    _take_back(parts, wobble)
    for number, inner in enumerate(ndimage.find_objects(parts), 1):
        if inner is not None:
            yield outside(box, inner), parts[inner] == number


def _solid(where: Array) -> Array:
    """Voxels (Z, Y, X) that lie in a block of 2 × 2 true ones in their slice."""
    block = where[:, 1:, 1:] & where[:, :-1, 1:] & where[:, 1:, :-1] & where[:, :-1, :-1]
    solid = np.zeros_like(where)
    for y in (slice(None, -1), slice(1, None)):
        for x in (slice(None, -1), slice(1, None)):
            solid[:, y, x] |= block
    return solid


def _near(where: Array) -> Array:
    """True voxels (Z, Y, X) and those that touch one in their slice, by side or corner."""
    rows = where.copy()
    rows[:, 1:] |= where[:, :-1]
    rows[:, :-1] |= where[:, 1:]
    near = rows.copy()
    near[:, :, 1:] |= rows[:, :, :-1]
    near[:, :, :-1] |= rows[:, :, 1:]
    return near


def _take_back(parts: Array, wobble: Array) -> None:
    """Give wobble the highest number of a region (Z, Y, X) that touches it in its slice."""
    z, y, x = np.nonzero(wobble)
    # a frame, so that a neighbour outside the box is no region
    framed = np.pad(parts, ((0, 0), (1, 1), (1, 1)))
    best = np.zeros(len(z), parts.dtype)
    for dy in (0, 1, 2):
        for dx in (0, 1, 2):
            np.maximum(best, framed[z, y + dy, x + dx], out=best)
    parts[z, y, x] = best


def _difference(
    pair: tuple[int, int], box: Box, voxels: Array, voxel: float, distrust: Array | float | None
) -> Difference:
    given, seen = pair
    kind = Kind.OTHER if given and seen else Kind.MISSED if seen else Kind.EXTRA
    counts = voxels.sum(axis=(1, 2))
    z, y, x = (
        float(axis.mean()) + part.start
        for axis, part in zip(np.nonzero(voxels), box, strict=True)
    )  # fmt: skip
    return Difference(
        label=seen or given, kind=kind, given=given, seen=seen, box=box, voxels=voxels,
        ml=int(counts.sum()) * voxel, distrust=_mean(distrust, box, voxels),
        largest=box[0].start + int(counts.argmax()), centroid=(z, y, x),
    )  # fmt: skip


def _mean(distrust: Array | float | None, box: Box, voxels: Array) -> float:
    """The mean over the voxels of a region for which there is a number; 1 if there is none."""
    if not isinstance(distrust, np.ndarray):
        return 1.0 if distrust is None else float(distrust)
    values = distrust[box][voxels]
    known = values[np.isfinite(values)]
    return float(known.mean(dtype=np.float64)) if len(known) else 1.0
