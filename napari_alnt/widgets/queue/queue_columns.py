"""Which columns the queue shows, and how wide they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QHeaderView, QMenu, QTableView

from napari_alnt.widgets.queue.queue_model import ARROWS, COLUMNS, LIVE, NAMES, QUEUE, STATUS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

PADDING = 16
"""Pixels beside the text of a cell or a title."""
DOT = 20
"""Pixels of the dot before a status."""
BARS = [column.field for column in COLUMNS].index(LIVE)
"""The place of the column that is there while a training runs."""
COMFORTABLE = "0" * 20
"""A name as long as this should fit; numbers are left out for it."""
EXPENDABLE = ("role", "agreement", "share", "informativeness", "dice", LIVE, "priority", "version")
"""The columns that are left out where there is no room for them, the first to go first."""


def columns_that_fit(
    widths: Mapping[int, int], room: int, pinned: Collection[str] = ()
) -> frozenset[int]:
    """The places of the columns for which there is room, less those that matter least.

    Parameters
    ----------
    widths : the width of each column, by its place
    room : pixels for all of them
    pinned : fields of columns that are not left out
    """
    shown = dict(widths)
    for field in EXPENDABLE:
        place = next(place for place, column in enumerate(COLUMNS) if column.field == field)
        if sum(shown.values()) > room and field not in pinned:
            shown.pop(place, None)
    return frozenset(shown)


class QueueColumns:
    """The columns of a table: the names take what the others leave.

    Attributes
    ----------
    menu : shows and hides the queue's columns
    list : the list that is shown
    longest : the longest names of cases, for which there should be room
    """

    def __init__(self, view: QTableView) -> None:
        self._view = view
        self.list = QUEUE
        self.menu = QMenu("Columns", view)
        self._items: dict[int, Any] = {}
        self._fields = {column.field for column in COLUMNS if column.visible}
        self._pinned: set[str] = set()  # columns that are shown whether or not there is room
        self.longest: Sequence[str] = (COMFORTABLE,)
        self._is_live = False  # whether a training has said what it makes of the cases
        self._set_up_header()
        self.menu.triggered.connect(self._choose)
        self.fit_all()

    @property
    def shown(self) -> tuple[str, ...]:
        """The fields of the queue's columns that are asked for, be there room for them or not."""
        return tuple(
            column.field
            for place, column in enumerate(COLUMNS)
            if QUEUE in column.lists and (place == NAMES or column.field in self._fields)
        )

    def show(self, fields: Sequence[str]) -> None:
        """Show these columns of the queue alone, beside the cases' names."""
        # those of the other lists cannot be chosen
        others = {column.field for column in COLUMNS if QUEUE not in column.lists}
        self._fields = {*fields, *others}
        self.fit_names()

    def show_list(self, name: str) -> None:
        """Show the columns of another list."""
        self.list = name
        self.fit_names()

    def show_live(self) -> None:
        """Show the column of the newest step, if it is asked for."""
        if not self._is_live:
            self._is_live = True
            self.fit_names()

    def least_width(self, place: int) -> int:
        """The width in which the title of a column, with its arrow, and its values are not cut."""
        column = COLUMNS[place]
        titles = self._view.horizontalHeader().fontMetrics()
        title = max(titles.horizontalAdvance(column.heading + arrow) for arrow in ARROWS.values())
        value = self._view.fontMetrics().horizontalAdvance(column.widest)
        return int(max(title, value + DOT * (place == STATUS))) + PADDING

    def fit_all(self) -> None:
        """Make all columns as wide as their texts need in the font of the table."""
        for place in range(len(COLUMNS)):
            self._view.setColumnWidth(place, self.least_width(place))
        self.fit_names()

    def fit_names(self) -> None:
        """Give the names what the other columns leave; where that is little, leave some out."""
        view = self._view
        widths = {
            place: view.columnWidth(place) or self.least_width(place)
            for place, column in enumerate(COLUMNS)
            if place != NAMES and self._is_asked_for(column.field, column.lists)
        }
        room = view.viewport().width() - self._comfortable()
        shown = columns_that_fit(widths, room, self._pinned)
        for place in range(len(COLUMNS)):
            view.setColumnHidden(place, place != NAMES and place not in shown)
        left = view.viewport().width() - sum(widths[place] for place in shown)
        view.setColumnWidth(NAMES, max(left, self.least_width(NAMES)))
        for place, item in self._items.items():
            item.setChecked(place == NAMES or COLUMNS[place].field in self._fields)

    def _comfortable(self) -> int:
        """Pixels that the names should have: what the longest takes, unless it is very long."""
        metrics = self._view.fontMetrics()
        longest = max(map(metrics.horizontalAdvance, self.longest), default=0) + PADDING
        least = self.least_width(NAMES)
        return max(min(longest, metrics.horizontalAdvance(COMFORTABLE)), least)

    def _is_asked_for(self, field: str, lists: Sequence[str]) -> bool:
        is_there = self._is_live or field != LIVE
        return is_there and field in self._fields and self.list in lists

    def _choose(self) -> None:
        checked = [place for place, item in self._items.items() if item.isChecked()]
        fields = [COLUMNS[place].field for place in checked]
        # who asks for a column sees it, whether or not there is room
        self._pinned |= set(fields) - self._fields
        self.show(fields)

    def _open_menu(self, place: QPoint) -> None:
        self.menu.popup(self._view.horizontalHeader().mapToGlobal(place))

    def _set_up_header(self) -> None:
        header = self._view.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicatorShown(False)  # the model writes one into the title
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for place, column in enumerate(COLUMNS):
            if QUEUE in column.lists:
                item = self.menu.addAction(column.title)
                item.setToolTip(column.tip)
                item.setCheckable(True)
                item.setEnabled(place != NAMES)
                self._items[place] = item
        self.menu.setToolTipsVisible(True)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._open_menu)
