"""Which side of the patient is where: letters, and places in mm, from an affine.

Array axes are those in memory, (z, y, x); an affine takes voxel indices (x, y, z) to mm in RAS+, as
:attr:`Volume.affine` does. Nothing is assumed of the directions in which the axes grow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from napari_alnt.data.images.on_disk import Array, Floats

POSITIVE, NEGATIVE = "RAS", "LPI"
"""The side to which x, y and z in RAS+ grow, and the other one."""
OPPOSITE = str.maketrans(POSITIVE + NEGATIVE, NEGATIVE + POSITIVE)
LEANING = math.tan(math.radians(22.5))
"""Part of the strongest letter from which on a second one is named, as between N and NE."""


@dataclass(frozen=True)
class Edges:
    """The letters at the four edges of a picture; '' where there is nothing to say."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


def axis_letters(affine: Floats) -> tuple[str, str, str]:
    """To which side of the patient the array axes z, y and x grow.

    An axis has one of the letters R, L, A, P, S and I, or its two strongest ones where it leans
    halfway or more to a second side: an octant each, as on a compass.
    """
    z, y, x = (_letters(affine[:3, column]) for column in (2, 1, 0))
    return z, y, x


def _letters(direction: Array) -> str:
    size = float(np.linalg.norm(direction))
    if not size > 0:
        return ""
    first, second = np.argsort(-np.abs(direction), kind="stable")[:2]
    letters = _letter(direction, first)
    # rounding must not decide at a half
    if abs(direction[second]) >= LEANING * abs(direction[first]) - 1e-9 * size:
        letters += _letter(direction, second)
    return letters


def _letter(direction: Array, axis: np.intp) -> str:
    return (POSITIVE if direction[axis] > 0 else NEGATIVE)[axis]


def opposite(letters: str) -> str:
    """The letters of the other side: PR for AL."""
    return letters.translate(OPPOSITE)


def edge_letters(
    affine: Floats, vertical: int, horizontal: int, down: bool = True, right: bool = True
) -> Edges:
    """The letters at the edges of a shown plane.

    Parameters
    ----------
    affine : (4, 4), as for all of this module
    vertical, horizontal : which array axes (z 0, y 1, x 2) the picture's axes are
    down, right : whether the vertical axis grows downwards, and the horizontal one to the right
    """
    letters = axis_letters(affine)
    bottom, rightmost = letters[vertical], letters[horizontal]
    top, leftmost = opposite(bottom), opposite(rightmost)
    if not down:
        top, bottom = bottom, top
    if not right:
        leftmost, rightmost = rightmost, leftmost
    return Edges(leftmost, rightmost, top, bottom)


def place(affine: Floats, voxel: Array) -> Array:
    """Where a voxel (z, y, x) lies, in mm (x, y, z) of RAS+; indices need not be whole."""
    return np.asarray(affine[:3, :3] @ np.asarray(voxel, float)[::-1] + affine[:3, 3])


def place_text(affine: Floats, voxel: Array) -> str:
    """Where a voxel (z, y, x) lies, with the side of each number: L 12.0  P 4.5  S 80.0 mm."""
    sides = (
        f"{(POSITIVE if value >= 0 else NEGATIVE)[axis]} {abs(value):.1f}"
        for axis, value in enumerate(np.round(place(affine, voxel), 1))
    )
    return "  ".join(sides) + " mm"


def slice_place(affine: Floats, shape: tuple[int, ...], axis: int, index: float) -> float:
    """Where a slice lies, in mm: x, y or z in RAS+ of its middle, whichever it is stacked along.

    Parameters
    ----------
    affine : (4, 4), as for all of this module
    shape : voxels (Z, Y, X)
    axis, index : the array axis that the slice is stacked along, and its number from 0
    """
    voxel = (np.asarray(shape, float) - 1) / 2
    voxel[axis] = index
    across = int(np.argmax(np.abs(affine[:3, 2 - axis])))
    return float(place(affine, voxel)[across])
