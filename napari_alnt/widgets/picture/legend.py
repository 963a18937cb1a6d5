"""The legend on the picture: which line or filling is whose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from qtpy.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from qtpy.QtGui import QBrush, QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

from napari_alnt.widgets.parts.style import PICTURE_HALO, PICTURE_TEXT
from napari_alnt.widgets.picture.mask_styles import DASHES

EDGE, BELOW = 10, 40
"""Pixels to the right edge of the canvas, and from its top, where window and level stand."""
SAMPLE, GAP, PADDING = 26, 8, 6
"""Width of a sample, and pixels between and around what is shown."""


class Sample(Enum):
    """What a line of the legend explains."""

    FILL = auto()
    SOLID = auto()
    DASHED = auto()
    DOTTED = auto()
    HATCH = auto()
    SCALE = auto()


LINES = {Sample.SOLID: "solid", Sample.DASHED: "dashed", Sample.DOTTED: "dotted"}
"""The kinds of outlines, as they are drawn on the picture."""


@dataclass(frozen=True)
class Entry:
    """One line of the legend: how something looks, and what it is.

    Attributes
    ----------
    sample : how it is drawn
    colours : of it; a scale has two, which it goes from and to
    text : what it is
    """

    sample: Sample
    colours: tuple[str, ...]
    text: str


class Legend(QWidget):
    """Lines with samples in the corner of a canvas; the mouse goes through them."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.entries: tuple[Entry, ...] = ()
        self.on = True
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        canvas.installEventFilter(self)
        self.hide()

    def set_entries(self, entries: tuple[Entry, ...]) -> None:
        """Show other lines; without any there is no legend."""
        if entries != self.entries:
            self.entries = entries
            self._place()
            self.update()

    def turn(self) -> None:
        """Show the legend, or hide it."""
        self.on = not self.on
        self._place()

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        """Stay in the corner of the canvas."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        metrics = self.fontMetrics()
        texts = [metrics.horizontalAdvance(entry.text) for entry in self.entries]
        wide = SAMPLE + GAP + max(texts, default=0) + 2 * PADDING
        self.resize(wide, len(self.entries) * self._line + 2 * PADDING)
        if (canvas := self.parentWidget()) is not None:
            room = canvas.width() - 2 * EDGE
            self.move(max(canvas.width() - wide - EDGE, EDGE), BELOW)
            self.setVisible(self.on and bool(self.entries) and wide <= room)
        self.raise_()

    @property
    def _line(self) -> int:
        return int(self.fontMetrics().lineSpacing()) + 3

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw all lines on a dark ground that lets the picture through."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(PICTURE_HALO)
        ground.setAlpha(185)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()), 5, 5)
        for number, entry in enumerate(self.entries):
            top = PADDING + number * self._line
            draw_sample(painter, entry, QRectF(PADDING, top + 2, SAMPLE, self._line - 4))
            painter.setPen(QColor(PICTURE_TEXT))
            place = QRectF(PADDING + SAMPLE + GAP, top, self.width(), self._line)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, entry.text)
        painter.end()


def draw_sample(painter: QPainter, entry: Entry, place: QRectF) -> None:
    """Draw how something looks on the picture."""
    colour = QColor(entry.colours[0])
    left, right = (
        QPointF(place.left(), place.center().y()),
        QPointF(place.right(), place.center().y()),
    )
    if entry.sample in LINES:
        pen = QPen(colour, 2)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if dash := DASHES[LINES[entry.sample]]:
            pen.setDashPattern([dash / 2, dash / 2])
        painter.setPen(pen)
        painter.drawLine(left, right)
        return
    painter.setPen(Qt.PenStyle.NoPen)
    if entry.sample is Sample.SCALE:
        gradient = QLinearGradient(left, right)
        for part, one in enumerate(entry.colours):
            gradient.setColorAt(part / max(len(entry.colours) - 1, 1), QColor(one))
        painter.setBrush(QBrush(gradient))
    elif entry.sample is Sample.HATCH:
        painter.setBrush(QBrush(colour, Qt.BrushStyle.BDiagPattern))
    else:
        colour.setAlpha(150)
        painter.setBrush(colour)
    painter.drawRect(place.adjusted(0, 1, 0, -1))
