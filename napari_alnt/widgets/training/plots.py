"""Live curves of the training: the loss of its steps, and the Dice of the held-out cases."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg  # type: ignore[import-untyped]
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_alnt.session.dice_interval import dice_interval
from napari_alnt.widgets.parts.message import Message
from napari_alnt.widgets.parts.style import DICE, EXPERT_LOSS, LOSS
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.training.plot_panel import PlotPanel, WholeAxis, shade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtCore import QEvent, QPointF

    from napari_alnt.events import Tested
    from napari_alnt.session import History
    from napari_alnt.session.taken_up import TakenUp

Floats = npt.NDArray[np.float64]

POINTS = 1000
"""Most points of a curve that are drawn."""
NEAR = 8
"""Pixels from a mark within which the mouse is on it."""
NAMED = 4
"""Most cases that a mark names."""

MARK = "#b197fc"
"""Colour of a line where corrections were taken up."""

NO_TRAINING = "No training yet: press Start training."
NOT_KEPT = "The losses so far were not kept; the curve begins with the next step."
NO_TEST = "No test yet: the held-out cases are tested every few epochs."
MEANING = (
    "Test Dice: overlap with the experts on cases never learned from; the band: how sure it is."
)


class Curves(QWidget):
    """Loss of every step with its moving mean, and below it the Dice of the held-out test cases.

    A line across both marks where corrected masks were taken up; under the mouse it says which.
    ``chosen`` carries the first case of a mark that was clicked.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loss = PlotPanel(WholeAxis("bottom"))
        self.dice = PlotPanel(WholeAxis("bottom"))
        self._linked = False
        self.dice.plot.setLimits(yMin=0, yMax=1)
        for picture in (self.loss, self.dice):
            picture.plot.setLimits(xMin=0)
            # else two plots, one above the other, begin at two places
            picture.plot.getAxis("left").setWidth(44)
        self._raw = self.loss.plot.plot()
        dots = {"symbolSize": 6, "symbolPen": None}
        self._mean = self.loss.plot.plot(**dots)
        self._expert = self.loss.plot.plot(**dots)
        self._low = pg.PlotCurveItem(pen=pg.mkPen(None))
        self._high = pg.PlotCurveItem(pen=pg.mkPen(None))
        self._band = pg.FillBetweenItem(self._low, self._high)
        for item in (self._low, self._high, self._band):
            self.dice.plot.addItem(item)
        self._dice = self.dice.plot.plot(symbol="o", **dots)
        self._marks = [pg.VTickGroup(yrange=(0, 1)) for _ in range(2)]
        for picture, marks in zip((self.loss, self.dice), self._marks, strict=True):
            picture.plot.addItem(marks, ignoreBounds=True)
            scene = picture.view.scene()
            scene.sigMouseMoved.connect(partial(self._say_mark, picture))
            scene.sigMouseClicked.connect(partial(self._choose, picture))
        self.meaning = Message(2)
        self.taken_up: Sequence[TakenUp] = ()
        self._newest: Tested | None = None
        self.loss.themed.connect(self._take_colours)
        self._take_colours()
        self.loss.say(NO_TRAINING)
        self.dice.say(NO_TEST)
        self.meaning.say(MEANING)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.loss, 1)
        layout.addWidget(self.dice, 1)
        layout.addWidget(self.meaning)

    def redraw(self, history: History) -> None:
        """Draw what the history holds."""
        # a copy, as another thread adds to it; every point costs time in the GUI thread, and there
        # are fewer pixels than steps
        some = history.steps[:: max(len(history.steps) // POINTS, 1)]
        rows = np.array(some, float).reshape(-1, 3)
        # pyqtgraph draws no line at all where one value of it is nan
        self.taken_up = tuple(history.taken_up.found)
        tested = [one for one in history.test_results if math.isfinite(one.dice)]
        last = max([1.0, *rows[-1:, 0], *(float(one.step) for one in tested[-1:])])
        self._draw_loss(rows, last)
        self._draw_dice(tested, last)
        if not len(rows):
            known = bool(tested or history.ledger)
            self.loss.say(NOT_KEPT if known else NO_TRAINING)
        self._link(self.loss.drawn and self.dice.drawn)
        for marks in self._marks:
            marks.setXVals([one.step for one in self.taken_up])

    def _link(self, linked: bool) -> None:
        """Let both plots show the same steps, unless one of them shows none."""
        if linked != self._linked:
            self._linked = linked
            self.dice.plot.setXLink(self.loss.plot if linked else None)
            self.dice.plot.enableAutoRange(x=not linked)
            # the steps stand below the lower plot
            self.loss.plot.getAxis("bottom").setStyle(showValues=not linked)

    def _draw_loss(self, rows: Floats, last: float) -> None:
        steps, loss, expert_loss = rows.T
        self._raw.setData(steps, loss)
        self._mean.setData(steps, smooth(loss))
        self._expert.setData(steps, smooth(expert_loss))
        for curve in (self._mean, self._expert):
            curve.setSymbol("o" if len(rows) == 1 else None)  # there is no line through one point
        known = np.abs(rows[:, 1:][np.isfinite(rows[:, 1:])])
        if len(rows):
            self.loss.show_plot((0, last), (0, float(known.max(initial=0)) or 1.0))

    def _draw_dice(self, tested: Sequence[Tested], last: float) -> None:
        steps = [one.step for one in tested]
        self._dice.setData(steps, [one.dice for one in tested])
        ends = [(one, *dice_interval(one)) for one in tested]
        # of a single test case nothing is known but its own Dice
        spread = [(one.step, low, high) for one, low, high in ends if math.isfinite(low)]
        self._low.setData([step for step, *_ in spread], [low for _, low, _ in spread])
        self._high.setData([step for step, *_ in spread], [high for *_, high in spread])
        self._newest = tested[-1] if tested else None
        self._entitle()
        if tested:
            self.dice.show_plot((0, last), (0, 1))

    def _entitle(self) -> None:
        dark = self.loss.is_dark
        colours = {name: shade(name, dark).name() for name in (LOSS, EXPERT_LOSS, DICE)}
        loss, expert = (
            f'&nbsp; <span style="color: {colours[name]}">{text}</span>'
            for name, text in ((LOSS, "teacher masks"), (EXPERT_LOSS, "expert masks"))
        )
        mark = f'&nbsp; <span style="color: {shade(MARK, dark).name()}">│ corrections</span>'
        self.loss.caption.setText(f"Loss {loss} {expert} {mark if self.taken_up else ''}")
        text = said(self._newest) if self._newest is not None else ""
        self.dice.caption.setText(
            f'Test Dice &nbsp; <span style="color: {colours[DICE]}">{text}</span>'
        )

    def _take_colours(self) -> None:
        dark = self.loss.is_dark
        self._raw.setPen(pg.mkPen(shade(LOSS, dark, 85), width=1))
        for curve, colour in ((self._mean, LOSS), (self._expert, EXPERT_LOSS), (self._dice, DICE)):
            curve.setPen(pg.mkPen(shade(colour, dark), width=2))
            curve.setSymbolBrush(pg.mkBrush(shade(colour, dark)))
        self._band.setBrush(pg.mkBrush(shade(DICE, dark, 60)))
        for marks in self._marks:
            marks.setPen(pg.mkPen(shade(MARK, dark, 170), width=1))
        self._entitle()

    def leaveEvent(self, event: QEvent) -> None:
        """Say what the pictures mean where the mouse is on no mark."""
        super().leaveEvent(event)
        self.meaning.say(MEANING)

    def _say_mark(self, picture: PlotPanel, place: QPointF) -> None:
        mark = self._mark_at(picture, place)
        self.meaning.say(MEANING if mark is None else mark_text(mark))

    def _choose(self, picture: PlotPanel, click: Any) -> None:
        mark = self._mark_at(picture, click.scenePos())
        if mark is not None:
            self.chosen.emit(mark.cases[0])

    def _mark_at(self, picture: PlotPanel, place: QPointF) -> TakenUp | None:
        view = picture.plot.getViewBox()
        step = view.mapSceneToView(place).x()
        reach = NEAR * view.viewPixelSize()[0]
        near = [one for one in self.taken_up if abs(one.step - step) <= reach]
        return min(near, key=lambda one: abs(one.step - step), default=None)


def mark_text(mark: TakenUp) -> str:
    """What is said of a mark."""
    names = ", ".join(mark.cases[:NAMED])
    more = f" and {len(mark.cases) - NAMED} more" if len(mark.cases) > NAMED else ""
    masks = "the corrected mask of" if len(mark.cases) == 1 else "corrected masks of"
    return f"From step {mark.step} on the network learns from {masks} {names}{more}."


def said(tested: Tested) -> str:
    """The newest Dice in words."""
    low, high = dice_interval(tested)
    spread = f"{low:.3f} … {high:.3f}"
    if not math.isfinite(low):
        spread = "one case: no band" if tested.cases else "mean alone: no band"
    return f"{tested.dice:.3f} ({spread}) at step {tested.step}"


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
