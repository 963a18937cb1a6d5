"""The note on a flagged case: one line of text, which is written when it is entered or left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit, QWidget

from napari_alnt.data.flags import LONGEST
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent

TIP = "What to talk about; a note flags the case"
EMPTY = "Note, to flag the case with"


class NoteField(QLineEdit):
    """The note of the open case; ``written`` carries another one, ``left`` when it is done."""

    written = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.setMaxLength(LONGEST)
        self.setPlaceholderText(EMPTY)
        self.setToolTip(TIP)
        self.editingFinished.connect(self._finish)
        self.returnPressed.connect(self.left)

    def show_note(self, note: str) -> None:
        """Show the note of a case, unless another one is being typed."""
        if note != self._shown or not self.hasFocus():
            self._shown = note
            self.setText(note)
            self.setCursorPosition(0)

    def refuse(self, why: str) -> None:
        """Let nothing be written and say why; '' lets it."""
        self.setEnabled(not why)
        self.setToolTip(why or TIP)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up what was typed."""
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._shown)
            self.left.emit()
            return
        super().keyPressEvent(event)

    def _finish(self) -> None:
        text = " ".join(self.text().split())
        if text != self._shown and self.isEnabled():
            self._shown = text
            self.written.emit(text)
