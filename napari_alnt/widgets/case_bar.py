"""The bar of the open case: what it is, what to paint, and what to decide."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_alnt.settings import WINDOWS
from napari_alnt.widgets.style import button, dot, label, say

KEYS = {
    "accept": "Ctrl-Enter",
    "confirm": "Ctrl-Shift-Enter",
    "skip": "K",
    "flag": "G",
    "revert": "Alt-R",
    "previous": "Shift-N",
    "next": "N",
    "lung": "Alt-1",
    "soft_tissue": "Alt-2",
    "bone": "Alt-3",
    "trust": "H",
}
"""The keys of the viewer; none of them is napari's own for images and labels."""

DECISIONS = {
    "accept": ("Accept", "Keep this mask as the expert label, and open the next case"),
    "confirm": ("Confirm unchanged", "The teacher's mask is right as it stands"),
    "skip": ("Skip", "Put the case at the end of the queue; what you painted is kept as a draft"),
    "flag": ("Flag", "Mark the case to talk about, or take the mark away"),
    "revert": (
        "Revert",
        "Take the accepted mask back; without one, start over from the teacher's mask",
    ),
    "previous": ("‹ Back", "Open the case above in the queue"),
    "next": ("Next ›", "Open the case below in the queue"),
}
WINDOW_NAMES = {"lung": "Lung", "soft_tissue": "Soft tissue", "bone": "Bone"}


def key_text(key: str) -> str:
    """A key as it is written for people: Ctrl+Enter."""
    return key.replace("-", "+")


class CaseBar(QWidget):
    """Buttons of the open case. ``asked`` carries an action of :data:`KEYS`, ``label_chosen`` a
    label value.
    """

    asked = Signal(str)
    label_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QPushButton] = {}
        self.chips: dict[int, QPushButton] = {}
        self._name, self._note, self._time = (
            label("No case is open", "title"),
            label("", "faint"),
            label("", "faint"),
        )
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
            self._group.removeButton(chip)
            chip.deleteLater()
        self.chips = {}
        for value, name in labels.items():
            chip = button(
                name,
                f"Paint {name} (label {value}). Outlines: teacher in this colour, student pale",
                name="chip",
            )
            chip.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            chip.setIcon(dot(colours[value], 12))
            chip.setIconSize(QSize(12, 12))
            chip.setCheckable(True)
            chip.clicked.connect(lambda _=False, value=value: self.label_chosen.emit(value))
            self._group.addButton(chip)
            self._chips.addWidget(chip, len(self.chips) // 3, len(self.chips) % 3)
            self.chips[value] = chip

    def check_label(self, value: int) -> None:
        """Show which label is painted."""
        if value in self.chips:
            self.chips[value].setChecked(True)

    def set_open(self, case: str, note: str, writable: bool = True) -> None:
        """Show which case is open and what its correction started from."""
        self._name.setText(case or "No case is open")
        self._note.setText(note)
        for name, widget in self.buttons.items():
            viewing = name in ("previous", "next", "trust", *WINDOWS)
            widget.setEnabled(bool(case) and (viewing or writable))
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
        chips, tools = _row("Paint"), _row("Show")
        chips.addLayout(self._chips)
        chips.addStretch()
        for name, text in {**WINDOW_NAMES, "trust": "Voxel trust"}.items():
            tip = (
                "Show or hide the voxel trust"
                if name == "trust"
                else f"Grey values for {text.lower()}"
            )
            self.buttons[name] = self._button(name, text, tip, "chip")
            self.buttons[name].setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            tools.addWidget(self.buttons[name])
        tools.addStretch()
        grid = QGridLayout()
        grid.setSpacing(4)
        places = {
            "accept": (0, 0, 3),
            "confirm": (0, 3, 2),
            "skip": (1, 0, 1),
            "flag": (1, 1, 1),
            "revert": (1, 2, 1),
        }
        places |= {"previous": (1, 3, 1), "next": (1, 4, 1)}
        for name, (row, column, span) in places.items():
            text, tip = DECISIONS[name]
            self.buttons[name] = self._button(name, text, tip, "main" if name == "accept" else "")
            grid.addWidget(self.buttons[name], row, column, 1, span)
        for column in range(5):
            grid.setColumnStretch(column, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for part in (head, chips, tools, grid):
            layout.addLayout(part)
        layout.addWidget(self.sentence)

    def _button(self, action: str, text: str, tip: str, name: str) -> QPushButton:
        widget = button(text, tip, key_text(KEYS[action]), name)
        widget.clicked.connect(lambda: self.asked.emit(action))
        return widget


def _row(title: str) -> QHBoxLayout:
    row, name = QHBoxLayout(), label(title, "faint")
    name.setFixedWidth(46)
    row.setSpacing(2)
    row.addWidget(name)
    return row
