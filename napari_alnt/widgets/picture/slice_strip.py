"""A thin strip with one cell for each axial slice, which shows what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, QPoint, QRect, QSize, Qt
from qtpy.QtGui import QColor, QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_alnt.data import Array
from napari_alnt.widgets.parts.style import SLICE_COLOURS
from napari_alnt.widgets.picture.slice_marks import MEANINGS, SliceMarks, columns, slice_at
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = {"structure": (0, 6), "unknown": (0, 6), "differing": (7, 11), "corrected": (12, 16)}
"""First and last pixel of each mark's row; what is unknown is hatched over what has a structure."""
HEIGHT = 16
EDGE = 2
"""Pixels above and below the rows."""


class SliceStrip(QWidget):
    """Shows the marks of every slice; ``chosen`` carries a slice that was clicked or dragged to."""

    chosen = Signal(int)

    def __init__(
        self, span: Callable[[], tuple[int, int]] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        # where the slice slider begins and ends, so that both stand one above the other
        self._span = span
        self._marks: SliceMarks | None = None
        self._shown: int | None = None
        self._picture: QImage | None = None
        self._track, self._frame, self._text = map(QColor, ("#262930", "#414851", "#f0f1f2"))
        self.setFixedHeight(HEIGHT + 2 * EDGE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Marks of the slices")

    def set_theme(self, theme: str) -> None:
        """Use the colours of a napari theme."""
        given = get_theme(theme)
        colours = (given.background, given.foreground, given.text)
        self._track, self._frame, self._text = (QColor(colour.as_hex()) for colour in colours)
        self._draw_anew()

    def set_marks(self, marks: SliceMarks | None) -> None:
        """Show the marks of a case; None where there is none."""
        self._marks = marks
        self._draw_anew()

    def set_shown(self, slice_: int | None) -> None:
        """Mark the slice that is on the screen; None where the screen shows no axial one."""
        if slice_ != self._shown:
            self._shown = slice_
            self.update()

    @property
    def shown(self) -> int | None:
        """The slice that is marked as the one on the screen."""
        return self._shown

    def cell(self, slice_: int) -> QRect:
        """Where a slice stands, in pixels."""
        left, width = self._bounds()
        count = len(self._marks) if self._marks is not None else 1
        first = left + slice_ * width // count
        last = max(left + (slice_ + 1) * width // count, first + 1)
        return QRect(first, 0, last - first, self.height())

    def tip(self, slice_: int) -> str:
        """A slice in words, and the legend; HTML."""
        lines = [self._marks.words(slice_)] if self._marks is not None else []
        lines += [
            f'<span style="color: {SLICE_COLOURS[name]}">{"▨" if name == "unknown" else "■"}</span>'
            f" {meaning}"
            for name, meaning in MEANINGS.items()
        ]
        return "<br>".join([*lines, "Click or drag to go to a slice."])

    def _bounds(self) -> tuple[int, int]:
        left, right = self._span() if self._span is not None else (0, self.width())
        return left, max(right - left, 1)

    def _draw_anew(self) -> None:
        self._picture = None
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the cells, and a frame around the one on the screen."""
        painter = QPainter(self)
        left, width = self._bounds()
        painter.fillRect(left, EDGE, width, HEIGHT, self._track)
        painter.setPen(self._frame)
        painter.drawRect(left - 1, EDGE - 1, width + 1, HEIGHT + 1)
        if self._marks is None:
            return
        if self._picture is None or self._picture.width() != width:
            self._picture = _image(picture(self._marks, width))
        painter.drawImage(left, EDGE, self._picture)
        if self._shown is not None:
            # a cell may be narrower than a pixel, and its frame has to be seen
            cell = self.cell(self._shown)
            painter.setPen(self._text)
            painter.drawRect(cell.left() - 1, 0, max(cell.width(), 2) + 1, self.height() - 1)

    def event(self, event: QEvent) -> bool:
        """Show the tooltip of the slice below the mouse."""
        if isinstance(event, QHelpEvent) and self._marks is not None:
            QToolTip.showText(event.globalPos(), self.tip(self._slice(event.pos())), self)
            return True
        return bool(super().event(event))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the slice that is clicked."""
        self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go along with a drag."""
        self._choose(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Go a slice up or down."""
        if self._marks is not None and self._shown is not None:
            step = 1 if event.angleDelta().y() > 0 else -1
            self.chosen.emit(min(max(self._shown + step, 0), len(self._marks) - 1))

    def _choose(self, event: QMouseEvent) -> None:
        if self._marks is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self.chosen.emit(self._slice(event.position().toPoint()))

    def _slice(self, place: QPoint) -> int:
        left, width = self._bounds()
        return slice_at(place.x() - left, width, len(self._marks or "1"))

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(200, HEIGHT + 2 * EDGE)


def picture(marks: SliceMarks, width: int) -> Array:
    """The rows of a strip as RGBA; uint8 (HEIGHT, width, 4), clear where there is nothing to show.

    Parameters
    ----------
    marks : those of Z slices
    width : in pixels
    """
    shown = np.zeros((HEIGHT, width, 4), np.uint8)
    y, x = np.indices((HEIGHT, width))
    for name, strengths in zip(ROWS, columns(marks, width), strict=True):
        top, bottom = ROWS[name]
        inside = np.broadcast_to(strengths > 0, shown.shape[:2]).copy()
        inside[:top] = inside[bottom:] = False
        if name == "unknown":
            inside &= (x + y) % 4 < 2
        colour = QColor(SLICE_COLOURS[name])
        shown[inside, :3] = colour.red(), colour.green(), colour.blue()
        shown[inside, 3] = np.broadcast_to(255 * strengths, shown.shape[:2])[inside]
    return shown


def _image(pixels: Array) -> QImage:
    height, width = pixels.shape[:2]
    # copied, as Qt would go on reading numpy's memory
    return QImage(
        np.ascontiguousarray(pixels).data, width, height, 4 * width, QImage.Format.Format_RGBA8888
    ).copy()
