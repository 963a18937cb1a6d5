"""A copy of a mask that is painted on, changed as the mask is, and what each change came to."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_alnt.data.images.on_disk import Array
from napari_alnt.data.strokes.journal import Resumed
from napari_alnt.data.strokes.journal_file import Kind, Record
from napari_alnt.data.strokes.journal_mask import encode_base, encode_plane, slice_sum, state_of
from napari_alnt.errors import AlntError


@dataclass(frozen=True, eq=False)
class Change:
    """A part of a mask that gets other labels.

    Attributes
    ----------
    where : slices (z, y, x) of it, or arrays of indices (z, y, x)
    inside : which voxels of the slices, bool; None for all
    values : their labels, one for each or one for all
    """

    where: tuple[Any, ...]
    inside: Array | None
    values: Any


class Mirror:
    """The copy, and the numbers that a record of it has."""

    def __init__(self, found: Resumed) -> None:
        self._mask = found.mask
        self._sums = found.sums.copy()
        self._number = found.number
        self._version = found.version
        self._ground = found.ground
        self._seconds = found.seconds

    def base(self) -> Record:
        """The record of the whole mask."""
        return self.record(Kind.BASE, (encode_base(self._mask), 0), time.time(), self._seconds)

    def whole(self) -> list[bytes]:
        """The records of a journal that begins with the mask as it is, which is not saved yet."""
        step = self.record(Kind.TOOL, (b"", 0), time.time(), self._seconds)
        return [self.base().encode(), step.encode()]

    def settle(self, version: int) -> None:
        """Take the mask as it is for that of an accepted version."""
        self._version = version
        self._ground = state_of(self._sums)

    def record(self, kind: Kind, changed: tuple[bytes, int], when: float, seconds: float) -> Record:
        """The record of a change, whose payload and voxels are given."""
        self._number += kind.is_change
        payload, voxels = changed
        return Record(
            kind, self._number, self._version, when, seconds, voxels, state_of(self._sums),
            self._ground, payload,
        )  # fmt: skip

    def change(self, changes: Sequence[Change]) -> tuple[bytes, int]:
        """Make changes; what they came to."""
        depth, height, _ = self._mask.shape
        touched = sorted({z for change in changes for z in _touched(change.where[0], depth)})
        rows = {y for change in changes for y in _ends(change.where[1], height)}
        # few rows of each slice, as a stroke in another plane touches all slices
        part = slice(min(rows, default=0), max(rows, default=0) + 1)
        before = {z: self._mask[z, part].copy() for z in touched}
        try:
            for change in changes:
                where, inside = change.where, change.inside
                if inside is None:
                    self._mask[where] = change.values
                else:
                    self._mask[where][inside] = change.values
        except BaseException:
            for z, plane in before.items():
                self._mask[z, part] = plane
            raise
        return self._encode(before, part)

    def differing(self, mask: Array) -> dict[int, Array]:
        """The slices in which another mask (Z, Y, X) differs."""
        if mask.shape != self._mask.shape:
            raise AlntError(
                f"The correction has another shape now ({mask.shape} in place of"
                f" {self._mask.shape}), so it cannot be kept; undo that, or open the case again."
            )
        planes = {}
        for z, (own, plane) in enumerate(zip(self._mask, mask, strict=True)):
            if not np.array_equal(own, plane):
                planes[z] = np.asarray(plane).astype(own.dtype)
                if not np.array_equal(planes[z], plane):
                    raise AlntError(
                        f"Slice {z} of the correction holds values that are no labels of the"
                        " project, so it cannot be kept; undo that, or open the case again."
                    )
        return planes

    def replace(self, planes: dict[int, Array]) -> tuple[bytes, int]:
        """Take slices from another mask; what changed."""
        before = {z: self._mask[z].copy() for z in planes}
        for z, plane in planes.items():
            self._mask[z] = plane
        return self._encode(before, slice(0, None))

    def _encode(self, before: dict[int, Array], rows: slice) -> tuple[bytes, int]:
        parts, voxels = [], 0
        first = rows.start * self._mask.shape[2]
        for z, plane in before.items():
            self._sums[z] = total = slice_sum(self._mask[z])
            part, count = encode_plane(z, plane, self._mask[z, rows], total, first)
            parts.append(part)
            voxels += count
        return b"".join(parts), voxels


def _touched(index: Any, size: int) -> Iterable[int]:
    """Where on an axis a change may change something."""
    if isinstance(index, slice):
        return range(*index.indices(size))
    indices: list[int] = np.unique(np.asarray(index) % size).tolist()
    return indices


def _ends(index: Any, size: int) -> tuple[int, ...]:
    """The first and last of them."""
    touched = _touched(index, size)
    return (min(touched), max(touched)) if touched else ()
