"""Headers that two readers place differently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.affines import apply_affine
from nibabel.spatialimages import HeaderDataError

from napari_alnt.data.images.on_disk import Floats, Shape

APART = 0.1
"""Part of a voxel by which the places of qform and sform may differ."""
SHEAR = 1e-3
"""Cosine between two axes from which on they are not at right angles."""
PIXDIM = 0.01
"""Part by which a voxel size may differ from that of the sform."""


def placement_doubt(path: Path, header: Any, shape: Shape) -> str:
    """Why two readers may place an image differently, in words; "" where they will not.

    Parameters
    ----------
    path : the image, beside which an Analyze header may have its .mat file
    header : as nibabel read it
    shape : voxels (i, j, k)
    """
    if isinstance(header, nib.Nifti1Header):
        return _nifti_doubt(header, shape)
    if isinstance(header, nib.AnalyzeHeader) and not path.with_suffix(".mat").exists():
        return "the header is one of Analyze, which has no directions"
    if isinstance(header, nib.freesurfer.mghformat.MGHHeader) and int(header["goodRASFlag"]) != 1:
        return "the header says that its directions are not known"
    return ""


def _nifti_doubt(header: Any, shape: Shape) -> str:
    coded = {name: int(header[f"{name}_code"]) > 0 for name in ("qform", "sform")}
    if not any(coded.values()):
        return "the header has neither qform nor sform, so that place and directions are guessed"
    sform = header.get_sform() if coded["sform"] else None
    if sform is not None and coded["qform"]:
        try:
            apart = _voxels_apart(header.get_qform(), sform, shape)
        except HeaderDataError:
            return "the header's qform is damaged, and some readers take it before the sform"
        if apart > APART:
            return "the header's qform and sform place it differently"
    if sform is not None:
        sizes = np.sqrt((sform[:3, :3] ** 2).sum(axis=0))
        axes = sform[:3, :3] / sizes
        if np.abs(axes.T @ axes - np.eye(3)).max() > SHEAR:
            return "the header's sform is sheared, which many readers pass over or refuse"
        if np.abs(np.asarray(header.get_zooms()[:3]) / sizes - 1).max() > PIXDIM:
            return "the header's pixdim and sform give different voxel sizes"
    return ""


def _voxels_apart(one: Floats, other: Floats, shape: Shape) -> float:
    """How far the corners of a volume lie apart by two affines, in voxels of the second."""
    corners = np.indices((2, 2, 2)).reshape(3, -1).T * (np.array(shape) - 1)
    distance = np.abs(apply_affine(one, corners) - apply_affine(other, corners)).max()
    size = np.sqrt((other[:3, :3] ** 2).sum(axis=0)).min()
    return float(distance / size)
