"""The queue as a table model: its columns, the texts of its cells, and how it is sorted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from napari_alnt.events import NAN
from napari_alnt.widgets.parts.style import STATUS_COLOURS, dot
from napari_alnt.widgets.queue.queue_names import ShortNames
from napari_alnt.widgets.queue.queue_rows import (
    Filter,
    ShownRows,
    has_flag,
    places_by,
    text_of,
    unknown,
)
from napari_alnt.widgets.queue.weight_bars import WEIGHTS

if TYPE_CHECKING:
    from napari_alnt.session import QueueRow
    from napari_alnt.session.newest_weights import NewestWeight
    from napari_alnt.session.queue import ExpertRow

Index = QModelIndex | QPersistentModelIndex


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _significant(value: float) -> str:
    return f"{value:.2g}".replace("-", "−")


def _per_cent(value: float) -> str:
    return f"{100 * value:.{int(value < 0.0995)}f} %"


MARK = " ⚑"
"""Stands behind the status of a case that is flagged, too."""
QUEUE, EXPERTS, HELD_OUT = LISTS = ("Queue", "Experts", "Held out")
"""The lists of cases that the table can show."""
LIVE = "newest"
"""The column that is there while a training runs."""
ROLES = {
    "reference": "leads the training",
    "test": "only tests the result",
    "teacher_training": "trained the teacher",
}
"""What expert cases are for, in words."""


def _role(role: str) -> str:
    return ROLES.get(role, role)


def _version(version: int) -> str:
    return f"version {version}" if version else "as given"


@dataclass(frozen=True)
class Column:
    """One column of the table.

    Attributes
    ----------
    field : the field of :class:`QueueRow` that it shows
    title : its name in the menu of the columns
    tip : what its values mean
    widest : a text as wide as its values can be; the column is as wide as this or its title
    text : a known value as text
    visible : whether it is shown until the user says otherwise
    short : what stands in its header where the title is too long for it
    lists : the lists that it belongs to
    """

    field: str
    title: str
    tip: str
    widest: str = "−0.00"
    text: Callable[[Any], str] = _number
    visible: bool = True
    short: str = ""
    lists: tuple[str, ...] = (QUEUE,)

    @property
    def heading(self) -> str:
        """What stands in its header."""
        return self.short or self.title


COLUMNS = (
    Column("case", "Case", "Name of the case", "M" * 8, str, lists=LISTS),
    Column(
        "status",
        "Status",
        "new · draft: unfinished work is kept · skipped · flagged · accepted. A flag (⚑) stands"
        " behind the status of a case that was flagged and then skipped or worked on",
        f"skipped{MARK}",
        str,
        lists=LISTS,
    ),
    Column(
        "trust",
        "Trust",
        "How far the mask can be trusted, 0 … 1: low means, look at this case. It is made of the"
        " agreement and of the mask's loss during the training, as ranks among the cases",
    ),
    Column(
        "agreement",
        "Agreement",
        "Dice of the mask and the student's, 0 … 1, the mean over past rankings",
        visible=False,
    ),
    Column(
        "informativeness",
        "Informativeness",
        "Informativeness: how large the gradient of the case is in the last layer, with the"
        " student's own label",
        "0.0000",
        _significant,
        short="Inform.",
    ),
    Column(
        "share", "Weight", "The case's part of all weights in the last epoch", "100 %", _per_cent
    ),
    Column("dice", "Dice", "Dice of the teacher's mask and the student's, newest ranking"),
    Column("priority", "Priority", "What the ranking makes of it: the highest is to be seen first"),
    Column(
        LIVE,
        "Newest step",
        "The newest training step that used the case, compared with the mean of its patches (the"
        " line in the middle). From the top: trust, how well the mask agrees with the experts';"
        " informativeness, how much there is to learn from it; weight, how much was learned from"
        " it. A hollow mark: it was left out",
        "0000000",
        short="Step",
    ),
    Column(
        "role",
        "Used for",
        "Expert masks lead the training, train a teacher, or are held out: those only measure how"
        " good the result is, and are never changed",
        max(ROLES.values(), key=len),
        _role,
        lists=(EXPERTS, HELD_OUT),
    ),
    Column(
        "version",
        "Mask",
        "Which mask is in use: as given at the start, or an accepted version",
        "version 00",
        _version,
        lists=(EXPERTS, HELD_OUT),
    ),
)
WORDS = (str, _role, _version)
"""How the values are written of which columns stand at the left, as words do."""
NAMES = 0
"""The place of the column with the cases' names, which always stays."""
PRIORITY = [column.field for column in COLUMNS].index("priority")
"""The place of the column that sorts the queue at first."""
STATUS = 1
"""The place of the column with the statuses, which have a dot before them."""
ARROWS = {Qt.SortOrder.AscendingOrder: " ▴", Qt.SortOrder.DescendingOrder: " ▾"}
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
NO_INDEX = QModelIndex()


class QueueModel(QAbstractTableModel):
    """The rows that are shown, sorted by a column, with what is not known at the end either way.

    A row of the model is one of the screen, so nothing has to be looked up between the two.

    Attributes
    ----------
    table : the rows, their order, and which of them are shown
    names : the short forms of the cases' names
    sorted_by : the column that sorts the rows, and the direction; None before the first
    weights, method : what the newest training steps made of each case, and by which method
    """

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.table = ShownRows()
        self.names = ShortNames({})
        self.sorted_by: tuple[int, Qt.SortOrder] | None = None
        self.weights: Mapping[str, NewestWeight] = {}
        self.method = ""
        self._notes: Mapping[str, str] = {}
        self._turn: dict[str, int] = {}
        self._icons = {status: dot(colour) for status, colour in STATUS_COLOURS.items()}

    @property
    def rows(self) -> Sequence[Any]:
        """All rows by case number, also those that are not shown."""
        return self.table.rows

    @property
    def notes(self) -> Mapping[str, str]:
        """The note of each case that is flagged."""
        return self._notes

    @notes.setter
    def notes(self, notes: Mapping[str, str]) -> None:
        if notes == self._notes:
            return
        self._notes = dict(notes)
        self._exchange(self._table(self.rows, self.table.order))
        self._tell_changed()

    def set_rows(self, queue: Sequence[QueueRow] | Sequence[ExpertRow]) -> None:
        """Take the queue as the session sorts it, or another list of cases."""
        listed: Sequence[Any] = queue
        self._turn = {row.case: turn for turn, row in enumerate(listed)}
        rows: list[Any] = sorted(queue, key=attrgetter("number"))
        is_new = [row.case for row in rows] != [row.case for row in self.rows]
        if is_new:
            self.names = ShortNames({row.case: row.number for row in rows})
        self._exchange(self._table(rows, self._order(rows)), is_new)
        self._tell_changed()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the rows by a column."""
        self.sorted_by = (column, order)
        self._exchange(self.table.arranged(self._order(self.rows)))
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def choose(self, chosen: Filter) -> None:
        """Show the rows that pass a filter."""
        self._exchange(self.table.chosen(chosen))

    def _table(self, rows: Sequence[Any], order: Sequence[int]) -> ShownRows:
        """Rows in an order, through the filter as it is."""
        texts = [text_of(row, self._notes) for row in rows]
        return ShownRows(rows, order, self.table.filter, texts)

    def _tell_changed(self) -> None:
        if self.table.shown:
            last = self.index(len(self.table.shown) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def _exchange(self, table: ShownRows, is_new: bool = False) -> None:
        """Show other rows, or the same in another order, in which case a selection goes along."""
        before = self.table
        # a reset loses the selection and the place that is scrolled to, so it is a last resort
        if is_new or set(before.shown) != set(table.shown):
            self.beginResetModel()
            self.table = table
            self.endResetModel()
        elif list(before.shown) == list(table.shown):
            self.table = table
        else:
            self.layoutAboutToBeChanged.emit()
            self.table = table
            old = self.persistentIndexList()
            where = {place: row for row, place in enumerate(table.shown)}
            new = [self.index(where[before.shown[one.row()]], one.column()) for one in old]
            self.changePersistentIndexList(old, new)
            self.layoutChanged.emit()

    def _order(self, rows: Sequence[QueueRow]) -> list[int]:
        if self.sorted_by is None:
            return list(range(len(rows)))
        place, order = self.sorted_by
        descending = order == Qt.SortOrder.DescendingOrder
        field = COLUMNS[place].field
        if field == "priority":
            # means by the session's queue, which puts skipped and accepted cases last
            return places_by([-self._turn[row.case] for row in rows], descending)
        if field == LIVE:
            known = (self.weights.get(row.case) for row in rows)
            return places_by([NAN if one is None else one.weight for one in known], descending)
        if not all(hasattr(row, field) for row in rows[:1]):  # a column of another list
            return list(range(len(rows)))
        return places_by(list(map(attrgetter(field), rows)), descending)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """The number of rows that are shown."""
        return 0 if parent.isValid() else len(self.table.shown)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """The number of columns, hidden ones included."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows; of a name all of it, which the view may shorten."""
        row = self.table.rows[self.table.shown[index.row()]]
        column = COLUMNS[index.column()]
        if column.field == LIVE:
            return self._live(row.case, role)
        if role == Qt.ItemDataRole.DisplayRole:
            value = getattr(row, column.field, NAN)
            mark = MARK if column.field == "status" and has_flag(row, self._notes) else ""
            return "–" if unknown(value) else column.text(value) + mark
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if column.text in WORDS else RIGHT
        if role == Qt.ItemDataRole.DecorationRole and column.field == "status":
            return self._icons.get(row.status)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.case} · {row.status}{self._flag(row.case)}"
        return None

    def _flag(self, case: str) -> str:
        """What is said of a flag: a case that was skipped keeps its own."""
        if case not in self.notes:
            return ""
        return f"\nFlagged: {self.notes[case]}" if self.notes[case] else "\nFlagged"

    def _live(self, case: str, role: int) -> Any:
        newest = self.weights.get(case)
        if role == WEIGHTS:
            return newest
        if role == Qt.ItemDataRole.ToolTipRole and newest is not None:
            return newest.explanation(self.method)
        return None

    def headerData(
        self, section: int, orientation: Any, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """What stands in the header of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.heading + self._arrow(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if column.text in WORDS else RIGHT
        return None

    def _arrow(self, section: int) -> str:
        # Qt's own arrow stands at the far side of the section, beside the title of the next one
        if self.sorted_by is None or self.sorted_by[0] != section:
            return ""
        return ARROWS[self.sorted_by[1]]
