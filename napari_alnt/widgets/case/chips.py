"""What is painted: a chip for each label of the project, one to erase, one for what is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QButtonGroup, QPushButton, QSizePolicy, QWidget

from napari_alnt.widgets.parts.flow import Flow
from napari_alnt.widgets.parts.style import UNKNOWN_COLOUR, button, dot
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtGui import QIcon

FIXED = QSizePolicy.Policy.Fixed
WIDEST = 150
"""Pixels above which the name on a chip is shortened."""
ERASE = "Erase: paint background (label 0)"
UNKNOWN = (
    "Paint unknown (label {}): nobody says what is there, and the training leaves these voxels out"
)


class Chips(QWidget):
    """One chip for each label that can be painted; ``chosen`` carries its value."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: dict[int, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._row = Flow(self)

    def set_labels(
        self, labels: Mapping[int, str], colours: Mapping[int, str], unknown: int | None = None
    ) -> None:
        """Show the labels of a project with their colours; ``unknown`` is the value of its own."""
        for chip in self.chips.values():
            # Qt deletes it only later, and until then it would still be one of the group
            self._group.removeButton(chip)
            self._row.removeWidget(chip)
            chip.deleteLater()
        self.chips = {}
        for value, name in labels.items():
            tip = f"Paint {name} (label {value})"
            self._add(value, name, tip, dot(colours[value], 12))
        if unknown is not None:
            self._add(0, "erase", ERASE, dot(UNKNOWN_COLOUR, 12, Qt.BrushStyle.NoBrush))
            hatched = dot(UNKNOWN_COLOUR, 12, Qt.BrushStyle.BDiagPattern)
            self._add(unknown, "unknown", UNKNOWN.format(unknown), hatched)

    def check(self, value: int) -> None:
        """Show which label is painted; none of the chips where it is none of the project's."""
        if value in self.chips:
            self.chips[value].setChecked(True)
            return
        self._group.setExclusive(False)
        for chip in self.chips.values():
            chip.setChecked(False)
        self._group.setExclusive(True)

    def _add(self, value: int, name: str, tip: str, icon: QIcon) -> None:
        chip = button("", tip, name="chip")
        metrics = chip.fontMetrics()
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, WIDEST)
        chip.setText(shown.replace("&", "&&"))  # one & would underline a letter
        chip.setSizePolicy(FIXED, FIXED)
        chip.setIcon(icon)
        chip.setIconSize(QSize(12, 12))
        chip.setCheckable(True)
        chip.setEnabled(False)  # until a case is open
        chip.clicked.connect(lambda: self.chosen.emit(value))
        self._row.addWidget(chip)
        self._group.addButton(chip)
        self.chips[value] = chip
