"""Live pictures of the training: loss and test Dice, and trust against informativeness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg  # type: ignore[import-untyped]
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.style import DICE, EXPERT_LOSS, LOSS, STATUS_COLOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_alnt.session import History, QueueRow

Floats = npt.NDArray[np.float64]

POINTS = 2000
"""Most points of a curve that are drawn."""


class Curves(QWidget):
    """Loss of every step with its moving mean, and below it the Dice of the held-out test cases."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = pg.GraphicsLayoutWidget()
        self.loss = self.view.addPlot(row=0, col=0)
        self.dice = self.view.addPlot(row=1, col=0)
        _style_axes(self.loss, left="loss")
        _style_axes(self.dice, left="test Dice", bottom="step")
        self.dice.setLimits(yMin=0, yMax=1, minYRange=0.2)
        self.loss.setTitle(
            f'<span style="color: {LOSS}">teacher masks, weighed</span> &nbsp; '
            f'<span style="color: {EXPERT_LOSS}">expert masks</span>',
            size="8pt",
        )
        self._raw = self.loss.plot(pen=pg.mkPen(LOSS + "55", width=1))
        self._mean = self.loss.plot(pen=pg.mkPen(LOSS, width=2))
        self._expert = self.loss.plot(pen=pg.mkPen(EXPERT_LOSS, width=2))
        marks = {"symbol": "o", "symbolSize": 6, "symbolBrush": DICE, "symbolPen": None}
        self._dice = self.dice.plot(pen=pg.mkPen(DICE, width=2), **marks)
        _fill(self, self.view)

    def redraw(self, history: History) -> None:
        """Draw what the history holds."""
        # a copy, as another thread adds to it
        rows = np.array(list(history.steps), float).reshape(-1, 3)
        # every point costs time in the GUI thread, and there are fewer pixels than steps
        rows = rows[:: max(len(rows) // POINTS, 1)]
        steps, loss, expert_loss = rows.T
        self._raw.setData(steps, loss)
        self._mean.setData(steps, smooth(loss))
        self._expert.setData(steps, smooth(expert_loss))
        # pyqtgraph draws no line at all where one value of it is nan
        tested = [one for one in history.test_results if math.isfinite(one.dice)]
        self._dice.setData([one.step for one in tested], [one.dice for one in tested])
        if tested:
            newest = tested[-1]
            text = f"{newest.dice:.3f} at step {newest.step}"
            self.dice.setTitle(f'<span style="color: {DICE}">{text}</span>', size="8pt")


class Scatter(QWidget):
    """Trust × informativeness of the cases, coloured by status; ``chosen`` when one is clicked.

    Shown are the numbers of the queue's columns, or, before the first ranking, those of each
    case's newest patch in training.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = pg.GraphicsLayoutWidget()
        self.plot = self.view.addPlot()
        _style_axes(self.plot, left="informativeness", bottom="trust")
        self.plot.getAxis("left").setWidth(76)  # its numbers have more digits than a loss
        self.points = pg.ScatterPlotItem(size=11, hoverable=True, tip=_tip)
        self.points.sigClicked.connect(self._choose)
        self._zero = pg.InfiniteLine(pos=0, angle=90, pen=pg.mkPen("#ffffff30"))
        # trust in a step may be negative, where the gradients of case and experts disagree
        self.plot.addItem(self._zero, ignoreBounds=True)
        self.plot.addItem(self.points)
        _fill(self, self.view)

    def redraw(self, history: History, queue: Sequence[QueueRow], opened: str) -> None:
        """Draw the cases; the open one has a ring."""
        known = {row.case: (row.trust, row.informativeness) for row in queue}
        known = {case: place for case, place in known.items() if np.isfinite(place).all()}
        self.plot.setLabel("bottom", "trust" if known else "trust in training, newest patches")
        if not known:
            known = history.weighed
        self.points.setData(
            [_spot(row, known[row.case], row.case == opened) for row in queue if row.case in known]
        )

    def _choose(self, _: Any, spots: Any) -> None:
        if len(spots):
            self.chosen.emit(str(spots[0].data()))


def _tip(x: float, y: float, data: Any) -> str:  # noqa: ARG001 - pyqtgraph passes them by name
    return str(data)


def _spot(row: QueueRow, position: tuple[float, float], opened: bool) -> dict[str, Any]:
    pen = pg.mkPen("#ffffff", width=2) if opened else pg.mkPen(None)
    return {
        "pos": position,
        "data": row.case,
        "brush": pg.mkBrush(STATUS_COLOURS[row.status]),
        "pen": pen,
    }


def smooth(values: Floats, part: float = 0.06) -> Floats:
    """Moving mean over a window of ``part`` of the values, narrower at the ends.

    What is not finite is passed over, and stays unknown.
    """
    if not len(values):
        return values
    known = np.isfinite(values)
    window = np.ones(2 * int(part * len(values) / 2) + 1)
    sums = np.convolve(np.where(known, values, 0), window, mode="same")
    counts = np.convolve(known, window, mode="same")
    return np.where(known, sums / np.maximum(counts, 1), np.nan)


def _style_axes(plot: Any, left: str, bottom: str = "") -> None:
    plot.setLabel("left", left)
    if bottom:
        plot.setLabel("bottom", bottom)
    plot.showGrid(x=True, y=True, alpha=0.12)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.getAxis("left").setWidth(58)  # else two plots, one above the other, begin at two places
    # 0.005 and not "5 (×0.001)"
    plot.getAxis("left").enableAutoSIPrefix(False)
    plot.getAxis("bottom").enableAutoSIPrefix(False)


def _fill(widget: QWidget, view: Any) -> None:
    view.setBackground(None)
    view.setMinimumHeight(120)
    # its own wish is 640 × 480
    view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 4, 0, 0)
    layout.addWidget(view)
