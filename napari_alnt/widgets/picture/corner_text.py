"""Words on the picture: in its corners, at its edges, and over it while the mouse changes it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QRect, QSize, Qt
from qtpy.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

from napari_alnt.widgets.parts.style import PICTURE_HALO, PICTURE_TEXT
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

EDGE = 10
"""Pixels between a text and the edge of the picture."""
HALO = 3
"""Width in pixels of the dark line around the letters, which are thus read on every ground."""

NARROW = 600
"""Pixels of width below which the corners have smaller letters, to be apart from the edges'."""


class Spot(Enum):
    """Where a text stands: part of the free width and of the free height before it."""

    TOP_LEFT = (0, 0)
    TOP_RIGHT = (1, 0)
    BOTTOM_LEFT = (0, 1)
    LEFT = (0, 0.5)
    RIGHT = (1, 0.5)
    TOP = (0.5, 0)
    BOTTOM = (0.5, 1)
    MIDDLE = (0.5, 0.85)


LETTERS = (Spot.LEFT, Spot.RIGHT, Spot.TOP, Spot.BOTTOM)


class CornerText(QWidget):
    """Texts above a canvas. The mouse goes through them; ``left`` says that it has left the canvas
    or that the canvas has lost the keyboard.
    """

    left = Signal()

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._texts: dict[Spot, str] = {}
        self.setGeometry(canvas.rect())
        canvas.installEventFilter(self)
        self.show()

    @property
    def texts(self) -> Mapping[Spot, str]:
        """What stands on the picture, by its place."""
        return self._texts

    def put(self, spot: Spot, text: str) -> None:
        """Show a text, or none; lines are parted by a line break."""
        if self._texts.get(spot, "") == text:
            return
        self.update(self._place(spot))
        if text:
            self._texts[spot] = text
        else:
            del self._texts[spot]
        self.update(self._place(spot))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the size of the canvas; every event goes on to it."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        elif event.type() in (QEvent.Type.Leave, QEvent.Type.FocusOut):
            self.left.emit()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the texts that have to be drawn anew."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for spot in self._texts:
            if self._place(spot).intersects(event.rect()):
                self._draw(painter, spot)
        painter.end()

    def _draw(self, painter: QPainter, spot: Spot) -> None:
        font, place = self._font(spot), self._place(spot)
        metrics = QFontMetrics(font)
        path = QPainterPath()
        for number, line in enumerate(self._lines(spot)):
            free = place.width() - 2 * HALO - metrics.horizontalAdvance(line)
            x = place.left() + HALO + free * spot.value[0]
            y = place.top() + HALO + metrics.ascent() + number * metrics.lineSpacing()
            path.addText(x, y, font, line)
        line_around = QPen(QColor(PICTURE_HALO), HALO)
        line_around.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, line_around)
        painter.fillPath(path, QColor(PICTURE_TEXT))

    def _font(self, spot: Spot) -> QFont:
        font = self.font()
        small = 10 if self.width() < NARROW else 11
        font.setPointSizeF(15 if spot is Spot.MIDDLE else 13 if spot in LETTERS else small)
        font.setBold(spot in LETTERS or spot is Spot.MIDDLE)
        return font

    def _lines(self, spot: Spot) -> list[str]:
        """The lines of a text, as much as there is room for them."""
        metrics = QFontMetrics(self._font(spot))
        room = int(0.45 * self.width())
        lines = self._texts.get(spot, "").split("\n")
        return [metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, room) for line in lines]

    def _place(self, spot: Spot) -> QRect:
        """The pixels that a text takes."""
        metrics = QFontMetrics(self._font(spot))
        lines = self._lines(spot)
        size = QSize(max(map(metrics.horizontalAdvance, lines)), len(lines) * metrics.lineSpacing())
        size += QSize(2 * HALO, 2 * HALO)
        right, down = spot.value
        free = QSize(self.width() - 2 * EDGE, self.height() - 2 * EDGE) - size
        return QRect(
            EDGE + round(free.width() * right), EDGE + round(free.height() * down),
            size.width(), size.height(),
        )  # fmt: skip
