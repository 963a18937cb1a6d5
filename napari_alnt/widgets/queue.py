"""The queue as a table: one row a case, sortable by every column."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSortFilterProxyModel,
    Qt,
)
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.style import STATUS_COLOURS, dot

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent

    from napari_alnt.session import QueueRow

Index = QModelIndex | QPersistentModelIndex


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _significant(value: float) -> str:
    return f"{value:.2g}"


def _per_cent(value: float) -> str:
    return f"{100 * value:.{int(value < 0.0995)}f} %"


@dataclass(frozen=True)
class Column:
    """One column of the table.

    Attributes
    ----------
    field : the field of :class:`QueueRow` that it shows
    title : what stands in its header
    tip : what its values mean
    width : in pixels; 0 takes what the others leave
    text : a known value as text
    visible : whether it is shown until the user says otherwise
    """

    field: str
    title: str
    tip: str
    width: int
    text: Callable[[Any], str] = _number
    visible: bool = True


COLUMNS = (
    Column("case", "Case", "Name of the case", 0, str),
    Column(
        "status",
        "Status",
        "new · draft: unfinished work is kept · skipped · flagged · accepted",
        84,
        str,
    ),
    Column(
        "trust",
        "Trust",
        "How far the mask can be trusted, 0 … 1: low means, look at this case. It is made of the"
        " agreement and of the mask's loss during the training, as ranks among the cases",
        46,
    ),
    Column(
        "agreement",
        "Agreement",
        "Dice of the mask and the student's, 0 … 1, the mean over past rankings",
        78,
        visible=False,
    ),
    Column(
        "informativeness",
        "Inform.",
        "Informativeness: how large the gradient of the case is in the last layer, with the"
        " student's own label",
        58,
        _significant,
    ),
    Column("share", "Weight", "The case's part of all weights in the last epoch", 54, _per_cent),
    Column("dice", "Dice", "Dice of the teacher's mask and the student's, newest ranking", 42),
    Column(
        "priority", "Priority", "What the ranking makes of it: the highest is to be seen first", 62
    ),
)
NAMES = 0
"""The place of the column with the cases' names, which always stays."""
SORT = Qt.ItemDataRole.UserRole
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
NO_INDEX = QModelIndex()
DECIDED = ("accepted", "skipped")


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

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """The number of cases."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """The number of columns, hidden ones included."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows or, for :data:`SORT`, what it is sorted by."""
        row = self.rows[index.row()]
        column = COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            value = getattr(row, column.field)
            return "–" if _unknown(value) else column.text(value)
        if role == SORT:
            return self._sort_key(row, column.field)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if column.text is str else RIGHT
        if role == Qt.ItemDataRole.DecorationRole and column.field == "status":
            return self._icons.get(row.status)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.case} · {row.status}"
        return None

    def headerData(
        self, section: int, orientation: Any, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """What stands in the header of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if column.text is str else RIGHT
        return None

    def _sort_key(self, row: QueueRow, field: str) -> Any:
        # by priority means by the session's queue, which puts skipped and accepted cases last
        return -self._place[row.case] if field == "priority" else getattr(row, field)


class QueueOrder(QSortFilterProxyModel):
    """Sorts by value, with what is not known at the end either way."""

    def lessThan(self, left: Index, right: Index) -> bool:
        """Whether one row stands before another in ascending order."""
        one = left.data(SORT)
        other = right.data(SORT)
        if (unknown := _unknown(one)) != _unknown(other):
            return unknown == (self.sortOrder() == Qt.SortOrder.DescendingOrder)
        if unknown or one == other:
            return bool(left.row() < right.row())
        return bool(one < other)


def _unknown(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


class QueueView(QTableView):
    """The table; ``chosen`` carries the name of the case that was clicked or entered.

    A right click on its header opens a menu of its columns.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = QueueModel(self)
        self.order = QueueOrder(self)
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
        self.columns_menu = QMenu("Columns", self)
        self.columns_menu.triggered.connect(self._show_chosen_columns)
        self._set_up_header()
        self.show_columns([column.field for column in COLUMNS if column.visible])
        self.clicked.connect(self._choose)

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The fields of the columns that are shown."""
        return tuple(
            column.field for place, column in enumerate(COLUMNS) if not self.isColumnHidden(place)
        )

    def show_columns(self, fields: Sequence[str]) -> None:
        """Show these columns alone, beside the cases' names."""
        for place, (column, item) in enumerate(
            zip(COLUMNS, self.columns_menu.actions(), strict=True)
        ):
            shown = place == NAMES or column.field in fields
            self.setColumnHidden(place, not shown)
            item.setChecked(shown)

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

    def neighbour(self, case: str, step: int) -> str:
        """The case ``step`` rows below another, '' where the queue ends; the first for none."""
        cases = [row.case for row in self.in_order()]
        if case not in cases:
            return cases[0] if cases else ""
        place = cases.index(case) + step
        return cases[place] if 0 <= place < len(cases) else ""

    def next_undecided(self, case: str) -> str:
        """The next case below another that is still to be decided, else the first, else ''."""
        rows = list(self.in_order())
        place = next((n for n, row in enumerate(rows) if row.case == case), -1)
        others = rows[place + 1 :] + rows[: max(place, 0)]
        return next((row.case for row in others if row.status not in DECIDED), "")

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
            self.chosen.emit(str(index.siblingAtColumn(0).data()))

    def _show_chosen_columns(self) -> None:
        items = zip(COLUMNS, self.columns_menu.actions(), strict=True)
        self.show_columns([column.field for column, item in items if item.isChecked()])

    def _open_columns_menu(self, place: QPoint) -> None:
        self.columns_menu.popup(self.horizontalHeader().mapToGlobal(place))

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(30)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of cases differ at their ends
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(NAMES, QHeaderView.ResizeMode.Stretch)
        for place, column in enumerate(COLUMNS):
            if column.width:
                self.setColumnWidth(place, column.width)
            item = self.columns_menu.addAction(column.title)
            item.setToolTip(column.tip)
            item.setCheckable(True)
            item.setEnabled(place != NAMES)
        self.columns_menu.setToolTipsVisible(True)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._open_columns_menu)
