"""The queue with what stands above it: when the next ranking comes, and which cases are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QKeySequence, QShortcut  # type: ignore[attr-defined]
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_alnt.session.job_status import JobStatus
from napari_alnt.session.newest_weights import NewestWeights
from napari_alnt.session.next_ranking import ranking_sentence, rule_sentence
from napari_alnt.settings import Settings
from napari_alnt.widgets.parts.fixed_label import FixedLabel
from napari_alnt.widgets.queue.queue import QueueView
from napari_alnt.widgets.queue.queue_filter import FilterLine
from napari_alnt.widgets.queue.queue_model import EXPERTS, HELD_OUT, LISTS, QUEUE
from napari_alnt.widgets.queue.queue_rows import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_alnt.events import Event
    from napari_alnt.session import QueueRow
    from napari_alnt.session.progress import Overview
    from napari_alnt.session.queue import ExpertRow
    from napari_alnt.widgets.queue.queue_rows import Filter

REDRAW = 100
"""Milliseconds between two drawings of what a training says of the cases."""
NOTHING_LEFT = "The queue is done: every case is accepted or skipped."
NOTHING_SHOWN = "No case of those shown is left to decide; Escape in the search shows all."


class QueuePanel(QWidget):
    """A line about the ranking, a line that chooses the cases, and the table.

    Attributes
    ----------
    view : the table
    filter : the line that chooses its cases
    when : two lines: the sentence about the next ranking, and the estimate of wrong masks
    noise : that estimate, '' while there is none
    weights : what the newest training steps made of the cases
    queue : the rows of the queue, whichever list is shown
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = QueueView()
        self.filter = FilterLine(LISTS)
        self.when = FixedLabel(lines=2)
        self.noise = ""
        self.queue: Sequence[QueueRow] = ()
        self._ranked = False
        self._rule = ""
        self._status = JobStatus()
        self._settings = Settings()
        self._others: dict[str, Sequence[ExpertRow]] = {EXPERTS: (), HELD_OUT: ()}
        self.filter.changed.connect(self._choose)
        self.view.only.connect(self.filter.show_only)
        self.filter.list_chosen.connect(self._show_list)
        self.filter.words.left.connect(self._to_table)
        self.filter.words.entered.connect(self._open_first)
        self.weights = NewestWeights()
        self.view.source.weights = self.weights.cases
        self._drawing = QTimer(self, interval=REDRAW, singleShot=True)
        self._drawing.timeout.connect(self.view.show_live)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.when)
        layout.addWidget(self.filter)
        layout.addWidget(self.view, 1)

    def search_with(self, key: QKeySequence | QKeySequence.StandardKey, where: QWidget) -> None:
        """Let a key go to the search while ``where``, or something in it, has the focus."""
        shortcut = QShortcut(QKeySequence(key), where)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.filter.focus)

    def show_queue(self, rows: Sequence[QueueRow]) -> None:
        """Show new values of the queue, if it is the list that is shown."""
        self.queue = rows
        self._ranked = any(not unknown(row.priority) for row in rows)
        if self.view.list == QUEUE:
            self._show(rows)

    def show_others(self, overview: Overview) -> None:
        """Show new values of the other lists, if one of them is shown."""
        self._settings = overview.settings
        self.view.source.method = overview.settings.method
        self.show_when(self._status)
        self._others = {EXPERTS: overview.experts, HELD_OUT: overview.held_out}
        if self.view.list != QUEUE:
            self._show(self._others[self.view.list])

    def take_event(self, event: Event) -> None:
        """Take in an event of the training; what it says of the cases is drawn a little later."""
        # ten times a second at most, however quick the steps are
        if self.weights.take(event) and not self._drawing.isActive():
            self._drawing.start()

    def set_rule(self, ranking: str) -> None:
        """Take note of the ranking that makes the priorities."""
        self._rule = ranking
        self.show_when(self._status)

    def show_when(self, status: JobStatus) -> None:
        """Say when the next ranking comes or, between trainings, what the present one means."""
        self._status = status
        sentence = ranking_sentence(status, self._settings, self._ranked)
        first = sentence or rule_sentence(self._rule)
        self.when.setText("\n".join(filter(None, (first, brief(self.noise)))))
        self.when.setToolTip(f"{first}\n{self.noise}" if self.noise else "")

    def show_noise(self, noise: str) -> None:
        """Say how many of the teacher's masks are likely to be wrong; '' where it is not known."""
        self.noise = noise
        self.show_when(self._status)

    @property
    def at_the_end(self) -> str:
        """What is to be said where no case is left to decide."""
        hidden = self.view.list != QUEUE or self.filter.filter.is_on
        return NOTHING_SHOWN if hidden else NOTHING_LEFT

    def _show_list(self, name: str) -> None:
        self.view.show_list(name)
        self._show(self.queue if name == QUEUE else self._others[name])

    def _show(self, rows: Sequence[QueueRow] | Sequence[ExpertRow]) -> None:
        self.view.set_rows(rows)
        self._count()

    def _choose(self, chosen: Filter) -> None:
        self.view.set_filter(chosen)
        self._count()

    def _count(self) -> None:
        table = self.view.source.table
        self.filter.show_count(len(table.shown), len(table.rows))

    def _to_table(self) -> None:
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if not self.view.selected and self.view.source.rowCount():
            self.view.selectRow(0)

    def _open_first(self) -> None:
        if first := self.view.neighbour("", 1):
            self.view.chosen.emit(first)


def brief(noise: str) -> str:
    """The estimate without what it is made of, which its tip says."""
    return (
        noise.partition("), from ")[0].replace("90 % interval ", "") + ")"
        if "(" in noise
        else noise
    )
