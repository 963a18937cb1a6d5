"""Loose parts of a structure, and holes in it.

Parts are connected (26) if their voxels share a face, an edge or a corner; holes, to match, only
if theirs share a face (6), and in a slice a side (4).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_alnt.correction.boxes import Array, Triple, label_box, require_axis, voxel_at, voxel_ml
from napari_alnt.correction.components import CROSS, component_at, parts_of
from napari_alnt.correction.edit import Edit
from napari_alnt.correction.limits import NO_LIMITS, Limits


def keep_largest(mask: Array, label: int, limits: Limits = NO_LIMITS) -> Edit:
    """Make all parts of a structure of a mask (Z, Y, X) background but the largest.

    Of several equal ones the first in scan order is kept.
    """
    box = label_box(mask, label)
    if box is None:
        return Edit.nothing(mask)
    parts, count = parts_of(mask[box] == label)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    largest = int(sizes[1:].argmax()) + 1
    return limits.put(mask, box, (parts != 0) & (parts != largest), 0)


def remove_small(
    mask: Array, label: int, ml: float, spacing: Triple, limits: Limits = NO_LIMITS
) -> Edit:
    """Make the parts of a structure that are smaller than a volume background.

    Parameters
    ----------
    mask : label values (Z, Y, X), not changed
    label : the structure
    ml : parts of less are removed
    spacing : voxel size (z, y, x) in mm
    limits : what is left alone
    """
    box = label_box(mask, label)
    if box is None:
        return Edit.nothing(mask)
    parts, _ = parts_of(mask[box] == label)
    small = np.bincount(parts.ravel()) * voxel_ml(spacing) < ml
    small[0] = False
    return limits.put(mask, box, small[parts], 0)


def remove_island(mask: Array, point: Sequence[float], limits: Limits = NO_LIMITS) -> Edit:
    """Make the part of a structure that a click (z, y, x), in voxels, is on background.

    Raises
    ------
    AlntError
        If the click is outside the mask (Z, Y, X).
    """
    label = int(mask[voxel_at(point, mask.shape)])
    if not label or limits.keeps(label):
        return Edit.nothing(mask)
    box, voxels = component_at(mask, point)
    return limits.put(mask, box, voxels, 0)


def fill_holes(
    mask: Array, label: int, axis: int | None = None, limits: Limits = NO_LIMITS
) -> Edit:
    """Fill the holes of a structure, as far as they are background.

    A hole is what the structure encloses: other structures in it stay, and are no way out of it.
    What reaches the volume's border is no hole.

    Parameters
    ----------
    mask : label values (Z, Y, X), not changed
    label : the structure
    axis : None for holes in 3D, or the axis across the slices, each of which is looked at alone
    limits : what is left alone
    """
    box = label_box(mask, label)
    if box is None:
        return Edit.nothing(mask)
    structure = CROSS.copy()
    axes = [0, 1, 2]
    if axis is not None:
        require_axis(axis)
        np.moveaxis(structure, axis, 0)[[0, 2]] = False
        axes.remove(axis)
    part = mask[box]
    gaps, count = parts_of(part != label, structure)
    is_open = np.zeros(count + 1, bool)
    for other in axes:
        faces = np.moveaxis(gaps, other, 0)[[0, -1]]
        is_open[faces] = True
    is_open[0] = True
    return limits.put(mask, box, ~is_open[gaps] & (part == 0), label)
