"""How much there is to do to make one mask of a case into another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from napari_alnt.correction import Array, Difference, Triple, differences
from napari_alnt.session.minutes import Work


def work_between(mask: Array, other: Array, spacing: Triple, ignore_label: int) -> Work:
    """The work between two masks ``(Z, Y, X)`` of a case; raises as
    :func:`napari_alnt.correction.differences`.

    Parameters
    ----------
    mask, other : label values ``(Z, Y, X)`` on one grid
    spacing : size of a voxel (z, y, x) in mm
    ignore_label : voxels that have it in either mask count nowhere
    """
    return work_of(differences(mask, other, spacing, ignore=ignore_label), spacing)


def work_of(regions: Sequence[Difference], spacing: Triple) -> Work:
    """The work on some regions, with voxels of so many mm (z, y, x)."""
    slices = {index for one in regions for index in range(one.slices[0], one.slices[1] + 1)}
    return Work(
        len(regions), len(slices), math.fsum(_outline(one.voxels, spacing) for one in regions)
    )


def _outline(part: Array, spacing: Triple) -> float:
    """Area in cm² of the faces between a region and what is not of it."""
    area = 0.0
    for axis in range(3):
        ends = [(0, 0)] * 3
        ends[axis] = (1, 1)
        faces = np.diff(np.pad(part, ends).view(np.int8), axis=axis)
        area += np.count_nonzero(faces) * float(np.prod(spacing)) / spacing[axis]
    return area / 100
