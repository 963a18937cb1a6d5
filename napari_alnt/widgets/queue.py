"""The queue as a table: one row a case, sortable by every column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, QPoint, Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.queue_model import COLUMNS, NAMES, SORT, QueueModel, QueueOrder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qtpy.QtGui import QKeyEvent, QResizeEvent

    from napari_alnt.session import QueueRow

DECIDED = ("accepted", "skipped")


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
        self.horizontalHeader().sortIndicatorChanged.connect(self._show_sorting)
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
        self._fit_names()

    def set_rows(self, queue: Sequence[QueueRow]) -> None:
        """Show new values; the selected case stays selected."""
        selected = self.selected
        self.source.set_rows(queue)
        # the model knows of changed values only; that they change the order is the table's business
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

    def _show_sorting(self, section: int, order: Qt.SortOrder) -> None:
        self.source.sorted_by = (section, order)
        self.source.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def _fit_names(self) -> None:
        others = sum(self.columnWidth(place) for place in range(len(COLUMNS)) if place != NAMES)
        left = self.viewport().width() - others
        self.setColumnWidth(NAMES, max(left, COLUMNS[NAMES].width))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names what the other columns leave."""
        super().resizeEvent(event)
        self._fit_names()

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicatorShown(False)  # the model writes one into the title
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of cases differ at their ends
        for place, column in enumerate(COLUMNS):
            self.setColumnWidth(place, column.width)
            item = self.columns_menu.addAction(column.title)
            item.setToolTip(column.tip)
            item.setCheckable(True)
            item.setEnabled(place != NAMES)
        self.columns_menu.setToolTipsVisible(True)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._open_columns_menu)
