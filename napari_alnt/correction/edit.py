"""One change of a mask, which can be made and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from napari_alnt.correction.boxes import NOTHING, Array, Box, box_of, inside, outside, union
from napari_alnt.errors import AlntError


@dataclass(frozen=True, eq=False)
class Edit:
    """What changes in a mask (Z, Y, X).

    Attributes
    ----------
    box : the smallest one around the voxels that change
    before, after : label values of the box, of the mask's type; voxels in which both are equal do
        not change, and what stands there has no meaning
    """

    box: Box
    before: Array
    after: Array

    @classmethod
    def of(cls, mask: Array, box: Box, after: Array) -> Edit:
        """The edit that gives a box of a mask other labels.

        Parameters
        ----------
        mask : label values (Z, Y, X), not changed
        box : part of it
        after : label values of the box, of the mask's type
        """
        before = mask[box]
        inner = box_of(before != after)
        if inner is None:
            return cls.nothing(mask)
        return cls(outside(box, inner), before[inner].copy(), after[inner].copy())

    @classmethod
    def nothing(cls, mask: Array) -> Edit:
        """The edit that changes no voxel of a mask (Z, Y, X)."""
        none = np.zeros((0, 0, 0), mask.dtype)
        return cls(NOTHING, none, none)

    @cached_property
    def changed(self) -> Array:
        """Which voxels of the box change, bool."""
        changed: Array = self.before != self.after
        return changed

    @property
    def is_empty(self) -> bool:
        """Whether no voxel changes."""
        return not self.before.size

    @property
    def voxels(self) -> int:
        """How many voxels change."""
        return int(np.count_nonzero(self.changed))

    def apply(self, mask: Array) -> None:
        """Make the change in a mask (Z, Y, X), in place.

        Raises
        ------
        AlntError
            If a voxel that changes has not the label that it had before.
        """
        self._write(mask, self.before, self.after)

    def undo(self, mask: Array) -> None:
        """Take the change back in a mask (Z, Y, X), in place.

        Raises
        ------
        AlntError
            If a voxel that has changed has another label by now.
        """
        self._write(mask, self.after, self.before)

    def merge(self, later: Edit) -> Edit:
        """One edit that does what this one and then a later one does.

        Raises
        ------
        AlntError
            If the later one begins with other labels than this one leaves.
        """
        if self.is_empty or later.is_empty:
            return later if self.is_empty else self
        box = union(self.box, later.box)
        before = np.zeros([part.stop - part.start for part in box], self.before.dtype)
        own, other = inside(self.box, box), inside(later.box, box)
        changed = np.zeros(before.shape, bool)
        changed[own] = self.changed
        before[own] = self.before
        after = before.copy()
        after[own] = self.after
        _require_labels(after[other], later.before, changed[other] & later.changed)
        fresh = later.changed & ~changed[other]
        np.copyto(before[other], later.before, where=fresh)
        np.copyto(after[other], before[other], where=fresh)
        np.copyto(after[other], later.after, where=later.changed)
        inner = box_of(before != after)
        if inner is None:
            return Edit.nothing(before)
        return Edit(outside(box, inner), before[inner].copy(), after[inner].copy())

    def _write(self, mask: Array, old: Array, new: Array) -> None:
        part = mask[self.box]
        if part.shape != old.shape or part.dtype != old.dtype:
            raise AlntError(
                "The change belongs to a mask of another size or type; use it on the mask that it"
                " was made for."
            )
        _require_labels(part, old, self.changed)
        np.copyto(part, new, where=self.changed)


def _require_labels(found: Array, wanted: Array, where: Array) -> None:
    if np.any((found != wanted) & where):
        raise AlntError(
            "The mask has been changed since at voxels that this step would change; repeat the"
            " step on the mask as it is now."
        )
