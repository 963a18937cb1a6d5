"""A slice of a plane as Qt draws it: made once, drawn at any size and zoom."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from napari_alnt.data import Array, Floats, Shape, Triple
from napari_alnt.data.images import orientation
from napari_alnt.widgets.picture.mask_styles import DASHES
from napari_alnt.widgets.planes.plane_picture import Compared, Drawn, Tint, edges, fill, grey, rims

if TYPE_CHECKING:
    from napari_alnt.widgets.planes.plane import Fit, Plane
    from napari_alnt.widgets.planes.plane_picture import RGBA

WIDTH = 1.6
"""Pixels of an outline."""
HATCH = 12
"""Pixels between two lines of the hatching."""
LIGHT, DARK = QColor(225, 225, 225, 220), QColor(30, 30, 30, 220)


@dataclass(frozen=True, eq=False)
class Scene:
    """What there is to see of a case.

    Attributes
    ----------
    voxels : grey values (Z, Y, X)
    spacing : mm between them (z, y, x)
    limits : the lowest and the highest that are shown
    drawn : masks, from the lowest to the highest
    tints : values below the masks, and what is compared above their fillings
    smooth : whether voxels are blended into each other
    affine : from voxels to mm, as a volume's; None where it is not known
    """

    voxels: Array
    spacing: Triple
    limits: tuple[float, float]
    drawn: list[Drawn] = field(default_factory=list)
    tints: list[Tint | Compared] = field(default_factory=list)
    smooth: bool = True
    affine: Floats | None = None

    def words(self, plane: Plane, index: int) -> str:
        """A plane and its slice: n of N, and where it lies in mm."""
        text = f"{plane.name}\nslice {index + 1} of {self.shape[plane.axis]}"
        if self.affine is None:
            return text
        place = orientation.slice_place(self.affine, self.shape, plane.axis, index)
        return f"{text}\n{place:.1f} mm".replace("-", "\N{MINUS SIGN}")

    @property
    def shape(self) -> Shape:
        """Voxels (Z, Y, X)."""
        z, y, x = self.voxels.shape
        return z, y, x


class Sheet:
    """One slice of a scene.

    Parameters
    ----------
    scene : what there is to see
    plane, index : which slice
    """

    def __init__(self, scene: Scene, plane: Plane, index: int) -> None:
        self._smooth = scene.smooth
        self._cut = plane.cut(scene.voxels, index)
        self.set_limits(scene.limits)
        below = [one for one in scene.tints if isinstance(one, Tint)]
        self._over = [colour_image(one.over(plane, index)) for one in below]
        self._unknown: list[QImage] = []
        self._lines: list[tuple[QPainterPath, QPen]] = []
        for one in scene.drawn:
            self._add(one, plane.cut(one.mask, index))
        above = [one for one in scene.tints if not isinstance(one, Tint)]
        self._over += [colour_image(one.over(plane, index)) for one in above]

    def set_limits(self, limits: tuple[float, float]) -> None:
        """Show other grey values; the masks stay as they are drawn."""
        self._grey = grey_image(grey(self._cut, *limits))

    def draw(self, painter: QPainter, fit: Fit) -> None:
        """Draw it where it lies on the screen."""
        place = QRectF(fit.left, fit.top, *fit.size)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth)
        painter.drawImage(place, self._grey)
        # labels are never between two values
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for image in self._over:
            painter.drawImage(place, image)
        for image in self._unknown:
            _hatch(painter, place, image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(fit.left, fit.top)
        rows, columns = self._grey.height(), self._grey.width()
        painter.scale(place.width() / columns, place.height() / rows)
        for path, pen in self._lines:
            painter.strokePath(path, pen)
        painter.restore()

    def _add(self, one: Drawn, cut: Array) -> None:
        if one.style == "fill":
            self._over.append(colour_image(fill(one, cut)))
            unknown = cut == one.ignore_label
            if unknown.any():
                shown = np.zeros((*cut.shape, 4), np.uint8)
                shown[unknown, 3] = 255
                self._unknown.append(colour_image(shown))
            return
        found = edges(one, cut)
        if found is None:
            # a student that has just begun draws thousands
            self._over.append(colour_image(rims(one, cut)))
            return
        paths: dict[int, QPainterPath] = {}
        for value, line in found:
            corners = [QPointF(x + 0.5, y + 0.5) for y, x in line.tolist()]
            paths.setdefault(value, QPainterPath()).addPolygon(QPolygonF(corners))
        self._lines += [
            (path, _pen(one.colours[value], one.style)) for value, path in paths.items()
        ]


def _pen(colour: RGBA, style: str) -> QPen:
    pen = QPen(QColor(*colour), WIDTH)
    pen.setCosmetic(True)  # as wide at every zoom
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dash := DASHES[style]:
        pen.setDashPattern([dash / WIDTH, dash / WIDTH])
    return pen


def _hatch(painter: QPainter, place: QRectF, where: QImage) -> None:
    """Draw diagonal lines where an image is not clear."""
    device = painter.device()
    seen = place.toAlignedRect().intersected(painter.viewport())
    if seen.isEmpty() or device is None:
        return
    sheet = QImage(seen.size(), QImage.Format.Format_ARGB32_Premultiplied)
    sheet.fill(Qt.GlobalColor.transparent)
    lines = QPainter(sheet)
    lines.translate(-seen.topLeft())
    lines.fillRect(seen, QBrush(_tile()))
    lines.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    lines.drawImage(place, where)
    lines.end()
    painter.drawImage(seen.topLeft(), sheet)


@cache
def _tile() -> QImage:
    """One piece of the hatching: a light line beside a dark one, so one is seen on every ground."""
    tile = QImage(HATCH, HATCH, QImage.Format.Format_ARGB32_Premultiplied)
    tile.fill(Qt.GlobalColor.transparent)
    for row in range(HATCH):
        for place, colour in ((0, LIGHT), (1, DARK)):
            tile.setPixelColor((place - row) % HATCH, row, colour)
    return tile


def grey_image(values: Array) -> QImage:
    """An image of grey values; uint8 (height, width)."""
    values = np.ascontiguousarray(values)
    height, width = values.shape
    image = QImage(values.data, width, height, width, QImage.Format.Format_Grayscale8)
    return image.copy()  # as Qt would go on reading numpy's memory


def colour_image(pixels: Array) -> QImage:
    """An image of colours; uint8 (height, width, 4), RGBA."""
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
