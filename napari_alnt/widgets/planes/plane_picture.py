"""What is seen of a slice in another plane: grey values, filled labels, thin outlines, tints.

All of it is in voxels as they stand on the screen, whatever the size and the zoom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data import Array
from napari_alnt.widgets.picture.difference import difference
from napari_alnt.widgets.picture.outlines import outlines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_alnt.widgets.planes.plane import Plane

RGBA = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A mask, and how it is drawn.

    Attributes
    ----------
    mask : labels (Z, Y, X)
    colours : of each label that is drawn
    style : "fill", or an outline that is "solid", "dashed" or "dotted"
    ignore_label : the label of unknown voxels, which are hatched where labels are filled
    """

    mask: Array
    colours: Mapping[int, RGBA]
    style: str = "fill"
    ignore_label: int = 255


@dataclass(frozen=True, eq=False)
class Tint:
    """Values that lie over the image in colours, as the voxel trust.

    Attributes
    ----------
    values : real numbers (Z, Y, X)
    limits : the values of the first and the last colour
    colours : uint8 (N, 4), RGBA
    """

    values: Array
    limits: tuple[float, float]
    colours: Array

    def over(self, plane: Plane, index: int) -> Array:
        """A slice in colours; uint8 (rows, columns, 4)."""
        low, high = self.limits
        cut = plane.cut(self.values, index)
        last = len(self.colours) - 1
        place = (np.asarray(cut, np.float32) - low) * (last / max(high - low, 1e-9))
        return np.asarray(self.colours[np.clip(np.rint(place), 0, last).astype(np.intp)])


@dataclass(frozen=True, eq=False)
class Compared:
    """Where only one of two masks marks something; both (Z, Y, X)."""

    teacher: Array
    student: Array
    ignore_label: int = 255

    def over(self, plane: Plane, index: int) -> Array:
        """A slice in colours; uint8 (rows, columns, 4)."""
        teacher, student = (plane.cut(mask, index) for mask in (self.teacher, self.student))
        return difference(teacher, student, self.ignore_label)


def grey(cut: Array, low: float, high: float) -> Array:
    """Grey values of a slice (rows, columns) in a window, as uint8."""
    scale = 255 / max(high - low, 1e-9)
    shown = (np.asarray(cut, np.float32) - np.float32(low)) * np.float32(scale)
    # what is no number is drawn as the darkest
    return np.asarray(np.nan_to_num(np.clip(shown, 0, 255)).astype(np.uint8))


def fill(drawn: Drawn, cut: Array) -> Array:
    """The colours of a slice of a mask (rows, columns); uint8 (rows, columns, 4).

    What is unknown is clear, and so is a label without a colour.
    """
    clear = {0: (0, 0, 0, 0), drawn.ignore_label: (0, 0, 0, 0)}
    return np.asarray(_table({**drawn.colours, **clear}, int(cut.max(initial=0)))[cut])


def edges(drawn: Drawn, cut: Array) -> Iterable[tuple[int, Array]] | None:
    """The outlines of a slice of a mask, each with its label; None where there are too many.

    Their corners (N, 2) are rows and columns, of which whole numbers are the middles of voxels.
    """
    return outlines(cut, [value for value in drawn.colours if value not in (0, drawn.ignore_label)])


def rims(drawn: Drawn, cut: Array) -> Array:
    """The outermost voxels of each structure in its colour; uint8 (rows, columns, 4)."""
    known = np.where(cut == drawn.ignore_label, 0, cut)
    edge = np.zeros(cut.shape, bool)
    for axis in (0, 1):
        differs = np.diff(known, axis=axis) != 0
        before = [slice(None)] * 2
        after = [slice(None)] * 2
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        edge[tuple(before)] |= differs
        edge[tuple(after)] |= differs
    return np.asarray(np.where(edge[..., None], fill(drawn, known), np.uint8(0)))


def _table(colours: Mapping[int, RGBA], highest: int) -> Array:
    table = np.zeros((max([highest, *colours]) + 1, 4), np.uint8)
    for value, colour in colours.items():
        table[value] = colour
    return table
