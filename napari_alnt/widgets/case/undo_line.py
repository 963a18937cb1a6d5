"""The message line of the open case: one sentence, and a button that takes a decision back."""

from __future__ import annotations

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from napari_alnt.widgets.case.said import Said
from napari_alnt.widgets.parts.fixed_label import FixedLabel
from napari_alnt.widgets.parts.style import button, say
from napari_alnt.widgets.qt import Signal

KEPT = 10_000
"""Milliseconds for which a decision stays in sight, with its button."""


class UndoLine(QWidget):
    """Two lines of text, and Undo beside them for a while; ``undo_asked`` when it is pressed."""

    undo_asked = Signal()

    def __init__(self, key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.said = Said()
        self.sentence = FixedLabel("faint", lines=2)
        self.undo = button("Undo", "Take the last decision back", key)
        policy = QSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        policy.setRetainSizeWhenHidden(True)
        self.undo.setSizePolicy(policy)
        self.undo.clicked.connect(self.undo_asked)
        self._timer = QTimer(self, interval=KEPT, singleShot=True)
        self._timer.timeout.connect(self.let_go)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self.undo, 0, Qt.AlignmentFlag.AlignTop)
        self.undo.hide()

    def say(self, text: str, kind: str = "faint") -> None:
        """Show a sentence, unless a decision is still in sight and it can wait."""
        self.said.say(text, kind)
        self._show()

    def decide(self, sentence: str, kind: str = "faint") -> None:
        """Show a decision, and the button that takes it back."""
        self.tell(sentence, kind)
        self.undo.show()

    def tell(self, sentence: str, kind: str = "faint") -> None:
        """Show a sentence that stays in sight for a while, as that of a decision does."""
        self.undo.hide()
        self.said.decide(sentence, kind)
        self._timer.start()
        self._show()

    def let_go(self) -> None:
        """Take the button away, and show what was said meanwhile."""
        self._timer.stop()
        self.said.let_go()
        self.undo.hide()
        self._show()

    def _show(self) -> None:
        say(self.sentence, self.said.text, self.said.kind)
