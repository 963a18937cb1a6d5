"""The queue as a table model: its columns, the texts of its cells, and how it is sorted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from napari_alnt.widgets.style import STATUS_COLOURS, dot

if TYPE_CHECKING:
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
    title : its name in the menu of the columns
    tip : what its values mean
    width : in pixels; the column with the names takes what the others leave, and at least this
    text : a known value as text
    visible : whether it is shown until the user says otherwise
    short : what stands in its header where the title is too long for it
    """

    field: str
    title: str
    tip: str
    width: int
    text: Callable[[Any], str] = _number
    visible: bool = True
    short: str = ""


COLUMNS = (
    Column("case", "Case", "Name of the case", 90, str),
    Column(
        "status",
        "Status",
        "new · draft: unfinished work is kept · skipped · flagged · accepted",
        86,
        str,
    ),
    Column(
        "trust",
        "Trust",
        "How far the mask can be trusted, 0 … 1: low means, look at this case. It is made of the"
        " agreement and of the mask's loss during the training, as ranks among the cases",
        50,
    ),
    Column(
        "agreement",
        "Agreement",
        "Dice of the mask and the student's, 0 … 1, the mean over past rankings",
        86,
        visible=False,
    ),
    Column(
        "informativeness",
        "Informativeness",
        "Informativeness: how large the gradient of the case is in the last layer, with the"
        " student's own label",
        64,
        _significant,
        short="Inform.",
    ),
    Column("share", "Weight", "The case's part of all weights in the last epoch", 62, _per_cent),
    Column("dice", "Dice", "Dice of the teacher's mask and the student's, newest ranking", 46),
    Column(
        "priority", "Priority", "What the ranking makes of it: the highest is to be seen first", 64
    ),
)
NAMES = 0
"""The place of the column with the cases' names, which always stays."""
SORT = Qt.ItemDataRole.UserRole
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
NO_INDEX = QModelIndex()


class QueueModel(QAbstractTableModel):
    """Rows by case number, so that a row stays where it is while its values change."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: list[QueueRow] = []
        self.sorted_by: tuple[int, Qt.SortOrder] | None = None
        self._place: dict[str, int] = {}
        self._icons = {status: dot(colour) for status, colour in STATUS_COLOURS.items()}

    def set_rows(self, queue: Sequence[QueueRow]) -> None:
        """Take the queue as the session sorts it."""
        self._place = {row.case: place for place, row in enumerate(queue)}
        rows = sorted(queue, key=lambda row: row.number)
        # a reset would lose the selection and the place that is scrolled to, so it is a last resort
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
            return (column.short or column.title) + self._arrow(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if column.text is str else RIGHT
        return None

    def _arrow(self, section: int) -> str:
        # Qt's own arrow stands at the far side of the section, beside the title of the next one
        if self.sorted_by is None or self.sorted_by[0] != section:
            return ""
        return " ▴" if self.sorted_by[1] == Qt.SortOrder.AscendingOrder else " ▾"

    def _sort_key(self, row: QueueRow, field: str) -> Any:
        # by priority means by the session's queue, which puts skipped and accepted cases last
        return -self._place[row.case] if field == "priority" else getattr(row, field)


class QueueOrder(QSortFilterProxyModel):
    """Sorts by value, with what is not known at the end either way."""

    def lessThan(self, left: Index, right: Index) -> bool:
        """Whether one row stands before another in ascending order."""
        one = left.data(SORT)
        other = right.data(SORT)
        # Qt turns the order round for descending, and with it this answer
        if (unknown := _unknown(one)) != _unknown(other):
            return unknown == (self.sortOrder() == Qt.SortOrder.DescendingOrder)
        if unknown or one == other:
            return bool(left.row() < right.row())
        return bool(one < other)


def _unknown(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
