"""The queue as a table: one row a case, sortable by every column."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from napari_alnt.session import QueueRow
from napari_alnt.widgets.style import STATUS_COLOURS, dot

COLUMNS = (
    ("case", "Case", "Name of the case"),
    ("status", "Status", "new · draft: unfinished work is kept · skipped · flagged · accepted"),
    (
        "trust",
        "Trust",
        "How far the mask agrees with what the student has learned, 0 … 1; low means: look at me",
    ),
    ("informativeness", "Inform.", "How large the case's gradient is in the last layer"),
    ("share", "Weight", "The case's part of all weights in the last epoch, in per cent"),
    ("dice", "Dice", "Dice of the student's mask with the teacher's"),
    ("priority", "Priority", "What the ranking makes of it; higher is more worth a look"),
)
SORT = Qt.ItemDataRole.UserRole
ALIGN = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
NO_INDEX = QModelIndex()


def shown(field: str, value: Any) -> str:
    """A cell's text; – where nothing is known."""
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return "–"
    if field == "share":
        return f"{100 * value:.{int(value < 0.0995)}f} %"
    return f"{value:.2g}" if field == "informativeness" else f"{value:.2f}".replace("-", "−")


class QueueModel(QAbstractTableModel):
    """Rows by case number, so that a row stays where it is while its values change."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: list[QueueRow] = []
        self._place: dict[str, int] = {}
        self._icons = {status: dot(colour) for status, colour in STATUS_COLOURS.items()}

    def set_rows(self, queue: Sequence[QueueRow]) -> None:
        """Take the queue as the session sorts it."""
        self._place = {row.case: place for place, row in enumerate(queue)}
        rows = sorted(queue, key=lambda row: row.number)
        if [row.case for row in rows] != [row.case for row in self.rows]:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
        elif rows:
            self.rows = rows
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: QModelIndex = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, field = self.rows[index.row()], COLUMNS[index.column()][0]
        if role == Qt.ItemDataRole.DisplayRole:
            return shown(field, getattr(row, field))
        if role == SORT:
            return self._sort_key(row, field)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > 1:
            return ALIGN
        if role == Qt.ItemDataRole.DecorationRole and field == "status":
            return self._icons.get(row.status)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.case} · {row.status}"
        return None

    def headerData(
        self, section: int, orientation: Any, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section][1]
        if role == Qt.ItemDataRole.ToolTipRole:
            return COLUMNS[section][2]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return (
                ALIGN if section > 1 else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            )
        return None

    def _sort_key(self, row: QueueRow, field: str) -> Any:
        # by priority means by the session's queue, which puts skipped and accepted cases last
        return -self._place[row.case] if field == "priority" else getattr(row, field)


class QueueOrder(QSortFilterProxyModel):
    """Sorts by value, with what is not known at the end either way."""

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        one, other = left.data(SORT), right.data(SORT)
        if (unknown := _unknown(one)) != _unknown(other):
            return unknown == (self.sortOrder() == Qt.SortOrder.DescendingOrder)
        if unknown or one == other:
            return bool(left.row() < right.row())
        return bool(one < other)


def _unknown(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


class QueueView(QTableView):
    """The table; ``chosen`` carries the name of the case that was clicked or entered."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source, self.order = QueueModel(self), QueueOrder(self)
        self.order.setSourceModel(self.source)
        self.order.setSortRole(SORT)
        self.setModel(self.order)
        self.setSortingEnabled(True)
        self.sortByColumn(len(COLUMNS) - 1, Qt.SortOrder.DescendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        self._set_widths()
        self.clicked.connect(self._choose)

    def set_rows(self, queue: Sequence[QueueRow]) -> None:
        """Show new values; the selected case stays selected."""
        selected = self.selected
        self.source.set_rows(queue)
        self.order.sort(self.order.sortColumn(), self.order.sortOrder())
        if selected != self.selected:
            self.select(selected)

    @property
    def selected(self) -> str:
        """The selected case, or ''."""
        rows = self.selectionModel().selectedRows()
        return str(rows[0].data()) if rows else ""

    def select(self, case: str) -> None:
        """Select a case without opening it."""
        for place, row in enumerate(self.in_order()):
            if row.case == case:
                self.selectRow(place)
                self.scrollTo(self.order.index(place, 0))
                return
        self.clearSelection()

    def in_order(self) -> Iterator[QueueRow]:
        """The rows as they stand on the screen."""
        for place in range(self.order.rowCount()):
            yield self.source.rows[self.order.mapToSource(self.order.index(place, 0)).row()]

    def keyPressEvent(self, event: QKeyEvent) -> None:
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
            self.chosen.emit(str(index.siblingAtColumn(0).data()))

    def _set_widths(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(30)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of cases differ at their ends
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in enumerate((0, 90, 44, 56, 52, 42, 58)):
            if width:
                self.setColumnWidth(column, width)
