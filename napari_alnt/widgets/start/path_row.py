"""A field for a path or pattern, with a frame that turns red where something is wrong with it."""

from __future__ import annotations

from qtpy.QtCore import QUrl
from qtpy.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLineEdit, QPushButton, QWidget

from napari_alnt.widgets.parts.style import STATUS_COLOURS
from napari_alnt.widgets.qt import Signal

WRONG = STATUS_COLOURS["flagged"]
"""The frame of what is wrong; which field it is, a sentence says too."""


class Framed(QFrame):
    """A widget in a frame that is red or cannot be seen, and takes the same room in both."""

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("framed")
        self.inside = inside
        self._tip = inside.toolTip()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.addWidget(inside)
        self.wrong: str | None = None
        self.show_wrong("")

    def show_wrong(self, sentence: str) -> None:
        """Frame the widget in red and give it a sentence as its tooltip, or neither for ""."""
        # a style sheet takes time, and this is called with every letter that is typed
        if sentence == self.wrong:
            return
        self.wrong = sentence
        colour = WRONG if sentence else "transparent"
        # by its name, as a style sheet is handed down to all inside
        self.setStyleSheet(f"#framed {{ border: 2px solid {colour}; border-radius: 3px; }}")
        self.inside.setToolTip(sentence or self._tip)
        self.inside.setAccessibleDescription(sentence)


class PathRow(QWidget):
    """A field for a path or pattern, with a button that picks a folder or a file.

    ``changed`` is emitted when another text stands in it.
    """

    changed = Signal()

    def __init__(self, hint: str, pick: str = "folder", tip: str = "") -> None:
        super().__init__()
        self._pick = pick
        self.field = QLineEdit()
        self.field.setPlaceholderText(hint)
        self.field.setToolTip(tip)
        self.frame = Framed(self.field)
        self.field.textChanged.connect(self.changed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.frame, 1)
        self.opener = QPushButton("…")
        self.opener.setFixedWidth(30)
        self.opener.setToolTip(f"Pick a {pick}")
        self.opener.clicked.connect(self._choose)
        layout.addWidget(self.opener)
        # all fields are of one width, also those without a button
        policy = self.opener.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.opener.setSizePolicy(policy)
        self.opener.setVisible(bool(pick))

    @property
    def text(self) -> str:
        """What stands in the field; a file that was dropped there is a path."""
        text = self.field.text().strip()
        return QUrl(text).toLocalFile() if text.startswith("file://") else text

    def _choose(self) -> None:
        if self._pick == "file":
            chosen, _ = QFileDialog.getOpenFileName(self, "Pick a file", self.text, "JSON (*.json)")
        else:
            chosen = QFileDialog.getExistingDirectory(self, "Pick a folder", self.text)
        if chosen:
            self.field.setText(chosen)
