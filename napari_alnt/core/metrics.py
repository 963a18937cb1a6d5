"""Dice and the 95 % Hausdorff distance over the voxels that somebody has labelled."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from monai.metrics import compute_dice, compute_hausdorff_distance
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from napari_alnt.core.losses import IGNORE

Labels = NDArray[np.integer]


def dice(prediction: Labels, target: Labels, classes: int) -> tuple[float, ...]:
    """Dice of each structure.

    Parameters
    ----------
    prediction, target : class indices ``(D, H, W)``; voxels that are ``IGNORE`` in either count in
        neither
    classes : number of classes C, background included

    Returns
    -------
    2|A ∩ B| / (|A| + |B|) of the classes 1…C−1; nan where both are empty, 0 where one is.
    """
    pairs = (_pair(prediction, target, c) for c in range(1, classes))
    return tuple(
        float(compute_dice(*map(_tensor, pair), ignore_empty=False)) if pair else math.nan
        for pair in pairs
    )


def hd95(
    prediction: Labels, target: Labels, classes: int, spacing: Sequence[float]
) -> tuple[float, ...]:
    """95 % Hausdorff distance (mm) of each structure.

    Parameters
    ----------
    prediction, target : class indices ``(D, H, W)``; voxels that are ``IGNORE`` in either count in
        neither
    classes : number of classes C, background included
    spacing : size of a voxel z y x in mm

    Returns
    -------
    The larger of the two directed 95th percentiles between the surfaces, of the classes 1…C−1, as
    MONAI measures it; nan where either is empty.
    """
    pairs = (_pair(prediction, target, c) for c in range(1, classes))
    return tuple(
        _distance(*pair, spacing) if pair and all(m.any() for m in pair) else math.nan
        for pair in pairs
    )


def mean_known(values: Iterable[float]) -> float:
    """The mean of the values that are not nan; nan if none is."""
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def _pair(
    prediction: Labels, target: Labels, c: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Both masks of a class within the box of their union; None if that is empty."""
    known = (prediction != IGNORE) & (target != IGNORE)
    a = (prediction == c) & known
    b = (target == c) & known
    # the box holds all that the metrics look at, and is much smaller than the volume
    boxes = find_objects((a | b).astype(np.uint8))
    return (a[boxes[0]], b[boxes[0]]) if boxes else None


def _distance(a: NDArray[np.bool_], b: NDArray[np.bool_], spacing: Sequence[float]) -> float:
    # MONAI pads: a surface at the volume's face is a surface like any other
    return float(
        compute_hausdorff_distance(
            _tensor(a),
            _tensor(b),
            include_background=True,
            percentile=95,
            spacing=[float(mm) for mm in spacing],
        )
    )


def _tensor(mask: NDArray[np.bool_]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(mask))[None, None].float()
