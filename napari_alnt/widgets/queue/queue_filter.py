"""The line above the queue that says which cases are shown."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from napari_alnt.widgets.parts.fixed_label import MARGIN, FixedLabel
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.queue.queue_rows import Filter

if TYPE_CHECKING:
    from collections.abc import Sequence

STATUSES: dict[str, tuple[str, ...] | None] = {
    "Any status": None,
    "To do": ("new", "draft", "flagged"),
    "New": ("new",),
    "Draft": ("draft",),
    "Flagged": ("flagged",),
    "Skipped": ("skipped",),
    "Accepted": ("accepted",),
}
"""What the choice of statuses offers, and the statuses that each entry stands for."""
PLACEHOLDER = "Find …"
CHOSEN = "Chosen in the plot"
CHOSEN_TIP = "The cases that were chosen in the plot are shown; Escape shows all"
TIP = "Words of a case's name, or of its status such as “draft”  [Ctrl+F, Escape clears]"
LONGEST_COUNT = "000 of 000"
NARROWEST = 70


class FindField(QLineEdit):
    """A line to type words into; Escape clears it, and leaves it where it is empty.

    ``left`` when it is left for the table, ``entered`` when the first case found is asked for.
    """

    cleared = Signal()
    left = Signal()
    entered = Signal()

    def event(self, event: QEvent) -> bool:
        """Keep Escape from what else it stands for in the window."""
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Clear, leave, or open."""
        if event.key() == Qt.Key.Key_Escape:
            self.cleared.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.entered.emit()
        else:
            super().keyPressEvent(event)


class FilterLine(QWidget):
    """Which list is shown, and which of its cases.

    ``changed`` carries the :class:`Filter`; ``list_chosen`` the name of a list.

    Parameters
    ----------
    lists : the names of the lists that can be chosen, the first one at first
    """

    changed = Signal(object)
    list_chosen = Signal(str)

    def __init__(self, lists: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases: frozenset[str] | None = None
        self.list = QComboBox()
        self.list.addItems(list(lists))
        self.list.setToolTip("Which cases are listed")
        self.words = FindField()
        self.words.setPlaceholderText(PLACEHOLDER)
        self.words.setToolTip(TIP)
        self.words.setClearButtonEnabled(True)
        self.words.setMinimumWidth(NARROWEST)
        self.status = QComboBox()
        self.status.addItems(list(STATUSES))
        self.status.setToolTip("Show only cases of this status")
        self.count = FixedLabel()
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._lay_out()
        self.words.textChanged.connect(self._tell)
        self.status.currentTextChanged.connect(self._tell)
        self.words.cleared.connect(self._clear)
        self.list.currentTextChanged.connect(self._choose_list)

    @property
    def filter(self) -> Filter:
        """The filter as it is entered."""
        entered = Filter.of(self.words.text(), STATUSES[self.status.currentText()])
        return dataclasses.replace(entered, cases=self._cases)

    def show_only(self, cases: Sequence[str]) -> None:
        """Show cases that were chosen in a plot alone, or all again where there are none."""
        self._cases = frozenset(cases) if cases else None
        self.words.setPlaceholderText(CHOSEN if cases else PLACEHOLDER)
        self.words.setToolTip(CHOSEN_TIP if cases else TIP)
        self._tell()

    def clear(self) -> None:
        """Show all cases of the list."""
        self.words.clear()
        self.status.setCurrentIndex(0)
        self.show_only(())

    def focus(self) -> None:
        """Go to the words, to type over them."""
        self.words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.words.selectAll()

    def show_count(self, shown: int, total: int) -> None:
        """Say how many cases there are, and how many of them are shown."""
        if self.filter.is_on:
            self.count.setText(f"{shown} of {total}")
        else:
            self.count.setText("1 case" if total == 1 else f"{total} cases")
        self.count.setToolTip(f"{shown} of {total} cases are shown")

    def _clear(self) -> None:
        if self.filter.is_on or self.words.text():
            self.clear()
        else:
            self.words.left.emit()

    def _tell(self) -> None:
        self.changed.emit(self.filter)

    def _choose_list(self, name: str) -> None:
        # the experts have no statuses to choose from
        is_queue = self.list.currentIndex() == 0
        self.status.setEnabled(is_queue)
        if not is_queue:
            self.status.setCurrentIndex(0)
        self.list_chosen.emit(name)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for box in (self.list, self.status):
            box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row.addWidget(self.list)
        row.addWidget(self.words, 1)
        row.addWidget(self.status)
        row.addWidget(self.count)
        # reserved, so that nothing moves when the numbers change
        width = self.count.fontMetrics().horizontalAdvance(LONGEST_COUNT)
        self.count.setFixedWidth(width + MARGIN)
