"""Trust against informativeness of the cases, with a lasso that chooses some of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg  # type: ignore[import-untyped]
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton, QStackedLayout, QVBoxLayout, QWidget

from napari_alnt.widgets.parts.message import Message
from napari_alnt.widgets.parts.style import STATUS_COLOURS, label
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.training.lasso import LassoView, within
from napari_alnt.widgets.training.plot_panel import PlotPanel, shade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_alnt.session import History, QueueRow
    from napari_alnt.widgets.queue.queue_rows import Filter

EMPTY = "No trust yet: it comes with the first steps of a training."
DRAG = "Drag around dots to filter"
MEANING = (
    "A dot is a case. Left: its mask contradicts the experts. High: much is still learned from it."
)
RANKED, WEIGHED = "trust", "trust in training"
"""What lies across, after the first ranking and before: then it is of the newest patches."""


class Scatter(QWidget):
    """Trust × informativeness of the cases, coloured by status.

    Shown are the numbers of the queue's columns, or, before the first ranking, those of each
    case's newest patch in training. ``chosen`` carries the case that was clicked, ``selected`` the
    names of those that a line was drawn around, none when all are to be shown again.
    """

    chosen = Signal(str)
    selected = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = LassoView()
        self.picture = PlotPanel(view_box=box)
        self.plot, self.view = self.picture.plot, self.picture.view
        self.points = pg.ScatterPlotItem(size=11, pen=None, hoverable=True, tip=_tip)
        self._ring = pg.ScatterPlotItem(size=14, brush=None)
        self._ring.setZValue(-1)  # else it would take the clicks of its dot
        self._zero = pg.InfiniteLine(pos=0, angle=90)
        # trust in a step may be negative, where the gradients of case and experts disagree
        self.plot.addItem(self._zero, ignoreBounds=True)
        self.plot.addItem(self.points)
        self.plot.addItem(self._ring)
        self.note = label(DRAG, "faint")
        self.all = QPushButton("Show all again")
        self.all.setToolTip("Show all cases in the queue again")
        self._corner = QStackedLayout()
        self.meaning = Message(2)
        self._names: tuple[str, ...] = ()
        self._places = np.zeros((0, 2))
        self._selected: frozenset[str] = frozenset()
        self._look: tuple[object, ...] = ()
        self._last: tuple[History, Sequence[QueueRow], str] | None = None
        self.points.sigClicked.connect(self._choose)
        box.lassoed.connect(self._select)
        self.all.clicked.connect(self.show_all)
        self.picture.themed.connect(self._draw_again)
        self._lay_out()
        self._entitle(RANKED)
        self.picture.say(EMPTY)
        self.meaning.say(MEANING)

    def redraw(self, history: History, queue: Sequence[QueueRow], opened: str) -> None:
        """Draw the cases; the open one has a ring."""
        self._last = history, queue, opened
        known = {
            row.case: (row.trust, row.informativeness)
            for row in queue
            if math.isfinite(row.trust) and math.isfinite(row.informativeness)
        }
        ranked = bool(known)
        if not ranked:
            known = dict(history.weighed)  # a copy, as another thread adds to it
        rows = [row for row in queue if row.case in known]
        self._names = tuple(row.case for row in rows)
        self._places = np.array([known[case] for case in self._names], float).reshape(-1, 2)
        if not rows:
            self.picture.say(EMPTY)
            return
        self._entitle(RANKED if ranked else WEIGHED)
        self._set_points(rows, opened)
        # a ranking's trust is a rank from 0 to 1; in a step it may be any number
        low, high = (0.0, 1.0) if ranked else (0.0, float(np.abs(self._places[:, 0]).max()) or 1.0)
        self.picture.show_plot((low, high), (0.0, float(self._places[:, 1].max()) or 1.0))

    def show_all(self) -> None:
        """Choose no cases any more."""
        self._set_selected(())

    def follow_filter(self, chosen: Filter) -> None:
        """Choose no cases any more where the queue has been asked for all by other means."""
        if chosen.cases is None and self._selected:
            self.show_all()

    def _set_points(self, rows: Sequence[QueueRow], opened: str) -> None:
        dark = self.picture.is_dark
        self._ring.setData(
            pos=self._places[[name == opened for name in self._names]],
            pen=pg.mkPen("#ffffff" if dark else "#000000", width=2),
        )
        statuses = [row.status for row in rows]
        look = self._names, self._places.tobytes(), statuses, self._selected, dark
        # once there is a ranking the steps change nothing, and thousands of dots take time
        if look == self._look:
            return
        self._look = look
        brushes = {
            (status, faint): pg.mkBrush(shade(colour, dark, 70 if faint else 255))
            for status, colour in STATUS_COLOURS.items()
            for faint in (False, True)
        }
        others = bool(self._selected)
        self._zero.setPen(shade("#8a8f98", dark, 90))
        self.points.setData(
            pos=self._places,
            data=list(self._names),
            brush=[brushes[row.status, others and row.case not in self._selected] for row in rows],
        )

    def _draw_again(self) -> None:
        if self._last is not None:
            self.redraw(*self._last)

    def _select(self, corners: npt.NDArray[np.float64]) -> None:
        inside = within(corners, self._places)
        # a line around nothing is a mistake, or the wish to see all again
        self._set_selected([self._names[place] for place in np.flatnonzero(inside)])

    def _set_selected(self, names: Sequence[str]) -> None:
        self._selected = frozenset(names)
        self._corner.setCurrentWidget(self.all if names else self.note)
        self.all.setText(f"{len(names)} chosen: show all")
        self._draw_again()
        self.selected.emit(tuple(names))

    def _entitle(self, across: str) -> None:
        self.picture.caption.setText(f"↑ informativeness &nbsp; → {across}")

    def _choose(self, _: Any, spots: Any) -> None:
        if len(spots):
            self.chosen.emit(str(spots[0].data()))

    def _lay_out(self) -> None:
        # a button takes the place of the hint, so that nothing moves
        self._corner.addWidget(self.note)
        self._corner.addWidget(self.all)
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.picture.add_to_caption(self._corner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.picture, 1)
        layout.addWidget(self.meaning)


def _tip(x: float, y: float, data: Any) -> str:  # noqa: ARG001 - pyqtgraph passes them by name
    return str(data)
