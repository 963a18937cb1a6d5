"""The queue as a table: one row a case, sortable by every column."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QModelIndex, QSize, Qt
from qtpy.QtWidgets import QAbstractItemView, QTableView, QWidget

from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.queue.queue_cells import NameCell
from napari_alnt.widgets.queue.queue_columns import BARS, QueueColumns
from napari_alnt.widgets.queue.queue_model import NAMES, PRIORITY, QueueModel
from napari_alnt.widgets.queue.weight_bars import WeightBars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from qtpy.QtGui import QKeyEvent, QResizeEvent

    from napari_alnt.session import QueueRow
    from napari_alnt.session.queue import ExpertRow
    from napari_alnt.widgets.queue.queue_rows import Filter


FEWEST, WANTED = 5, 9
"""Rows that are seen in any case, and where there is room."""
SEVERAL = 3
"""Of the names with most letters, how many are measured: the widest is likely among them."""


class QueueView(QTableView):
    """The table; ``chosen`` carries the name of the case that was clicked or entered.

    ``only`` carries the cases that a plot asks to be shown alone, () for all.

    A right click on its header opens a menu of its columns.
    """

    chosen = Signal(str)
    only = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = ""  # the case to select when it is shown again
        self.source = QueueModel(self)
        self.setModel(self.source)
        self.setItemDelegateForColumn(NAMES, NameCell(self.source, self))
        self.setItemDelegateForColumn(BARS, WeightBars(self))
        self.setSortingEnabled(True)
        self.sortByColumn(PRIORITY, Qt.SortOrder.DescendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        self.columns = QueueColumns(self)
        self.clicked.connect(self._choose)

    # columns --------------------------------------------------------------------------------------

    @property
    def list(self) -> str:
        """The list that is shown."""
        return self.columns.list

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The fields of the queue's columns that are asked for."""
        return self.columns.shown

    def show_columns(self, fields: Sequence[str]) -> None:
        """Show these columns of the queue alone, beside the cases' names."""
        self.columns.show(fields)

    def show_list(self, name: str) -> None:
        """Show the columns of another list; its rows come with :meth:`set_rows`."""
        self.columns.show_list(name)

    def show_live(self) -> None:
        """Draw anew what the training makes of the cases, in the rows that can be seen."""
        self.columns.show_live()
        if not self.isColumnHidden(BARS):
            left, width = self.columnViewportPosition(BARS), self.columnWidth(BARS)
            self.viewport().update(left, 0, width, self.viewport().height())

    def minimumSizeHint(self) -> QSize:
        """As high as a few whole rows with their header."""
        return QSize(super().minimumSizeHint().width(), self._height(FEWEST))

    def sizeHint(self) -> QSize:
        """As high as more rows."""
        return QSize(super().sizeHint().width(), self._height(WANTED))

    def _height(self, rows: int) -> int:
        header = self.horizontalHeader().sizeHint().height()
        return header + rows * self.verticalHeader().defaultSectionSize() + 2 * self.frameWidth()

    # rows -----------------------------------------------------------------------------------------

    def set_rows(self, queue: Sequence[QueueRow] | Sequence[ExpertRow]) -> None:
        """Show new values; the selected case stays selected, and the table where it is scrolled."""
        self._keeping_place(lambda: self.source.set_rows(queue))
        longest = heapq.nlargest(SEVERAL, (row.case for row in queue), key=len)
        if longest != self.columns.longest:
            self.columns.longest = longest
            self.columns.fit_names()

    def set_filter(self, chosen: Filter) -> None:
        """Show the rows that pass a filter; a selected case that is shown again is selected."""
        self._keeping_place(lambda: self.source.choose(chosen))

    def show_flags(self, notes: Mapping[str, str]) -> None:
        """Mark the cases that are flagged, by their notes."""
        self._keeping_place(lambda: setattr(self.source, "notes", notes))

    def show_only(self, cases: tuple[str, ...]) -> None:
        """Ask for some cases to be shown alone, or for all again where there are none."""
        self.only.emit(cases)

    @property
    def selected(self) -> str:
        """The selected case, or ''."""
        rows = self.selectionModel().selectedRows()
        return str(rows[0].data()) if rows else ""

    def select(self, case: str) -> None:
        """Select a case without opening it."""
        self._wanted = case
        where = self.source.table.where(case)
        if where >= 0:
            self.selectRow(where)
            self.scrollTo(self.source.index(where, NAMES))
        else:
            self.clearSelection()

    def in_order(self) -> Iterator[Any]:
        """The rows as they stand on the screen."""
        table = self.source.table
        return (table.rows[place] for place in table.shown)

    def neighbour(self, case: str, step: int) -> str:
        """The case ``step`` rows below another, '' where the queue ends; the first for none."""
        return self.source.table.neighbour(case, step)

    def next_undecided(self, case: str) -> str:
        """The next case below another that is still to be decided, else the first, else ''."""
        return self.source.table.next_undecided(case)

    def _keeping_place(self, change: Callable[[], None]) -> None:
        wanted = self.selected or self._wanted
        bar = self.verticalScrollBar()
        scrolled_to = bar.value()
        change()
        if wanted != self.selected and (where := self.source.table.where(wanted)) >= 0:
            self.selectRow(where)
        self._wanted = wanted
        # the range of the bar is that of the rows before until they are laid out
        self.executeDelayedItemsLayout()
        bar.setValue(scrolled_to)

    # what the user does ---------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open a case with Enter, and move with the arrows."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._choose(self.currentIndex())
        elif event.key() in (
            Qt.Key.Key_Up,
            Qt.Key.Key_Down,
            Qt.Key.Key_PageUp,
            Qt.Key.Key_PageDown,
        ):
            super().keyPressEvent(event)
        else:
            event.ignore()  # the viewer's keys work here too

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(str(index.siblingAtColumn(NAMES).data()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names what the other columns leave."""
        super().resizeEvent(event)
        self.columns.fit_names()

    def changeEvent(self, event: QEvent) -> None:
        """Make the columns as wide as another font needs."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.columns.fit_all()
            self.updateGeometry()
