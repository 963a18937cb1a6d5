"""The planes in which a volume can be cut, and where a cut lies on the screen.

Array axes are those in memory, (z, y, x), which grow to the head, the back and the patient's left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data import Array, Shape, Triple

if TYPE_CHECKING:
    from collections.abc import Sequence

Voxel = tuple[int, int, int]
CLOSEST = 40.0
"""How much larger than the whole a plane can be looked at."""


@dataclass(frozen=True)
class Plane:
    """A plane as radiologists see it: head or front up, the patient's right on the left.

    Attributes
    ----------
    name : in words
    axis : the array axis it is stacked along
    vertical, horizontal : the array axes that are shown
    down : whether the vertical axis grows downwards
    """

    name: str
    axis: int
    vertical: int
    horizontal: int
    down: bool

    def cut(self, volume: Array, index: int) -> Array:
        """A slice of a volume (Z, Y, X) as it is shown: (rows, columns), a view."""
        rows = volume[(slice(None),) * self.axis + (index,)]
        return rows if self.down else rows[::-1]


AXIAL = Plane("axial", 0, 1, 2, down=True)
CORONAL = Plane("coronal", 1, 0, 2, down=False)
SAGITTAL = Plane("sagittal", 2, 0, 1, down=False)


@dataclass(frozen=True)
class Look:
    """How closely a plane is looked at, and at what of it.

    Attributes
    ----------
    zoom : how much larger than the whole plane would be
    right, down : what stands in the middle of the screen, as a part of the picture from its left
        and from its top
    """

    zoom: float = 1.0
    right: float = 0.5
    down: float = 0.5

    def nearer(self, factor: float, fit: Fit, x: float, y: float) -> Look:
        """Zoom about a pixel, whose place stays where it is; far enough away, the whole is seen."""
        zoom = min(self.zoom * factor, CLOSEST)
        if zoom <= 1:
            return Look()
        grows = zoom / self.zoom
        parts = (fit.part(x, y), (self.right, self.down))
        right, down = (at + (now - at) / grows for at, now in zip(*parts, strict=True))
        return Look(zoom, *_on_it(right, down))

    def moved(self, right: float, down: float, fit: Fit) -> Look:
        """Move the picture by pixels; some of it stays in the middle of the screen."""
        wide, high = fit.size
        return Look(self.zoom, *_on_it(self.right - right / wide, self.down - down / high))


def _on_it(right: float, down: float) -> tuple[float, float]:
    """A place of the picture: parts of its width and its height."""
    return min(max(right, 0.0), 1.0), min(max(down, 0.0), 1.0)


WHOLE = Look()


@dataclass(frozen=True)
class Fit:
    """A plane of a volume in a rectangle of the screen, as large as it can be at first.

    A millimetre takes as many pixels along both axes, however large the voxels are.

    Attributes
    ----------
    plane : which one
    shape, spacing : of the volume: voxels, and mm between them (z, y, x)
    zoom : pixels that a millimetre takes
    left, top : where the picture begins, in pixels
    """

    plane: Plane
    shape: Shape
    spacing: Triple
    zoom: float
    left: float
    top: float

    @classmethod
    def into(
        cls,
        plane: Plane,
        shape: Shape,
        spacing: Triple,
        width: float,
        height: float,
        look: Look = WHOLE,
    ) -> Fit:
        """The largest that goes into a width and a height in pixels, or as it is looked at."""
        high, wide = (shape[a] * spacing[a] for a in (plane.vertical, plane.horizontal))
        zoom = min(width / wide, height / high) * look.zoom
        left, top = width / 2 - look.right * wide * zoom, height / 2 - look.down * high * zoom
        return cls(plane, shape, spacing, zoom, left, top)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the picture, in pixels."""
        wide, high = self._pixels()
        return wide * self.shape[self.plane.horizontal], high * self.shape[self.plane.vertical]

    def screen(self, voxel: Sequence[float]) -> tuple[float, float]:
        """Where the middle of a voxel (z, y, x) lies, in pixels."""
        wide, high = self._pixels()
        row = voxel[self.plane.vertical] + 0.5
        if not self.plane.down:
            row = self.shape[self.plane.vertical] - row
        return self.left + (voxel[self.plane.horizontal] + 0.5) * wide, self.top + row * high

    def place(self, x: float, y: float, index: float) -> tuple[float, float, float]:
        """Which voxel (z, y, x), as real numbers, lies at a pixel in the slice ``index``."""
        wide, high = self._pixels()
        row = (y - self.top) / high
        if not self.plane.down:
            row = self.shape[self.plane.vertical] - row
        found = [float(index)] * 3
        found[self.plane.vertical] = row - 0.5
        found[self.plane.horizontal] = (x - self.left) / wide - 0.5
        return found[0], found[1], found[2]

    def part(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel lies in the picture, as a part of its width and of its height."""
        wide, high = self.size
        return (x - self.left) / wide, (y - self.top) / high

    def voxel(self, x: float, y: float, index: int) -> Voxel:
        """The voxel (z, y, x) of the volume that is nearest to a pixel in the slice ``index``."""
        z, y_, x_ = np.clip(np.rint(self.place(x, y, index)), 0, np.array(self.shape) - 1)
        return int(z), int(y_), int(x_)

    def _pixels(self) -> tuple[float, float]:
        """Width and height of a voxel, in pixels."""
        plane = self.plane
        return self.zoom * self.spacing[plane.horizontal], self.zoom * self.spacing[plane.vertical]
