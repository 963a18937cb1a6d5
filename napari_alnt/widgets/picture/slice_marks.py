"""What is to be known of every axial slice of the open case: the marks of the slice strip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data import Array
from napari_alnt.data.strokes.journal_mask import slice_sum

if TYPE_CHECKING:
    from napari_alnt.data.strokes.journal_mirror import Change

UNKNOWN_WORDS = "unknown: nobody has labelled this"
"""What the hatching means."""
MEANINGS = {
    "structure": "a structure is marked",
    "unknown": UNKNOWN_WORDS,
    "differing": "the student sees it differently",
    "corrected": "changed by you",
}
"""What each mark of a slice says, in the order in which the strip shows them."""


@dataclass(frozen=True, eq=False)
class Masks:
    """The masks that are compared slice by slice, each ``(Z, Y, X)``.

    Attributes
    ----------
    correction : the mask that is corrected; it may be painted on meanwhile
    teacher, student : those it is compared with, where there are any
    sums : those of the slices of the mask that the correction began with, as
        :func:`slice_sums`, where there is no teacher; uint32 (Z,)
    ignore_label : the label of unknown voxels
    """

    correction: Array
    teacher: Array | None = None
    student: Array | None = None
    sums: Array | None = None
    ignore_label: int = 255


@dataclass(frozen=True, eq=False)
class SliceMarks:
    """The marks of every axial slice.

    Attributes
    ----------
    structure : whether the correction or the teacher has a structure there; bool (Z,)
    unknown : voxels of the correction that nobody has labelled; int (Z,)
    differing : voxels in which the student differs from the correction or the teacher; int (Z,)
    corrected : whether the correction is not as it began, with the teacher's mask or the one that
        was opened; bool (Z,)
    """

    structure: Array
    unknown: Array
    differing: Array
    corrected: Array

    def __len__(self) -> int:
        return len(self.structure)

    def words(self, z: int) -> str:
        """A slice in words, as for a tooltip."""
        said = [
            *(["structure"] if self.structure[z] else []),
            *([f"{self.unknown[z]:,} voxels unknown"] if self.unknown[z] else []),
            *([f"differs in {self.differing[z]:,} voxels"] if self.differing[z] else []),
            *(["corrected"] if self.corrected[z] else []),
        ]
        return f"Slice {z + 1} of {len(self)}: {', '.join(said) or 'nothing marked'}"


def slice_marks(
    masks: Masks, slices: Iterable[int] | None = None, known: SliceMarks | None = None
) -> SliceMarks:
    """The marks of every slice.

    Parameters
    ----------
    masks : the masks (Z, Y, X)
    slices : the only ones that have changed since ``known``; None for all
    known : the marks before; left as they are

    Returns
    -------
    marks : arrays of length Z
    """
    count = len(masks.correction)
    if known is None or slices is None or len(known) != count:
        found = np.zeros((4, count), np.int64)
        slices = range(count)
    else:
        found = np.array([known.structure, known.unknown, known.differing, known.corrected], int)
    # one slice after another, so that no copy of a whole volume is made
    for z in slices:
        found[:, z] = _marks_of_slice(masks, z)
    structure, unknown, differing, corrected = found
    return SliceMarks(structure.astype(bool), unknown, differing, corrected.astype(bool))


def _marks_of_slice(masks: Masks, z: int) -> tuple[int, int, int, int]:
    mask = masks.correction[z]
    teacher = None if masks.teacher is None else masks.teacher[z]
    unknown = mask == masks.ignore_label
    count = np.count_nonzero(unknown)
    structure = bool(np.count_nonzero(mask) > count)
    if teacher is not None and not structure:
        structure = bool(((teacher != 0) & (teacher != masks.ignore_label)).any())
    differing = 0
    if masks.student is not None:
        differing = _difference(masks.student[z], mask, teacher, masks.ignore_label)
    if teacher is not None:
        corrected = bool((mask != teacher).any())
    else:
        corrected = masks.sums is not None and slice_sum(mask) != masks.sums[z]
    return int(structure), int(count), differing, int(corrected)


def _difference(student: Array, mask: Array, teacher: Array | None, ignore_label: int) -> int:
    """Voxels of a slice (Y, X) that the student labels another way, where anybody knows."""
    differs = (student != mask) & (mask != ignore_label)
    if teacher is not None:
        differs |= (student != teacher) & (teacher != ignore_label)
    return int(np.count_nonzero(differs & (student != ignore_label)))


def touched(changes: Iterable[Change], count: int) -> set[int]:
    """The slices of ``count`` in which changes of a mask lie."""
    found: set[int] = set()
    for change in changes:
        first = change.where[0]
        if isinstance(first, slice):
            found.update(range(*first.indices(count)))
        else:
            found.update(np.unique(np.asarray(first) % count).tolist())
    return found


def unknown_slices(mask: Array, ignore_label: int) -> list[int]:
    """The slices of a mask (Z, Y, X) that hold voxels nobody has labelled."""
    return [z for z, plane in enumerate(mask) if (plane == ignore_label).any()]


def columns(marks: SliceMarks, width: int) -> Array:
    """How strongly each column of pixels shows each mark, in the order of :data:`MEANINGS`.

    Parameters
    ----------
    marks : those of Z slices; where a column covers several, the strongest is shown
    width : number of columns

    Returns
    -------
    strengths : float (4, width), from 0 for none to 1
    """
    most = max(int(marks.differing.max(initial=0)), 1)
    # the root, as a small difference in one slice is what has to be found
    share = np.sqrt(marks.differing / most)
    differing = np.where(marks.differing > 0, 0.5 + 0.5 * share, 0)
    rows = np.array([marks.structure, marks.unknown > 0, differing, marks.corrected], float)
    first = np.arange(width) * len(marks) // width
    return np.maximum.reduceat(rows, first, axis=1)


def slice_at(x: float, width: int, count: int) -> int:
    """The slice of ``count`` that is shown ``x`` pixels from the left of a strip."""
    return min(max(int(x * count // max(width, 1)), 0), count - 1)
