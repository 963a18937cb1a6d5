"""Which grey values of a volume are shown where the user has chosen none."""

from __future__ import annotations

import numpy as np

from napari_alnt.data import Array
from napari_alnt.settings import WINDOWS

ENDS = (1, 99)
"""Percentiles of the darkest and the brightest value."""
PADDED = 0.05
"""Part of the voxels that have the lowest value from which on it is padding, and no tissue."""


def shown_range(voxels: Array, window: str) -> tuple[float, float]:
    """The grey values of a window; where it is no preset, those that suit the volume (Z, Y, X).

    Padding is left out: where it is most of the volume, percentiles of all voxels would be a
    window in which the tissue is nothing but white.
    """
    if window in WINDOWS:
        return WINDOWS[window]
    # of every fourth row and column, as the percentiles of 79 million voxels take seconds
    some = np.asarray(voxels[:: max(len(voxels) // 32, 1), ::4, ::4])
    lowest, highest = float(some.min()), float(some.max())
    inside = some[some > lowest]
    if inside.size < (1 - PADDED) * some.size:
        some = inside
    low, high = map(float, np.percentile(some, ENDS)) if some.size else (lowest, highest)
    if low < high:
        return low, high
    if lowest < highest:
        return lowest, highest
    # one value alone is neither dark nor bright
    return lowest - 0.5, lowest + 0.5
