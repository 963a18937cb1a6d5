"""A slice of the open case in another plane: looked at, walked through, and painted in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_alnt.data import Array, Shape, Triple
from napari_alnt.widgets.parts.style import CROSSHAIR
from napari_alnt.widgets.picture.corner_text import CornerText, Spot
from napari_alnt.widgets.planes.plane import Fit, Plane, Voxel
from napari_alnt.widgets.planes.plane_brush import PlaneStroke
from napari_alnt.widgets.planes.plane_picture import Drawn, grey, overlay
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from collections.abc import Callable

GAP = 14
"""Pixels around the place that the crosshair leaves free."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What there is to see of a case.

    Attributes
    ----------
    voxels : grey values (Z, Y, X)
    spacing : mm between them (z, y, x)
    limits : the lowest and the highest that are shown
    drawn : masks, from the lowest to the highest
    """

    voxels: Array
    spacing: Triple
    limits: tuple[float, float]
    drawn: list[Drawn] = field(default_factory=list)

    @property
    def shape(self) -> Shape:
        """Voxels (Z, Y, X)."""
        z, y, x = self.voxels.shape
        return z, y, x


@dataclass(frozen=True)
class Brush:
    """What the left button paints: its width in mm, and its colour on the screen."""

    width: float
    colour: str


class PlaneView(QWidget):
    """One slice of a plane with a crosshair.

    ``pointed`` carries the voxel (z, y, x) that the crosshair is to go to, ``painted`` a stroke
    that was finished.
    """

    pointed = Signal(object)
    painted = Signal(object)

    def __init__(
        self, plane: Plane, brush: Callable[[], Brush | None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.plane = plane
        self._brush = brush
        self._scene: Scene | None = None
        self._voxel: Voxel = (0, 0, 0)
        self._stroke: PlaneStroke | None = None
        self._grey: QImage | None = None
        self._masks: QImage | None = None
        self.words = CornerText(self)
        self.setMouseTracking(True)
        self.setMinimumSize(120, 90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def set_scene(self, scene: Scene | None) -> None:
        """Show another case, or other grey values or masks of it; None for nothing."""
        if scene is None or self._scene is None or scene.voxels is not self._scene.voxels:
            self._stroke = None
        self._scene = scene
        self._draw_anew()

    def set_plane(self, plane: Plane) -> None:
        """Show another plane."""
        if plane is not self.plane:
            self.plane = plane
            self._stroke = None
            self._draw_anew()

    def set_voxel(self, voxel: Voxel) -> None:
        """Move the crosshair, and show the slice it lies in."""
        moved = voxel[self.plane.axis] != self._voxel[self.plane.axis]
        self._voxel = voxel
        if moved:
            self._stroke = None
            self._draw_anew()
        else:
            self.update()

    def masks_changed(self) -> None:
        """Draw the masks again, as they were painted on."""
        self._masks = None
        self.update()

    @property
    def fit(self) -> Fit | None:
        """Where the picture lies."""
        scene = self._scene
        if scene is None:
            return None
        return Fit.into(self.plane, scene.shape, scene.spacing, self.width(), self.height())

    def _draw_anew(self) -> None:
        self._grey = self._masks = None
        self._say()
        self.update()

    def _say(self) -> None:
        scene, axis = self._scene, self.plane.axis
        count = 0 if scene is None else scene.shape[axis]
        text = f"{self.plane.name}\nslice {self._voxel[axis] + 1} of {count}" if count else ""
        self.words.put(Spot.TOP_LEFT, text)

    # drawing --------------------------------------------------------------------------------------

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the slice, its masks, the stroke that is being painted, and the crosshair."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        scene, fit = self._scene, self.fit
        if scene is None or fit is None:
            return
        index = min(self._voxel[self.plane.axis], scene.shape[self.plane.axis] - 1)
        if self._grey is None:
            self._grey = _grey_image(grey(self.plane.cut(scene.voxels, index), *scene.limits))
        if self._masks is None:
            self._masks = _colour_image(overlay(scene.drawn, fit, index))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(fit.left, fit.top, *fit.size), self._grey)
        painter.drawImage(QPointF(round(fit.left), round(fit.top)), self._masks)
        if self._stroke is not None:
            self._draw_stroke(painter, fit)
        self._draw_crosshair(painter, fit)

    def _draw_stroke(self, painter: QPainter, fit: Fit) -> None:
        assert self._stroke is not None
        brush = self._brush()
        colour = QColor(brush.colour if brush else "#ffffff")
        covered = self._stroke.covered if self.plane.down else self._stroke.covered[::-1]
        shown = np.zeros((*covered.shape, 4), np.uint8)
        shown[covered] = colour.red(), colour.green(), colour.blue(), 150
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(QRectF(fit.left, fit.top, *fit.size), _colour_image(shown))

    def _draw_crosshair(self, painter: QPainter, fit: Fit) -> None:
        x, y = fit.screen(self._voxel)
        painter.setPen(QPen(QColor(CROSSHAIR), 1))
        right, bottom = fit.left + fit.size[0], fit.top + fit.size[1]
        for start, end in (
            ((fit.left, y), (x - GAP, y)),
            ((x + GAP, y), (right, y)),
            ((x, fit.top), (x, y - GAP)),
            ((x, y + GAP), (x, bottom)),
        ):
            # at the picture's edge no room is left for it
            if end[0] >= start[0] and end[1] >= start[1]:
                painter.drawLine(QPointF(*start), QPointF(*end))

    def resizeEvent(self, _: object) -> None:
        """Draw the masks for another size."""
        self._masks = None

    # the mouse ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke, or move the crosshair where nothing can be painted, or with Shift."""
        brush, scene = self._brush(), self._scene
        if scene is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if brush is None or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._point(event)
            return
        index = self._voxel[self.plane.axis]
        self._stroke = PlaneStroke(self.plane, index, scene.shape, scene.spacing, brush.width)
        self._paint_on(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Paint on, or move the crosshair."""
        held = bool(event.buttons() & Qt.MouseButton.LeftButton)
        if self._stroke is not None and held:
            self._paint_on(event)
        elif held or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._point(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke: now it becomes part of the mask."""
        if event.button() == Qt.MouseButton.LeftButton and self._stroke is not None:
            stroke, self._stroke = self._stroke, None
            self.painted.emit(stroke)
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Go a slice on: to the front, or to the patient's right."""
        if self._scene is None or self._stroke is not None or not event.angleDelta().y():
            return
        voxel = list(self._voxel)
        axis = self.plane.axis
        step = 1 if event.angleDelta().y() > 0 else -1
        # y and x grow to the back and to the left
        voxel[axis] += step if axis == 0 else -step
        voxel[axis] = min(max(voxel[axis], 0), self._scene.shape[axis] - 1)
        self.pointed.emit((voxel[0], voxel[1], voxel[2]))

    def _paint_on(self, event: QMouseEvent) -> None:
        if self._stroke is not None and (fit := self.fit) is not None:
            place = event.position()
            self._stroke.move(fit.place(place.x(), place.y(), self._voxel[self.plane.axis]))
            self.update()

    def _point(self, event: QMouseEvent) -> None:
        if (fit := self.fit) is not None:
            place = event.position()
            self.pointed.emit(fit.voxel(place.x(), place.y(), self._voxel[self.plane.axis]))

    def sizeHint(self) -> QSize:
        """As large as there is room for."""
        return QSize(400, 400)


def _grey_image(values: Array) -> QImage:
    values = np.ascontiguousarray(values)
    height, width = values.shape
    image = QImage(values.data, width, height, width, QImage.Format.Format_Grayscale8)
    return image.copy()  # as Qt would go on reading numpy's memory


def _colour_image(pixels: Array) -> QImage:
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
