"""What a correction costs: a model of a radiologist's minutes from the teacher label and the
truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_alnt.data import mask_dice
from napari_alnt.errors import AlntError

Array = npt.NDArray[Any]
Triple = tuple[float, float, float]

CUBE = np.ones((3, 3, 3), bool)
SMALL, FEW = 30.0, 5
"""A place is gone back to if more than so many mm³, and not fewer than so many voxels, are farther
off than an edge.
"""


@dataclass(frozen=True)
class Cost:
    """Minutes of a radiologist. A model with round numbers, not a measurement: no reader was timed
    for it.

    Good for comparing queues by one yardstick; minutes of two tasks or two readers are not
    comparable.
    """

    open: float = 0.25
    """for the case to open and the eyes to find their way"""
    look: float = 0.5
    """for looking through all slices, which a perfect mask needs too"""
    component: float = 0.25
    """for each wrong place: go there, choose label and brush"""
    cm2: float = 0.05
    """for each cm² of contour that is drawn or wiped away"""


COST = Cost()


@dataclass(frozen=True)
class Work:
    """What stands between a teacher label and the truth, and the minutes it takes to mend it."""

    minutes: float
    components: int
    """wrong places, per class"""
    cm2: float
    """contour to be changed"""
    ml: float
    """volume of the voxels that differ"""
    dice: float
    """mean over the classes present in either; nan if there are none"""


def minutes(
    teacher: Array, truth: Array, spacing: Triple, unknown: int | None = None, cost: Cost = COST
) -> Work:
    """Price the correction of ``teacher`` to ``truth``, both (Z, Y, X), ``spacing`` (z, y, x) in
    mm.

    An edge that is one voxel off is an edge wobble: no reader moves it, so it costs nothing, though
    it counts in ``ml`` and ``dice``. Voxels that are ``unknown`` in the teacher count nowhere.

    Raises
    ------
    AlntError
        If the masks differ in shape.
    """
    if teacher.shape != truth.shape:
        raise AlntError(
            f"The teacher's mask is {teacher.shape} and the truth {truth.shape}; give masks of one"
            " grid."
        )
    known = np.ones(truth.shape, bool) if unknown is None else teacher != unknown
    # unknown becomes background in both, and faces that touch it are left out below
    teacher, truth = np.where(known, teacher, 0), np.where(known, truth, 0)
    dice = mask_dice(teacher, truth)
    differ = teacher != truth
    ml = int(np.count_nonzero(differ)) * float(np.prod(spacing)) / 1000
    components, cm2 = _changes(teacher, truth, known, differ, spacing)
    total = cost.open + cost.look + cost.component * components + cost.cm2 * cm2
    return Work(total, components, cm2, ml, dice)


def _changes(
    teacher: Array, truth: Array, known: Array, differ: Array, spacing: Triple
) -> tuple[int, float]:
    """Wrong places, and cm² of contour to be changed.

    Every face between two voxels bounds two classes, background being one, so the sum over classes
    is halved. Thus a face costs once, and half where the outline is right and only the label behind
    it is wrong.
    """
    if not differ.any():
        return 0, 0.0
    places, mm2 = 0, 0.0
    for value in np.union1d(teacher[differ], truth[differ]):
        a, b = teacher == value, truth == value
        box = box_around(a ^ b, 2)
        places += _places(a[box], b[box], float(np.prod(spacing))) if value else 0
        mm2 += _wrong_faces(a[box], b[box], known[box], spacing)
    return places, mm2 / 2 / 100


def _places(a: Array, b: Array, voxel: float) -> int:
    """Connected pieces of the difference of two masks that reach farther than one voxel from the
    other mask.
    """
    far = (a & ~ndimage.binary_dilation(b)) | (b & ~ndimage.binary_dilation(a))
    # one voxel wider, so that crumbs of one error are one place
    parts, _ = ndimage.label(ndimage.binary_dilation(far, CUBE) & (a ^ b), CUBE)
    sizes = np.bincount(parts[far])
    return int(np.count_nonzero((sizes * voxel > SMALL) & (sizes >= FEW)))


def _wrong_faces(a: Array, b: Array, known: Array, spacing: Triple) -> float:
    """mm² of each mask's outline farther than one voxel from the other's."""
    touched = _touched(a, known), _touched(b, known)
    area = 0.0
    for axis, (low, high) in enumerate(_neighbours()):
        face = float(np.prod(spacing)) / spacing[axis]
        for mask, near in ((a, touched[1]), (b, touched[0])):
            wrong = (mask[low] ^ mask[high]) & ~(near[low] | near[high]) & known[low] & known[high]
            area += face * int(np.count_nonzero(wrong))
    return area


def _touched(mask: Array, known: Array) -> Array:
    """Voxels on either side of a mask's outline."""
    touched = np.zeros(mask.shape, bool)
    for low, high in _neighbours():
        edge = (mask[low] ^ mask[high]) & known[low] & known[high]
        touched[low] |= edge
        touched[high] |= edge
    return touched


def _neighbours() -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Per axis, what to cut out of an array to lay each voxel over the next."""
    for axis in range(3):
        low, high = [slice(None)] * 3, [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        yield tuple(low), tuple(high)


def box_around(mask: Array, margin: int = 1) -> tuple[slice, ...]:
    """The bounding box of a mask, ``margin`` voxels wider."""
    found = ndimage.find_objects(mask.view(np.uint8))[0]
    return tuple(slice(max(part.start - margin, 0), part.stop + margin) for part in found)
