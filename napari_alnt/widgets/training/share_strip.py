"""The share of the training that each case had in each epoch, as a strip of heat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, QRect, QSize, Qt
from qtpy.QtGui import QColor, QImage, QPainter
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_alnt.session.shares import SharePicture, heights
from napari_alnt.widgets.parts.message import Message
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QMouseEvent, QPaintEvent

    from napari_alnt.session.shares import Shares

EMPTY = "No shares yet: they come with the first epoch of a training."
MEANING = (
    "Lines are cases, columns epochs. Stronger colour: more learned from the case. Empty: not used."
)
POOL, EXPERTS = "pool", "experts"
"""What stands beside the strips."""
GAP = 8
"""Pixels between the two strips, and beside their names."""
HIGHEST = 22
"""Most pixels of a case's height."""
WIDEST = 34
"""Most pixels of an epoch's width."""
DARK = ("#1d3a46", "#2a7f9e", "#8ecae6", "#fff3b0")
LIGHT = ("#dcecf2", "#6fb3cc", "#20708f", "#0b2c3a")
"""Colours of a share from 0 to the highest, on a dark and on a light ground."""


@dataclass(frozen=True, eq=False)
class _Strip:
    """One of the two pictures, and where it lies in the widget."""

    title: str
    of_what: str
    picture: SharePicture
    place: QRect


class ShareStrip(QWidget):
    """Pool above, experts below; ``chosen`` carries the case that was clicked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heat = _Heat()
        self.meaning = Message(2)
        self.heat.pointed.connect(self._say)
        self.heat.chosen.connect(self.chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.heat, 1)
        layout.addWidget(self.meaning)
        self._say("")

    def redraw(self, shares: Shares, order: Sequence[str], opened: str = "") -> None:
        """Draw the shares, the pool in this order from the top; the open case has a mark."""
        self.heat.set_shares(shares, order, opened)
        self._say("")

    def _say(self, text: str) -> None:
        self.meaning.say(text or MEANING)


class _Heat(QWidget):
    """The two strips; ``pointed`` says what is under the mouse, '' where nothing is."""

    pointed = Signal(str)
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setMinimumHeight(72)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._shares: Shares | None = None
        self._order: Sequence[str] = ()
        self._opened = ""
        self._strips: list[_Strip] | None = []  # None where they are to be made anew

    def set_shares(self, shares: Shares, order: Sequence[str], opened: str) -> None:
        """Show other numbers."""
        self._shares, self._order, self._opened = shares, order, opened
        self._strips = None
        self.update()

    @property
    def strips(self) -> list[_Strip]:
        """The strips that are shown, made for the widget's present size."""
        if self._strips is None:
            self._strips = self._made()
        return self._strips

    @property
    def _left(self) -> int:
        """Pixels left of the strips, for their names."""
        return int(self.fontMetrics().horizontalAdvance(EXPERTS)) + 2 * GAP

    @property
    def _below(self) -> int:
        """Pixels below the strips, for the epochs."""
        return int(self.fontMetrics().lineSpacing()) + 4

    @property
    def axis_text(self) -> str:
        """Which epochs the columns are, and whether a line is several cases."""
        first, *others = self.strips[-1].picture.epochs
        epochs = f"epoch {first}" if not others else f"epoch {first} … {others[-1]}"
        several = self.cases_in_a_row
        return epochs if several < 2 else f"{epochs} · a line: mean of up to {several} cases"

    @property
    def cases_in_a_row(self) -> int:
        """Most cases that share a line."""
        return max((strip.picture.cases_in_a_row for strip in self.strips), default=1)

    def _made(self) -> list[_Strip]:
        shares = self._shares
        if not shares:
            return []
        width, height = self.width() - self._left, self.height() - self._below - GAP
        counts = [len(shares.cases(is_expert)) for is_expert in (False, True)]
        room = heights(max(height, 2), *counts)
        strips, top = [], 0
        for is_expert, count, pixels in zip((False, True), counts, room, strict=True):
            if not count:
                continue
            picture = shares.picture(self._order, is_expert, pixels, max(width, 1))
            rows, columns = picture.values.shape
            size = QSize(min(width, columns * WIDEST), min(pixels, rows * HIGHEST))
            title, of_what = (EXPERTS, "expert patches") if is_expert else (POOL, "pool's weight")
            strips.append(
                _Strip(title, of_what, picture, QRect(self._left, top, size.width(), size.height()))
            )
            top += size.height() + GAP
        return strips

    def event(self, event: QEvent) -> bool:
        """Make the strips anew for another size or theme, and forget the mouse that leaves."""
        if event.type() == QEvent.Type.Resize:
            self._strips = None
        elif event.type() == QEvent.Type.Leave:
            self.pointed.emit("")
        return bool(super().event(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say which case and epoch is under the mouse."""
        found = self._at(event)
        self.setCursor(Qt.CursorShape.PointingHandCursor if found else Qt.CursorShape.ArrowCursor)
        self.pointed.emit(cell_text(*found) if found else "")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose the case under the mouse; of several the one that stands first."""
        found = self._at(event)
        if found and event.button() == Qt.MouseButton.LeftButton:
            strip, row, _ = found
            self.chosen.emit(strip.picture.cases_at(row)[0])

    def _at(self, event: QMouseEvent) -> tuple[_Strip, int, int] | None:
        at = event.position().toPoint()
        for strip in self.strips:
            if strip.place.contains(at):
                rows, columns = strip.picture.values.shape
                row = (at.y() - strip.place.top()) * rows // strip.place.height()
                column = (at.x() - strip.place.left()) * columns // strip.place.width()
                return strip, row, column
        return None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - all is painted
        """Draw the strips with their names and epochs."""
        painter = QPainter(self)
        ink = self.palette().color(self.foregroundRole())
        painter.setPen(ink)
        if not self.strips:
            where = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(where), EMPTY)
        for strip in self.strips:
            painter.drawImage(strip.place, heat_image(strip.picture, ink.lightness() > 127))
            self._name(painter, strip, ink)
        if self.strips:
            self._write_below(painter, self.strips[-1])
        painter.end()

    def _name(self, painter: QPainter, strip: _Strip, ink: QColor) -> None:
        place = QRect(0, strip.place.top(), self._left - GAP, max(strip.place.height(), 14))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignRight), strip.title)
        if self._opened in strip.picture.cases:
            rows = strip.picture.values.shape[0]
            row = strip.picture.cases.index(self._opened) * rows // len(strip.picture.cases)
            step = strip.place.height() / rows
            painter.fillRect(
                self._left - 4, round(strip.place.top() + row * step), 3, max(round(step), 2), ink
            )

    def _write_below(self, painter: QPainter, last: _Strip) -> None:
        below = QRect(self._left, last.place.bottom() + 2, self.width() - self._left, self._below)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), self.axis_text)


def heat_image(picture: SharePicture, is_dark: bool) -> QImage:
    """The picture with a colour for each share; what is not known is transparent."""
    values = picture.values
    colours_at = [QColor(one) for one in (DARK if is_dark else LIGHT)]
    stops = np.array([(one.red(), one.green(), one.blue()) for one in colours_at], np.float64)
    known = np.isfinite(values)
    part = np.where(known, values, 0) / (picture.highest or 1.0)
    colours = np.zeros((*values.shape, 4), np.uint8)
    for channel in range(3):
        colours[..., channel] = np.interp(part, np.linspace(0, 1, len(stops)), stops[:, channel])
    colours[..., 3] = 255 * known
    rows, columns = values.shape
    image = QImage(colours.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
    return image.copy()  # the bytes go with this function


def cell_text(strip: _Strip, row: int, column: int) -> str:
    """What is said of a place: its cases, epochs and share."""
    cases, epochs = strip.picture.cases_at(row), strip.picture.epochs_at(column)
    which = cases[0] if len(cases) == 1 else f"{cases[0]} … {cases[-1]} ({len(cases)} cases)"
    when = f"epoch {epochs[0]}" if len(epochs) == 1 else f"epochs {epochs[0]}–{epochs[-1]}"
    share = float(strip.picture.values[row, column])
    if not np.isfinite(share):
        return f"{which} · {when} · not used"
    mean = "" if len(cases) == len(epochs) == 1 else "mean "
    percent = 100 * share
    number = f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}"
    return f"{which} · {when} · {mean}{number} % of the {strip.of_what}"
