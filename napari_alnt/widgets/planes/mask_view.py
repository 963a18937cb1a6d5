"""The structures of the open case's mask, seen from outside; a drag turns them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QSize, Qt
from qtpy.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_alnt.widgets.picture.corner_text import CornerText, Spot
from napari_alnt.widgets.planes.mask_surface import Surface, picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_alnt.widgets.planes.plane_picture import RGBA

SPEED = 0.5
"""Degrees that a pixel of a drag turns the picture."""
FIRST = (25.0, 15.0)
"""Degrees to the side and upwards from which it is seen at first."""


class MaskView(QWidget):
    """Shows a surface, or says that there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._surface: Surface | None = None
        self._colours: Mapping[int, RGBA] = {}
        self._turn, self._tilt = FIRST
        self._from: QPointF | None = None
        self._image: QImage | None = None
        self.words = CornerText(self)
        self.setMinimumSize(120, 90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip("Drag to turn it, double-click to see it from the front again")

    @property
    def side(self) -> tuple[float, float]:
        """Degrees to the side and upwards from which it is seen."""
        return self._turn, self._tilt

    def set_surface(self, surface: Surface | None, colours: Mapping[int, RGBA]) -> None:
        """Show another surface; None while it is not known."""
        self._surface, self._colours = surface, colours
        empty = surface is not None and not len(surface.places)
        self.words.put(Spot.TOP_LEFT, "3D\nnothing is marked yet" if empty else "3D")
        self._draw_anew()

    def _draw_anew(self) -> None:
        self._image = None
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the surface as it is turned now."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if self._surface is None:
            return
        if self._image is None:
            size = (self.width(), self.height())
            pixels = picture(self._surface, self._colours, size, self._turn, self._tilt)
            pixels = np.ascontiguousarray(pixels)
            wide, high = size
            # copied, as Qt would go on reading numpy's memory
            self._image = QImage(
                pixels.data, wide, high, 4 * wide, QImage.Format.Format_RGBA8888
            ).copy()
        painter.drawImage(0, 0, self._image)

    def resizeEvent(self, _: object) -> None:
        """Draw it for another size."""
        self._image = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to turn it."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._from = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn it."""
        if self._from is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        by, self._from = event.position() - self._from, event.position()
        # the near side goes along with the mouse
        self._turn = (self._turn - SPEED * by.x()) % 360
        self._tilt = min(max(self._tilt + SPEED * by.y(), -90.0), 90.0)
        self._draw_anew()

    def mouseReleaseEvent(self, _: QMouseEvent) -> None:
        """Leave it as it is."""
        self._from = None

    def mouseDoubleClickEvent(self, _: QMouseEvent) -> None:
        """See it from the front again."""
        self._turn, self._tilt = 0.0, 0.0
        self._draw_anew()

    def sizeHint(self) -> QSize:
        """As large as there is room for."""
        return QSize(400, 400)
