"""Shapes between slices that are known: signed distances to their outlines, interpolated along the
axis.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

REACH = 30.0
"""Millimetres at which a signed distance ends; a slice without the structure has −REACH."""


def outline_distances(
    slices: NDArray[np.int16], classes: int, spacing: Sequence[float]
) -> NDArray[np.float32]:
    """Signed distances (mm) to the outlines in each slice, positive inside.

    Parameters
    ----------
    slices : ``(S, H, W)`` class indices
    classes : number of classes C, background included
    spacing : mm along H and W

    Returns
    -------
    numpy.ndarray
        ``(C, S, H, W)`` in −REACH…REACH; a voxel at an outline is half a voxel from it.
    """
    found = np.empty((classes, *slices.shape), np.float32)
    half = sum(spacing) / 4
    for index, number in itertools.product(range(classes), range(len(slices))):
        inside = slices[number] == index
        if inside.all() or not inside.any():
            found[index, number] = REACH if inside.all() else -REACH
            continue
        inward = distance_transform_edt(inside, spacing)
        outward = distance_transform_edt(~inside, spacing)
        distance = np.where(inside, inward - half, half - outward)
        found[index, number] = distance.clip(-REACH, REACH)
    return found


def between_slices(
    known: Sequence[float], wanted: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """The known slices on both sides of some positions along the axis.

    Parameters
    ----------
    known : positions of the known slices, growing
    wanted : ``(n,)`` positions

    Returns
    -------
    below, above : ``(n,)`` numbers of the known slices; both the same beyond the outermost
    share : ``(n,)`` how much the one above counts, 0…1
    far : ``(n,)`` distance to the nearest known slice, in units of the positions
    """
    places = np.asarray(known, np.float64)
    after = np.searchsorted(places, wanted, side="right")
    below = (after - 1).clip(min=0)
    above = after.clip(max=len(places) - 1)
    gap = places[above] - places[below]
    share = np.where(gap > 0, (wanted - places[below]) / np.where(gap > 0, gap, 1), 0)
    far = np.abs(wanted[:, None] - places).min(1)
    return below, above, share.astype(np.float32), far.astype(np.float32)
