"""The bar of the open case: what it is, what to paint, and what to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_alnt.widgets.actions import ACTIONS, Action, Place
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.style import button, dot, label, say

if TYPE_CHECKING:
    from collections.abc import Mapping

FIXED = QSizePolicy.Policy.Fixed
CHIPS_IN_A_ROW = 3


class CaseBar(QWidget):
    """Buttons of the open case: ``asked`` carries an :class:`Action`, ``label_chosen`` a label."""

    asked = Signal(object)
    label_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QPushButton] = {}
        self.chips: dict[int, QPushButton] = {}
        self._name = label("No case is open", "title")
        self._note = label("", "faint")
        self._time = label("", "faint")
        self._time.setToolTip(
            "Time you have spent on this case; it stands still while the mouse rests"
        )
        self.sentence = label("Click a case in the queue to open it.", "faint", wrap=True)
        self._chips = QGridLayout()
        self._chips.setSpacing(2)
        self._group = QButtonGroup(self)
        self._lay_out()
        self.set_open("", "")

    def set_labels(self, labels: Mapping[int, str], colours: Mapping[int, str]) -> None:
        """Show one chip for each label of the project."""
        for chip in self.chips.values():
            # Qt deletes it only later, and until then it would still be one of the group
            self._group.removeButton(chip)
            chip.deleteLater()
        self.chips = {}
        for value, name in labels.items():
            chip = self._chip(value, name, colours[value])
            row, column = divmod(len(self.chips), CHIPS_IN_A_ROW)
            self._chips.addWidget(chip, row, column)
            self._group.addButton(chip)
            self.chips[value] = chip

    def _chip(self, value: int, name: str, colour: str) -> QPushButton:
        tip = f"Paint {name} (label {value}). Outlines: teacher in this colour, student pale"
        chip = button(name, tip, name="chip")
        chip.setSizePolicy(FIXED, FIXED)
        chip.setIcon(dot(colour, 12))
        chip.setIconSize(QSize(12, 12))
        chip.setCheckable(True)
        chip.setEnabled(False)  # until a case is open
        chip.clicked.connect(lambda: self.label_chosen.emit(value))
        return chip

    def check_label(self, value: int) -> None:
        """Show which label is painted."""
        if value in self.chips:
            self.chips[value].setChecked(True)

    def set_open(self, case: str, note: str, writable: bool = True) -> None:
        """Show which case is open and what its correction started from."""
        self._name.setText(case or "No case is open")
        self._note.setText(note)
        for name, widget in self.buttons.items():
            allowed = writable or not ACTIONS[name].needs_write
            widget.setEnabled(bool(case) and allowed)
        for chip in self.chips.values():
            chip.setEnabled(bool(case) and writable)
        if not case:
            self._time.setText("")

    def set_time(self, seconds: float) -> None:
        """Show the time spent."""
        self._time.setText(f"{int(seconds) // 60}:{int(seconds) % 60:02d}")

    def say(self, text: str, kind: str = "faint") -> None:
        """Show a sentence below the buttons."""
        say(self.sentence, text, kind)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._name)
        head.addWidget(self._note)
        head.addStretch()
        head.addWidget(self._time)
        chips = _row("Paint")
        chips.addLayout(self._chips)
        chips.addStretch()
        rows = {
            Place.VIEW: _row("Show"),
            Place.DECISION: QHBoxLayout(),
            Place.STEP: QHBoxLayout(),
            Place.HISTORY: _row("Steps"),
        }
        for action in ACTIONS.values():
            self.buttons[action.id] = self._add_button(rows[action.place], action)
        rows[Place.VIEW].addStretch()
        rows[Place.HISTORY].addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addLayout(chips)
        for row in rows.values():
            row.setSpacing(4)
            layout.addLayout(row)
        layout.addWidget(self.sentence)

    def _add_button(self, row: QHBoxLayout, action: Action) -> QPushButton:
        # the first decision is what the bar is for: it is larger than the others, and coloured
        is_main = action.place is Place.DECISION and row.count() == 0
        is_chip = action.place in (Place.VIEW, Place.HISTORY)
        style = "main" if is_main else "chip" if is_chip else ""
        widget = button(action.title, action.tip, action.key_text, style)
        widget.clicked.connect(lambda: self.asked.emit(action))
        if is_chip:
            widget.setSizePolicy(FIXED, FIXED)
        # 3 : 2 for the first row; in the second all are alike
        row.addWidget(widget, 0 if is_chip else 3 if is_main else 2)
        return widget


def _row(title: str) -> QHBoxLayout:
    row = QHBoxLayout()
    name = label(title, "faint")
    name.setFixedWidth(46)
    row.setSpacing(2)
    row.addWidget(name)
    return row
