"""Live pictures of the training: loss and audit Dice, and trust against informativeness."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_alnt.session import History, QueueRow
from napari_alnt.widgets.style import DICE, EXPERT_LOSS, LOSS, STATUS_COLOURS

POINTS = 2000
"""Most points of a curve that are drawn."""


class Curves(QWidget):
    """Loss of every step with its moving mean, and below it the Dice of the audit cases."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = pg.GraphicsLayoutWidget()
        self.loss, self.dice = self.view.addPlot(row=0, col=0), self.view.addPlot(row=1, col=0)
        for plot, name in ((self.loss, "loss"), (self.dice, "audit Dice")):
            _dress(plot, left=name)
        self.dice.setLabel("bottom", "step")
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
        steps = np.array(history.steps, float).reshape(-1, 3)
        steps = steps[:: max(len(steps) // POINTS, 1)]
        self._raw.setData(steps[:, 0], steps[:, 1])
        self._mean.setData(steps[:, 0], smooth(steps[:, 1]))
        self._expert.setData(steps[:, 0], smooth(steps[:, 2]))
        seen = [(one.step, one.dice) for one in history.validations if math.isfinite(one.dice)]
        self._dice.setData(*(np.array(seen, float).T if seen else ([], [])))
        if seen:
            self.dice.setTitle(
                f'<span style="color: {DICE}">{seen[-1][1]:.3f} at step {seen[-1][0]}</span>',
                size="8pt",
            )


class Scatter(QWidget):
    """Trust × informativeness of the cases, coloured by status; ``chosen`` carries the case that
    was clicked.

    Shown are the scores of the newest ranking, or, before there is one, the newest patch of each
    case.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = pg.GraphicsLayoutWidget()
        self.plot = self.view.addPlot()
        _dress(self.plot, left="informativeness", bottom="trust")
        self.points = pg.ScatterPlotItem(size=11, hoverable=True, tip=lambda x, y, data: str(data))
        self.points.sigClicked.connect(self._choose)
        self._zero = pg.InfiniteLine(pos=0, angle=90, pen=pg.mkPen("#ffffff30"))
        self.plot.addItem(self._zero, ignoreBounds=True)
        self.plot.addItem(self.points)
        _fill(self, self.view)

    def redraw(self, history: History, queue: tuple[QueueRow, ...], opened: str) -> None:
        """Draw the cases; the open one has a ring."""
        scored = [
            row for row in queue if math.isfinite(row.trust) and math.isfinite(row.informativeness)
        ]
        if scored:
            known = {row.case: (row.trust, row.informativeness) for row in scored}
            self.plot.setLabel("bottom", "trust: agreement with the student, over the rankings")
        else:
            samples = dict(history.samples)
            known = {case: (one.trust, one.informativeness) for case, one in samples.items()}
            self.plot.setLabel("bottom", "trust: dot product, newest patches")
        spots = [
            _spot(row, known[row.case], row.case == opened) for row in queue if row.case in known
        ]
        self.points.setData(spots)

    def _choose(self, _: Any, spots: Any) -> None:
        if len(spots):
            self.chosen.emit(str(spots[0].data()))


def _spot(row: QueueRow, position: tuple[float, float], opened: bool) -> dict[str, Any]:
    pen = pg.mkPen("#ffffff", width=2) if opened else pg.mkPen(None)
    return {
        "pos": position,
        "data": row.case,
        "brush": pg.mkBrush(STATUS_COLOURS[row.status]),
        "pen": pen,
    }


def smooth(values: Any, part: float = 0.06) -> Any:
    """Moving mean over a window of ``part`` of the values, narrower at the ends; what is not finite
    is passed over.
    """
    if not len(values):
        return values
    known = np.isfinite(values)
    window = np.ones(2 * int(part * len(values) / 2) + 1)
    counts = np.convolve(known, window, mode="same")
    with np.errstate(invalid="ignore"):
        return np.where(
            known, np.convolve(np.where(known, values, 0), window, mode="same") / counts, np.nan
        )


def _dress(plot: Any, left: str, bottom: str = "") -> None:
    plot.setLabel("left", left)
    if bottom:
        plot.setLabel("bottom", bottom)
    plot.showGrid(x=True, y=True, alpha=0.12)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.getAxis("left").setWidth(58)
    plot.getAxis("left").enableAutoSIPrefix(False)
    plot.getAxis("bottom").enableAutoSIPrefix(False)


def _fill(widget: QWidget, view: Any) -> None:
    view.setBackground(None)
    view.setMinimumHeight(120)
    view.setSizePolicy(
        QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored
    )  # its own wish is 640 × 480
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 4, 0, 0)
    layout.addWidget(view)
