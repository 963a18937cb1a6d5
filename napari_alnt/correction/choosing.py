"""Taking another mask's labels: the student's, or the teacher's again."""

from __future__ import annotations

from napari_alnt.correction.boxes import Array, label_box, union, whole
from napari_alnt.correction.differences import Difference
from napari_alnt.correction.edit import Edit
from napari_alnt.correction.limits import NO_LIMITS, Limits
from napari_alnt.errors import AlntError


def take_here(
    mask: Array, source: Array, difference: Difference, limits: Limits = NO_LIMITS
) -> Edit:
    """Give a region the labels that another mask has there.

    Parameters
    ----------
    mask : label values (Z, Y, X), not changed
    source : the student's label values (Z, Y, X), or the teacher's own, on the same grid
    difference : the region
    limits : what is left alone

    Raises
    ------
    AlntError
        If the masks have not one shape.
    """
    _require_one_grid(mask, source)
    return limits.put(mask, difference.box, difference.voxels, source[difference.box])


def erase_here(mask: Array, difference: Difference, limits: Limits = NO_LIMITS) -> Edit:
    """Make a region of a mask (Z, Y, X) background."""
    return limits.put(mask, difference.box, difference.voxels, 0)


def take_structure(mask: Array, source: Array, label: int, limits: Limits = NO_LIMITS) -> Edit:
    """Take a whole structure from another mask.

    Every voxel that is the structure in one of both masks gets the label that ``source`` has.

    Parameters
    ----------
    mask : label values (Z, Y, X), not changed
    source : label values (Z, Y, X) on the same grid
    label : the structure
    limits : what is left alone

    Raises
    ------
    AlntError
        If the masks have not one shape.
    """
    _require_one_grid(mask, source)
    boxes = [box for box in (label_box(mask, label), label_box(source, label)) if box]
    if not boxes:
        return Edit.nothing(mask)
    box = union(boxes[0], boxes[-1])
    where = (mask[box] == label) | (source[box] == label)
    return limits.put(mask, box, where, source[box])


def take_all(mask: Array, source: Array, limits: Limits = NO_LIMITS) -> Edit:
    """Take the whole of another mask.

    Parameters
    ----------
    mask : label values (Z, Y, X), not changed
    source : label values (Z, Y, X) on the same grid
    limits : what is left alone

    Raises
    ------
    AlntError
        If the masks have not one shape.
    """
    _require_one_grid(mask, source)
    return limits.put(mask, whole(mask.shape), True, source)


def _require_one_grid(mask: Array, source: Array) -> None:
    if source.shape != mask.shape:
        raise AlntError(
            f"The other mask has {source.shape} voxels and this one {mask.shape}; give both on the"
            " grid of the case."
        )
