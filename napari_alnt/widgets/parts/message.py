"""A place for a sentence that keeps its size, so that nothing moves when text comes or goes."""

from __future__ import annotations

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from napari_alnt.widgets.parts.style import label, say


class Message(QScrollArea):
    """A sentence in a place of so many lines; a longer one can be scrolled, and none is cut."""

    def __init__(self, lines: int = 2, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = label("", "faint", wrap=True)
        # names of files stand in it, and must not be taken for HTML
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setWidget(self.label)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._lines = lines
        self._set_height()
        self.say("")

    def event(self, event: QEvent) -> bool:
        """Follow a change of the font, as by the theme."""
        done = bool(super().event(event))
        if event.type() in (QEvent.Type.Polish, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._set_height()
        return done

    def _set_height(self) -> None:
        self.label.ensurePolished()
        self.setFixedHeight(self._lines * self.label.fontMetrics().lineSpacing() + 14)

    def say(self, text: str, kind: str = "faint") -> None:
        """Show a sentence; ``kind`` is as in :func:`~napari_alnt.widgets.parts.style.say`."""
        say(self.label, text, kind)
        self.verticalScrollBar().setValue(0)

    def text(self) -> str:
        """The sentence that is shown."""
        return self.label.text()
