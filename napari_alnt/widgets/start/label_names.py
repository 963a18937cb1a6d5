"""The labels of a new project: their values, the names that they get, and their colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_alnt.widgets.parts.style import UNKNOWN_COLOUR, class_colour, dot

HEADINGS = ("Value", "Name")
NAME = 1
LINES = 4
"""Labels that are seen at once; others can be scrolled to."""
MOST = 150
"""Labels that can be named here; the largest atlases of organs have 117."""


class LabelNames(QTableWidget):
    """One row for each label value; its name can be written over."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(HEADINGS), parent)
        self._typed: dict[int, str] = {}
        self._values: list[int] = []
        self._given: Mapping[int, str] = {}
        self._state: object = None
        self.setHorizontalHeaderLabels(HEADINGS)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        self.setTabKeyNavigation(False)  # Tab goes on to the next field
        self.setFixedHeight(24 * (LINES + 1) + 8)
        self.setToolTip("Click a name to write another; it can be changed later")
        self.itemChanged.connect(self._take)

    @property
    def names(self) -> dict[int, str]:
        """The names that the user has written, by the values that are shown."""
        return {value: self._typed[value] for value in self._values if value in self._typed}

    def show_labels(
        self, values: Sequence[int], names: Mapping[int, str], ignore_label: int | None = None
    ) -> None:
        """Show label values, sorted, with their names; and the ignore label where it occurs."""
        self._given = names
        wanted = [*values[:MOST], *([] if ignore_label is None else [ignore_label])]
        state = (wanted, dict(names), ignore_label)
        if state == self._state:
            return
        self._state = state
        self.blockSignals(True)
        # rows come and go one by one, so that a name that is being written stays
        for row in reversed(range(self.rowCount())):
            if self._values[row] not in wanted:
                self.removeRow(row)
                del self._values[row]
        for row, value in enumerate(wanted):
            if row >= len(self._values) or self._values[row] != value:
                self._insert(row, value)
            unknown = value == ignore_label
            name = "unknown: nobody has labelled it" if unknown else self._name(value)
            colour = UNKNOWN_COLOUR if unknown else class_colour(row)
            self._show(row, name, colour, editable=not unknown)
        self.blockSignals(False)

    def _name(self, value: int) -> str:
        return self._typed.get(value) or self._given.get(value) or f"label {value}"

    def _insert(self, row: int, value: int) -> None:
        self.insertRow(row)
        self._values.insert(row, value)
        number = QTableWidgetItem(str(value))
        number.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.setItem(row, 0, number)
        self.setItem(row, NAME, QTableWidgetItem())

    def _show(self, row: int, name: str, colour: str, editable: bool) -> None:
        self._item(row, 0).setIcon(dot(colour, 11))
        item = self._item(row, NAME)
        if item.text() != name:
            item.setText(name)
        flags = Qt.ItemFlag.ItemIsEnabled
        if editable:
            flags |= Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
        # any change of an item, even to the same, empties a name that is being written
        if item.flags() != flags:
            item.setFlags(flags)

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.item(row, column)
        assert item is not None
        return item

    def _take(self, item: QTableWidgetItem) -> None:
        """Keep what was written; an empty name is the one of before."""
        if item.column() != NAME:
            return
        value = self._values[item.row()]
        text = "".join(char for char in item.text() if char.isprintable()).strip()
        if text:
            self._typed[value] = text
        else:
            self._typed.pop(value, None)
            self.blockSignals(True)
            item.setText(self._name(value))
            self.blockSignals(False)
