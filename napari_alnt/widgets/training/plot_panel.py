"""A plot in the colours of the theme, or a sentence in its place where there is nothing to draw."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pyqtgraph as pg  # type: ignore[import-untyped]
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QHBoxLayout, QLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from napari_alnt.widgets.parts.contrast import readable
from napari_alnt.widgets.parts.style import label, theme_colours
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

LOWEST = 58
"""Fewest pixels of a plot's height: with less its numbers lie on each other."""
TIGHT = 15
"""Pixels from one number of an axis to the next at least."""
_LOOKS = (QEvent.Type.StyleChange, QEvent.Type.PaletteChange)


class PlotPanel(QWidget):
    """A plot with its axes; until something is drawn, a sentence says why there is nothing.

    ``themed`` says that colours are to be chosen anew, as the theme may have changed.

    Parameters
    ----------
    below, view_box : pyqtgraph's axis below the plot, and its view, if not the usual ones
    """

    themed = Signal()
    _ink = ""  # events come before all is built

    def __init__(
        self, below: Any = None, view_box: Any = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        # above the plot, as an upright title would be longer than a low plot
        self.caption = label("", "faint")
        self.caption.setTextFormat(Qt.TextFormat.RichText)
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.caption.setFixedHeight(self.caption.fontMetrics().lineSpacing() + 4)
        self.sentence = label("", "faint", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        axes = {"left": RoomyAxis("left"), "bottom": below or RoomyAxis("bottom")}
        self.view = pg.PlotWidget(axisItems=axes, viewBox=view_box)
        self.view.setBackground(None)
        # its own wish is 640 × 480
        self.view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setMinimumHeight(LOWEST)
        self.plot = self.view.getPlotItem()
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.showGrid(x=True, y=True, alpha=0.12)
        # what the axes mean, as nobody can read a range that follows from a single point
        self._frame = pg.PlotCurveItem(pen=pg.mkPen(None))
        self.plot.addItem(self._frame)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.sentence)
        self._pages.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._above = QHBoxLayout()
        self._above.addWidget(self.caption, 1)
        layout.addLayout(self._above)
        layout.addLayout(self._pages, 1)
        self._take_colours()

    @property
    def is_dark(self) -> bool:
        """Whether the text is light, and what is behind it dark."""
        return bool(self.ink.lightness() > 127)

    @property
    def ink(self) -> QColor:
        """The colour of the text beside the plot."""
        return QColor(self.sentence.palette().color(self.sentence.foregroundRole()))

    def say(self, text: str) -> None:
        """Show a sentence in the plot's place."""
        self.sentence.setText(text)
        self._pages.setCurrentWidget(self.sentence)

    def show_plot(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Show the plot, whose axes reach at least from one value to another."""
        self._frame.setData(list(x), list(y))
        self._pages.setCurrentWidget(self.view)

    def add_to_caption(self, corner: QLayout) -> None:
        """Put something at the right end of the line above the plot."""
        self._above.addLayout(corner)

    @property
    def drawn(self) -> bool:
        """Whether the plot is shown, and not the sentence."""
        return self._pages.currentWidget() is self.view

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() in _LOOKS and self._ink:
            self._take_colours()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the colours of the theme, which a hidden widget need not have been given."""
        super().showEvent(event)
        self._take_colours()

    def _take_colours(self) -> None:
        ink = self.ink.name()
        if ink == self._ink:
            return
        self._ink = ink
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setTextPen(ink)
            axis.setPen(ink)
            # 0.005 and not "5 (×0.001)"
            axis.enableAutoSIPrefix(False)
        self.themed.emit()


class RoomyAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis whose numbers never lie on each other, however short it is."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Distances of the ticks, as pyqtgraph asks for them."""
        found: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        least = TIGHT * (high - low) / max(size, 1)
        if roomy := [one for one in found if one[0] >= least]:
            return roomy
        widest = max(spacing for spacing, _ in found)
        return [(next((f * widest for f in (2, 2.5, 5) if f * widest >= least), 10 * widest), 0)]


class WholeAxis(RoomyAxis):
    """An axis that counts steps: its numbers are whole."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Distances of the ticks, as pyqtgraph asks for them."""
        whole = [one for one in super().tickSpacing(low, high, size) if one[0] % 1 == 0]
        return whole or [(1.0, 0.0)]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:  # noqa: ARG002
        """The numbers at the ticks."""
        return [f"{value:.0f}" for value in values]


def shade(colour: str, is_dark: bool, alpha: int = 255) -> QColor:
    """A colour as lines and words can be seen in it on a dark or a light ground."""
    made = QColor(_on_ground(colour, is_dark))
    made.setAlpha(alpha)
    return made


@functools.cache
def _on_ground(colour: str, is_dark: bool) -> str:
    return readable(colour, theme_colours("dark" if is_dark else "light")["background"])
