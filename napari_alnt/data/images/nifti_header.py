"""Headers of NIfTI: the unit of one that is read, and a fresh one for what is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from napari_alnt.errors import AlntError

GEOMETRY = (
    "pixdim", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x",
    "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z", "xyzt_units",
)  # fmt: skip
"""The fields that place voxels in space; all others may name the patient."""


OTHER_UNITS = {1: "metres", 3: "micrometres"}
"""Codes of ``xyzt_units`` for lengths that are not millimetres."""


def require_millimetres(path: Path, header: Any) -> None:
    """Refuse a NIfTI header in another unit; most readers pass over it and show a wrong size.

    Raises
    ------
    AlntError
        If the unit is metres or micrometres; a header without a unit is taken to be in mm.
    """
    if not isinstance(header, nib.Nifti1Header):
        return
    # the other bits are the unit of time
    unit = OTHER_UNITS.get(int(header["xyzt_units"]) & 7)
    if unit is not None:
        raise AlntError(
            f"The header of '{path}' is in {unit} and must be in millimetres; export it in"
            " millimetres, or mend the field xyzt_units if its sizes are in millimetres already."
        )


def fresh_header(
    source: Any, affine: npt.NDArray[np.float64], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Any:
    """A new single-file header for unscaled voxels, with the geometry of ``source``.

    NIfTI-2 stays NIfTI-2, and the order of the bytes is kept.

    Parameters
    ----------
    source : the header of the image, or None; its fields of :data:`GEOMETRY` are copied to the bit
    affine : (4, 4), voxel index to mm in RAS+; taken where ``source`` is no header of NIfTI
    shape : (i, j, k) in voxels
    dtype : of the voxels

    Returns
    -------
    a ``Nifti1Header`` or ``Nifti2Header``
    """
    known = isinstance(source, nib.Nifti1Header)
    large = known and int(source["sizeof_hdr"]) == nib.Nifti2Header.sizeof_hdr
    kind = nib.Nifti2Header if large else nib.Nifti1Header
    header = kind(endianness=source.endianness if known else None)
    # the shape comes first, as it resets pixdim
    header.set_data_shape(shape)
    header.set_data_dtype(dtype)
    header.set_slope_inter(1, 0)
    if known:
        for name in GEOMETRY:
            header[name] = source[name]
        return header
    header.set_qform(affine, 1)
    header.set_sform(affine, 1)
    header.set_xyzt_units("mm")
    return header


def header_to_text(header: Any) -> str | None:
    """The geometry of a NIfTI header, to be kept in the project; None for any other header."""
    if not isinstance(header, nib.Nifti1Header):
        return None
    shape = header.get_data_shape()
    # the affine is taken only where the header is none of NIfTI
    fresh = fresh_header(header, np.eye(4), shape, header.get_data_dtype())
    return f"{fresh.endianness}{fresh.binaryblock.hex()}"


def header_from_text(text: str | None) -> Any:
    """The header that :func:`header_to_text` kept.

    Raises
    ------
    ValueError
        If the text is none of its.
    """
    if text is None:
        return None
    block = bytes.fromhex(text[1:])
    kind = nib.Nifti2Header if len(block) == nib.Nifti2Header.sizeof_hdr else nib.Nifti1Header
    try:
        return kind(block, endianness=text[0])
    except (HeaderDataError, WrapStructError) as error:
        raise ValueError from error
