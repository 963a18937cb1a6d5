"""Which voxels a tool may change."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from napari_alnt.correction.boxes import Array, Box
from napari_alnt.correction.edit import Edit
from napari_alnt.errors import AlntError


@dataclass(frozen=True, eq=False)
class Limits:
    """What a tool leaves alone, whatever it does.

    Attributes
    ----------
    protect : labels that are not overwritten, 0 for the background
    ignore : the label of voxels that nobody has labelled, not overwritten either; None where it is
        to be overwritten as any other
    image : HU (Z, Y, X) on the mask's grid; None for no range
    low, high : voxels with HU below or above these are not changed
    """

    protect: frozenset[int] = frozenset()
    ignore: int | None = 255
    image: Array | None = None
    low: float = -math.inf
    high: float = math.inf

    def keeps(self, label: int) -> bool:
        """Whether voxels of a label are left alone everywhere."""
        return label == self.ignore or label in self.protect

    def allow(self, mask: Array, box: Box) -> Array:
        """Which voxels of a box of a mask (Z, Y, X) may be changed, bool.

        Raises
        ------
        AlntError
            If the image has another shape than the mask.
        """
        labels = mask[box]
        allowed = np.ones(labels.shape, bool)
        for label in self.protect | ({self.ignore} - {None}):
            allowed &= labels != label
        if self.image is not None:
            if self.image.shape != mask.shape:
                raise AlntError(
                    f"The image has {self.image.shape} voxels and the mask {mask.shape}; give the"
                    " image of the mask's case."
                )
            grey = self.image[box]
            allowed &= (grey >= self.low) & (grey <= self.high)
        return allowed

    def put(self, mask: Array, box: Box, where: Array | bool, labels: Array | int) -> Edit:
        """The edit that gives voxels other labels, as far as they may be changed.

        Parameters
        ----------
        mask : label values (Z, Y, X), not changed
        box : part of it
        where : which voxels of the box, bool; True for all
        labels : their label, or label values of the box

        Raises
        ------
        AlntError
            If the mask's type cannot hold a label.
        """
        require_label(mask, labels)
        after = mask[box].copy()
        np.copyto(after, labels, where=where & self.allow(mask, box), casting="unsafe")
        return Edit.of(mask, box, after)


NO_LIMITS = Limits()
"""Nothing but the voxels that nobody has labelled is left alone."""


def require_label(mask: Array, labels: Array | int) -> None:
    """Make sure that a mask can hold labels.

    Raises
    ------
    AlntError
        If its type cannot.
    """
    holds = np.iinfo(mask.dtype)
    least, most = (labels, labels) if isinstance(labels, int) else _range(labels)
    if least < holds.min or most > holds.max:
        wrong = least if least < holds.min else most
        raise AlntError(
            f"The mask holds labels from {holds.min} to {holds.max}, not {wrong}; choose another"
            " label."
        )


def _range(labels: Array) -> tuple[int, int]:
    return (int(labels.min()), int(labels.max())) if labels.size else (0, 0)
