"""A slice of the open case in another plane: looked at, walked through, and painted in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_alnt.widgets.parts.style import CROSSHAIR
from napari_alnt.widgets.picture.corner_text import CornerText, Spot
from napari_alnt.widgets.planes.plane import WHOLE, Fit, Look, Plane, Voxel
from napari_alnt.widgets.planes.plane_brush import PlaneStroke
from napari_alnt.widgets.planes.plane_sheet import Scene, Sheet, colour_image
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from collections.abc import Callable

GAP = 14
"""Pixels around the place that the crosshair leaves free."""


@dataclass(frozen=True)
class Brush:
    """What the left button paints: its width in mm, and its colour on the screen."""

    width: float
    colour: str


class PlaneView(QWidget):
    """One slice of a plane with a crosshair.

    ``pointed`` carries the voxel (z, y, x) that the crosshair is to go to, ``painted`` a stroke
    that was finished; ``double_clicked`` that the left button was pressed twice.
    """

    pointed = Signal(object)
    painted = Signal(object)
    double_clicked = Signal()

    def __init__(
        self, plane: Plane, brush: Callable[[], Brush | None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.plane = plane
        self._brush = brush
        self._scene: Scene | None = None
        self._voxel: Voxel = (0, 0, 0)
        self._stroke: PlaneStroke | None = None
        self._pointing = False  # whether the button that is held has begun to move the crosshair
        self._sheet: Sheet | None = None
        self._look: Look = WHOLE
        self.words = CornerText(self)
        self.setMouseTracking(True)
        self.setMinimumSize(120, 90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def set_scene(self, scene: Scene | None) -> None:
        """Show another case, or other grey values or masks of it; None for nothing."""
        if scene is None or self._scene is None or scene.voxels is not self._scene.voxels:
            self._stroke = None
            self._look = WHOLE
        self._scene = scene
        self._draw_anew()

    def set_limits(self, limits: tuple[float, float]) -> None:
        """Show other grey values of the same case."""
        if self._scene is not None:
            self._scene = replace(self._scene, limits=limits)
            if self._sheet is not None:
                self._sheet.set_limits(limits)
            self.update()

    def set_plane(self, plane: Plane) -> None:
        """Show another plane."""
        if plane is not self.plane:
            self.plane = plane
            self._stroke = None
            self._look = WHOLE
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
        self._sheet = None
        self.update()

    def step(self, slices: int) -> None:
        """Go on by slices, up for positive numbers: to the head, the front, the patient's right."""
        if self._scene is None or self._stroke is not None or not slices:
            return
        voxel = list(self._voxel)
        axis = self.plane.axis
        # y and x grow to the back and to the left
        voxel[axis] += slices if axis == 0 else -slices
        voxel[axis] = min(max(voxel[axis], 0), self._scene.shape[axis] - 1)
        self.pointed.emit((voxel[0], voxel[1], voxel[2]))

    def zoom(self, x: float, y: float, factor: float) -> None:
        """Look more closely at the place under a pixel, or less so."""
        if (fit := self.fit) is not None:
            self._look = self._look.nearer(factor, fit, x, y)
            self.update()

    def shift(self, right: float, down: float) -> None:
        """Move the picture by pixels."""
        if (fit := self.fit) is not None:
            self._look = self._look.moved(right, down, fit)
            self.update()

    @property
    def fit(self) -> Fit | None:
        """Where the picture lies."""
        scene = self._scene
        if scene is None:
            return None
        room = (self.width(), self.height())
        return Fit.into(self.plane, scene.shape, scene.spacing, *room, self._look)

    def _draw_anew(self) -> None:
        self._sheet = None
        self._say()
        self.update()

    def _say(self) -> None:
        scene = self._scene
        text = "" if scene is None else scene.words(self.plane, self._voxel[self.plane.axis])
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
        if self._sheet is None:
            self._sheet = Sheet(scene, self.plane, index)
        self._sheet.draw(painter, fit)
        if self._stroke is not None:
            self._draw_stroke(painter, fit)
        _draw_crosshair(painter, fit, fit.screen(self._voxel))

    def _draw_stroke(self, painter: QPainter, fit: Fit) -> None:
        assert self._stroke is not None
        brush = self._brush()
        colour = QColor(brush.colour if brush else "#ffffff")
        covered = self._stroke.covered if self.plane.down else self._stroke.covered[::-1]
        shown = np.zeros((*covered.shape, 4), np.uint8)
        shown[covered] = colour.red(), colour.green(), colour.blue(), 150
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(QRectF(fit.left, fit.top, *fit.size), colour_image(shown))

    # the mouse ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke, or move the crosshair where nothing can be painted, or with Shift."""
        brush, scene = self._brush(), self._scene
        if scene is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if brush is None or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._pointing = True
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
        elif (held and self._pointing) or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._point(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke: now it becomes part of the mask."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pointing = False
        if self._stroke is not None:
            stroke, self._stroke = self._stroke, None
            self.painted.emit(stroke)
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Tell of it; nothing is painted by the second press."""
        if event.button() == Qt.MouseButton.LeftButton and self._scene is not None:
            self.double_clicked.emit()

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


def _draw_crosshair(painter: QPainter, fit: Fit, place: tuple[float, float]) -> None:
    x, y = place
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
