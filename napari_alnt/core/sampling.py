"""Values between the voxels of a part of a volume, for another grid over the same volume."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def positions(new: slice, new_length: int, old_length: int) -> Tensor:
    """Where the voxels ``new`` of one axis have their centres, in voxels of another grid.

    Both grids have the same outer faces, the one ``new_length`` voxels between them and the other
    ``old_length``; centres lie at whole numbers, as in :func:`~napari_alnt.core.resample`.
    """
    index = torch.arange(new.start, new.stop, dtype=torch.float64)
    return (index + 0.5) * (old_length / new_length) - 0.5


def covered(part: slice, length: int, new_length: int) -> slice:
    """The voxels of another grid whose centres lie within ``part`` of this one, along one axis."""
    ratio = new_length / length
    # a centre at (i + 0.5) / ratio must lie in [start, stop)
    start = int(-(-(part.start * ratio - 0.5) // 1))
    stop = int(-(-(part.stop * ratio - 0.5) // 1))
    return slice(max(start, 0), min(stop, new_length))


def sample(values: Tensor, at: Sequence[Tensor]) -> Tensor:
    """Trilinear values at the product of some positions along the axes.

    Parameters
    ----------
    values : ``(C, D, H, W)``
    at : positions along D, H and W, in voxels; beyond the outermost centres the outermost count

    Returns
    -------
    Tensor
        ``(C, len(at[0]), len(at[1]), len(at[2]))``
    """
    # the axis that shrinks most goes first, and the one that grows most last
    order = sorted(range(3), key=lambda axis: len(at[axis]) / values.shape[axis + 1])
    for axis in order:
        values = _along(values, axis + 1, at[axis])
    return values


def _along(values: Tensor, axis: int, at: Tensor) -> Tensor:
    """Linear values along one axis."""
    last = values.shape[axis] - 1
    place = at.clamp(0, last)
    below = place.floor().long()
    part = (place - below).to(values.dtype).to(values.device)
    shape = [1] * values.ndim
    shape[axis] = len(at)
    low, high = (
        values.index_select(axis, index.to(values.device))
        for index in (below, (below + 1).clamp(max=last))
    )
    return torch.lerp(low, high, part.view(shape))
