"""Copying from a neighbouring slice."""

from __future__ import annotations

import numpy as np

from napari_alnt.correction.boxes import Array, require_axis
from napari_alnt.correction.edit import Edit
from napari_alnt.correction.limits import NO_LIMITS, Limits
from napari_alnt.errors import AlntError


def copy_slice(
    mask: Array,
    source: int,
    target: int,
    axis: int = 0,
    label: int | None = None,
    limits: Limits = NO_LIMITS,
) -> Edit:
    """Give a slice the labels of another one.

    Voxels of the source that nobody has labelled are not copied.

    Parameters
    ----------
    mask
        Label values (Z, Y, X), not changed.
    source, target
        Indices of the slices along the axis.
    axis
        Across the slices.
    label
        The structure that is copied: it comes where the source has it, and goes where the source
        lacks it; None for all labels.
    limits
        What is left alone.

    Raises
    ------
    AlntError
        If the mask has no such slice.
    """
    require_axis(axis)
    for index in (source, target):
        if not 0 <= index < mask.shape[axis]:
            raise AlntError(
                f"The mask has no slice {index}, only 0 to {mask.shape[axis] - 1}; there is"
                " nothing to copy."
            )
    box = [slice(0, size) for size in mask.shape]
    box[axis] = slice(target, target + 1)
    own = mask[box[0], box[1], box[2]]
    other = np.take(mask, [source], axis)
    known = True if limits.ignore is None else other != limits.ignore
    where = known & (other != own)
    if label is not None:
        where &= (other == label) | (own == label)
        other = np.where(other == label, other, np.zeros_like(other))
    return limits.put(mask, (box[0], box[1], box[2]), where, other)
