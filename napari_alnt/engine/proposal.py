"""The mask that is proposed for the slices that nobody has corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_alnt.core.sampling import covered, positions, sample
from napari_alnt.core.slice_shapes import between_slices, outline_distances
from napari_alnt.core.windows import Box
from napari_alnt.engine.adaptation import Recipe

BLOCK = 2**22
"""Voxels of the own grid that are decided at a time, so that memory stays small."""


@dataclass(frozen=True)
class Corrected:
    """A case's present mask, and which slices of it are right.

    Attributes
    ----------
    classes : ``(Z, Y, X)`` class indices on the case's own grid
    spacing : mm (z, y, x) of that grid
    axis, slices : the corrected slices
    shape : of the training grid, (D, H, W)
    patch : voxels (z, y, x) of a window on the training grid
    """

    classes: NDArray[np.int16]
    spacing: tuple[float, float, float]
    axis: int
    slices: tuple[int, ...]
    shape: tuple[int, ...]
    patch: tuple[int, int, int]

    def box(self) -> Box:
        """The part of the training grid that is looked at: the structures of the present mask with
        half a window around them, and no less than a window.
        """
        found = []
        for axis, (new, side) in enumerate(zip(self.shape, self.patch, strict=True)):
            others = tuple(other for other in range(3) if other != axis)
            marked = np.flatnonzero((self.classes > 0).any(others))
            old = self.classes.shape[axis]
            first, last = (marked[0], marked[-1] + 1) if len(marked) else (0, old)
            start = int(first * new / old) - side // 2
            stop = int(-(-last * new // old)) + side // 2
            missing = max(side - (stop - start), 0)
            start = max(start - missing // 2, 0)
            found.append(slice(start, min(max(stop, start + side), new)))
        z, y, x = found
        return z, y, x

    def own_box(self, box: Box) -> Box:
        """The voxels of the case's own grid in a part of the training grid."""
        z, y, x = (
            covered(part, new, old)
            for part, new, old in zip(box, self.shape, self.classes.shape, strict=True)
        )
        return z, y, x


def proposed(case: Corrected, box: Box, logits: Tensor, recipe: Recipe) -> NDArray[np.int16]:
    """The present classes with new ones in the slices that are not corrected, inside a box.

    Parameters
    ----------
    case : the present mask and its corrected slices
    box : the part of the training grid that the logits are of
    logits : ``(C, D, H, W)`` of that part
    recipe : how much the shapes between corrected slices count
    """
    own = case.own_box(box)
    shapes = Shapes(case, own, len(logits), recipe) if recipe.near else None
    found = case.classes.copy()
    planes = np.moveaxis(found, case.axis, 0)
    inner = tuple(part for axis, part in enumerate(own) if axis != case.axis)
    for run in _runs(own[case.axis], case.slices, inner):
        part = list(own)
        part[case.axis] = run
        at = [
            positions(one, old, new) - start.start
            for one, old, new, start in zip(part, found.shape, case.shape, box, strict=True)
        ]
        scores = sample(logits, at)
        if shapes is not None:
            scores = scores + shapes.scores(run)
        best = scores.max(0).indices.numpy().astype(np.int16)
        planes[run, *inner] = np.moveaxis(best, case.axis, 0)
    return found


def _runs(part: slice, known: Sequence[int], inner: Sequence[slice]) -> list[slice]:
    """The slices of a part that are not known, in runs of at most ``BLOCK`` voxels."""
    most = max(
        BLOCK // max((inner[0].stop - inner[0].start) * (inner[1].stop - inner[1].start), 1), 1
    )
    left = [number for number in range(part.start, part.stop) if number not in set(known)]
    runs: list[slice] = []
    for number in left:
        if runs and runs[-1].stop == number and number - runs[-1].start < most:
            runs[-1] = slice(runs[-1].start, number + 1)
        else:
            runs.append(slice(number, number + 1))
    return runs


class Shapes:
    """What the outlines in the corrected slices say of the slices between them."""

    def __init__(self, case: Corrected, own: Box, classes: int, recipe: Recipe) -> None:
        self._axis = case.axis
        self._slices = case.slices
        self._recipe = recipe
        self._spacing = case.spacing[case.axis]
        inner = tuple(part for axis, part in enumerate(own) if axis != case.axis)
        plane = [mm for axis, mm in enumerate(case.spacing) if axis != case.axis]
        slices = np.moveaxis(case.classes, case.axis, 0)[list(case.slices)][:, *inner]
        self._distances = torch.from_numpy(outline_distances(slices, classes, plane))

    def scores(self, run: slice) -> Tensor:
        """Logits ``(C, …)`` of some slices: distances over what they may be off."""
        wanted = np.arange(run.start, run.stop, dtype=np.float64)
        below, above, share, far = between_slices(self._slices, wanted)
        part = torch.from_numpy(share)[:, None, None]
        off = self._recipe.near + self._recipe.widening * self._spacing * far
        distances = torch.lerp(self._distances[:, below], self._distances[:, above], part)
        scores = distances / torch.from_numpy(off)[:, None, None]
        # the axis goes back to its place behind the classes
        return scores.moveaxis(1, self._axis + 1) / 2
