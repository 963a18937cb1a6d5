"""Values of voxels: images without nan, masks of whole numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_alnt.data.images.limits import require_values
from napari_alnt.data.images.on_disk import Array
from napari_alnt.errors import AlntError

ROUNDING = 1e-3
"""How far a value may lie from a whole number and still be a label, as rounding leaves it."""


def grey_values(path: Path, voxels: Array) -> Array:
    """Grey values without nan: floats become float32, and what is not finite the lowest value.

    Parameters
    ----------
    path : the image, for the message
    voxels : of any shape and type of number; changed in place where possible

    Raises
    ------
    AlntError
        If a finite value is beyond ±1e9, or there is none.
    """
    if voxels.size == 0:
        return voxels
    if voxels.dtype.kind != "f":
        require_values(path, float(voxels.min()), float(voxels.max()))
        return voxels
    finite = np.isfinite(voxels)
    if not finite.any():
        raise AlntError(
            f"The image '{path}' holds no number at all (only nan or infinity); export it again."
        )
    low = voxels.min(where=finite, initial=np.inf)
    # checked before float32, where large values would turn into infinities
    require_values(path, float(low), float(voxels.max(where=finite, initial=-np.inf)))
    voxels = voxels.astype(np.float32, copy=False)
    if not finite.all():
        voxels = voxels if voxels.flags.writeable else voxels.copy()
        voxels[~finite] = low
    return voxels


def whole(voxels: Array, ignore_label: int | None, what: str) -> Array:
    """The same values in the smallest integer type, if they are whole numbers from 0 up.

    Parameters
    ----------
    voxels : label values of any type, (Z, Y, X)
    ignore_label : takes the place of nan; None refuses nan
    what : the mask's name at the start of a sentence

    Raises
    ------
    AlntError
        If a value is not within :data:`ROUNDING` of a whole number from 0 to 2³¹−1.
    """
    if voxels.dtype.kind == "b":
        return voxels.astype(np.uint8)
    if voxels.dtype.kind == "f":
        if ignore_label is not None and np.isnan(voxels).any():
            voxels = np.where(np.isnan(voxels), ignore_label, voxels)
        rounded = np.rint(voxels)
        # nan and infinities fail this comparison, as they should
        with np.errstate(invalid="ignore"):
            near = all(_near(*parts) for parts in zip(voxels, rounded, strict=True))
        if not near:
            raise AlntError(
                f"{what} holds values that are not whole numbers; save it as integer labels."
            )
        voxels = rounded
    elif voxels.dtype.kind not in "iu":
        raise AlntError(f"{what} holds {voxels.dtype} and no numbers; save it as integer labels.")
    low, high = (float(voxels.min()), float(voxels.max())) if voxels.size else (0.0, 0.0)
    if low < 0 or high > np.iinfo(np.int32).max:
        raise AlntError(
            f"{what} holds the value {low if low < 0 else high:g}; labels must lie between 0 and"
            " 2³¹−1."
        )
    dtype = np.uint8 if high < 2**8 else np.uint16 if high < 2**16 else np.int32
    return voxels.astype(dtype, copy=False)


def _near(one: Array, other: Array) -> bool:
    return bool((np.abs(one - other) < ROUNDING).all())
