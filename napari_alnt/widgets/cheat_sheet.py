"""All keys on one panel, from the same table as the README's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from napari_alnt.widgets.actions import ACTIONS, Place
from napari_alnt.widgets.keys import keys_of
from napari_alnt.widgets.parts.panes import scrolled
from napari_alnt.widgets.parts.style import label

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent, QShowEvent

GROUPS = {
    "Decide": (Place.DECISION, Place.STEP),
    "Look": (Place.VIEW, Place.KEY),
    "Go back": (Place.HISTORY,),
}
GAP = 8
"""Pixels above the title of a group."""
END = "Escape closes this. Change a key under File → Preferences → Shortcuts, as napari's own."


class CheatSheet(QDialog):
    """A window with all keys, which stays beside the work until Escape closes it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys of the annotation loop")
        self.resize(660, 620)
        self._area = scrolled(QWidget())
        layout = QVBoxLayout(self)
        layout.addWidget(self._area)
        layout.addWidget(label(END, "faint", wrap=True))

    def turn(self) -> None:
        """Show it, or put it away."""
        self.setVisible(not self.isVisible())

    def showEvent(self, event: QShowEvent) -> None:
        """List the keys as they are now."""
        rows = QWidget()
        _fill(QGridLayout(rows))
        self._area.setWidget(rows)
        super().showEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The key that opens it closes it, as Escape does."""
        if event.key() == Qt.Key.Key_Question:
            self.hide()
        else:
            super().keyPressEvent(event)


def _fill(grid: QGridLayout) -> None:
    grid.setHorizontalSpacing(14)
    grid.setColumnStretch(2, 1)
    row = 0
    for title, group in GROUPS.items():
        grid.setRowMinimumHeight(row, 0 if row == 0 else GAP)
        grid.addWidget(label(title, "title"), row + 1, 0, 1, 3)
        row += 2
        for action in (one for one in ACTIONS.values() if one.place in group):
            key = label(keys_of(action), "badge")
            grid.addWidget(key, row, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(action.title), row, 1, Qt.AlignmentFlag.AlignTop)
            tip = label(action.tip, "faint", wrap=True)
            tip.setAlignment(Qt.AlignmentFlag.AlignTop)
            grid.addWidget(tip, row, 2)
            row += 1
    grid.setRowStretch(row, 1)
