"""What a correction costs: a radiologist's minutes, from the teacher label and the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_alnt.data import Array, Triple, mask_dice
from napari_alnt.errors import AlntError

CUBE = np.ones((3, 3, 3), bool)
"""Neighbourhood of a voxel, with the diagonals."""
MIN_REGION_MM3 = 30.0
MIN_REGION_VOXELS = 5
"""A wrong place is worth a visit if more than so many mm³, and at least so many voxels, of it are
farther than one voxel from the edge.
"""


@dataclass(frozen=True)
class CostModel:
    """Minutes of a radiologist: a model with round numbers, no reader was timed for it.

    Good for comparing queues by one yardstick; minutes of two tasks or two readers are not
    comparable.

    Attributes
    ----------
    open : minutes for the case to open and the eyes to find their way
    review : minutes to go through all slices, which a perfect mask needs too
    component : minutes for each wrong place: go there, choose label and brush
    cm2 : minutes for each cm² of contour that is drawn or erased
    """

    open: float = 0.25
    review: float = 0.5
    component: float = 0.25
    cm2: float = 0.05


DEFAULT_COST = CostModel()


@dataclass(frozen=True)
class CorrectionCost:
    """What lies between a teacher label and the truth, and the minutes it takes to correct it.

    Attributes
    ----------
    minutes : what the cost model makes of the rest
    components : number of wrong places, counted per class
    cm2 : area of contour to be changed, in cm²
    ml : volume of the voxels that differ, in ml
    dice : mean over the classes present in either mask; nan if there are none
    """

    minutes: float
    components: int
    cm2: float
    ml: float
    dice: float


def cost_of_correction(
    teacher: Array,
    truth: Array,
    spacing: Triple,
    ignore_label: int | None = None,
    cost: CostModel = DEFAULT_COST,
) -> CorrectionCost:
    """Price the correction of a teacher label to the truth.

    ``minutes = open + review + component · (wrong places) + cm2 · (contour to be changed)``. An
    edge that is one voxel off is jitter that no reader corrects: it costs nothing, though it counts
    in ``ml`` and ``dice``.

    Parameters
    ----------
    teacher
        Label values of the mask to be corrected, (Z, Y, X).
    truth
        Label values of the true mask on the same grid, (Z, Y, X).
    spacing
        Voxel size (z, y, x) in mm.
    ignore_label
        Voxels with this value in ``teacher`` count nowhere.
    cost
        The prices.

    Returns
    -------
    CorrectionCost
        The minutes, and what they are made of.

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
    known = np.ones(truth.shape, bool) if ignore_label is None else teacher != ignore_label
    # unknown becomes background in both, and faces that touch it are left out below
    teacher = np.where(known, teacher, 0)
    truth = np.where(known, truth, 0)
    differ = teacher != truth
    ml = int(np.count_nonzero(differ)) * float(np.prod(spacing)) / 1000
    components, cm2 = _changes(teacher, truth, known, spacing)
    minutes = cost.open + cost.review + cost.component * components + cost.cm2 * cm2
    return CorrectionCost(minutes, components, cm2, ml, mask_dice(teacher, truth))


def _changes(teacher: Array, truth: Array, known: Array, spacing: Triple) -> tuple[int, float]:
    """The number of wrong places, and the cm² of contour to be changed.

    Every face between two voxels bounds two classes, background being one, so the sum over classes
    is halved. Thus a face costs once, and half where the outline is right and only the label behind
    it is wrong.
    """
    differ = teacher != truth
    regions = 0
    mm2 = 0.0
    for value in np.union1d(teacher[differ], truth[differ]):
        given = teacher == value
        wanted = truth == value
        box = box_around(given ^ wanted, 2)
        if value:  # a wrong place of the background is one of some label already
            regions += _error_regions(given[box], wanted[box], float(np.prod(spacing)))
        mm2 += _wrong_faces(given[box], wanted[box], known[box], spacing)
    return regions, mm2 / 2 / 100


def _error_regions(a: Array, b: Array, voxel: float) -> int:
    """Connected parts of the difference of two masks that reach farther than one voxel from the
    other mask; ``voxel`` is a voxel's volume in mm³.
    """
    far = (a & ~ndimage.binary_dilation(b)) | (b & ~ndimage.binary_dilation(a))
    # one voxel wider, so that fragments of one error are one region
    regions, _ = ndimage.label(ndimage.binary_dilation(far, CUBE) & (a ^ b), CUBE)
    sizes = np.bincount(regions[far])
    worth = (sizes * voxel > MIN_REGION_MM3) & (sizes >= MIN_REGION_VOXELS)
    return int(np.count_nonzero(worth))


def _wrong_faces(a: Array, b: Array, known: Array, spacing: Triple) -> float:
    """Area in mm² of each mask's outline that is farther than one voxel from the other's."""
    beside_a = _beside_outline(a, known)
    beside_b = _beside_outline(b, known)
    area = 0.0
    for axis, (low, high) in enumerate(_neighbours()):
        face = float(np.prod(spacing)) / spacing[axis]
        inside = known[low] & known[high]
        for mask, near in ((a, beside_b), (b, beside_a)):
            wrong = (mask[low] ^ mask[high]) & ~(near[low] | near[high]) & inside
            area += face * int(np.count_nonzero(wrong))
    return area


def _beside_outline(mask: Array, known: Array) -> Array:
    """Voxels on either side of a mask's outline."""
    beside = np.zeros(mask.shape, bool)
    for low, high in _neighbours():
        edge = (mask[low] ^ mask[high]) & known[low] & known[high]
        beside[low] |= edge
        beside[high] |= edge
    return beside


def _neighbours() -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """For each axis, the two slices that lay every voxel over its next neighbour."""
    for axis in range(3):
        before = (slice(None),) * axis
        yield (*before, slice(None, -1)), (*before, slice(1, None))


def box_around(mask: Array, margin: int = 1) -> tuple[slice, ...]:
    """The bounding box of a mask, ``margin`` voxels wider."""
    found = ndimage.find_objects(mask.view(np.uint8))[0]
    return tuple(slice(max(part.start - margin, 0), part.stop + margin) for part in found)
