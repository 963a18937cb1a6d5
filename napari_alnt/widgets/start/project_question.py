"""What a new project will be, what may not be meant, and what is strange about its files."""

from __future__ import annotations

from qtpy.QtWidgets import QListWidget, QVBoxLayout, QWidget

from napari_alnt.data import Checked
from napari_alnt.widgets.parts.message import Message
from napari_alnt.widgets.parts.style import label
from napari_alnt.widgets.start.summary import summarise
from napari_alnt.widgets.start.words import in_window_words

STRANGE = "What is strange about the files"
NOT_STRANGE = "Nothing about the files looks strange."


class QuestionPage(QWidget):
    """One question, with all that is to be known before it is answered."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.question = Message(lines=4)
        self.warnings = Message(lines=4)
        self.heading = label(STRANGE)
        self.notices = QListWidget()
        self.notices.setWordWrap(True)
        self.notices.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.question)
        layout.addWidget(self.warnings)
        layout.addWidget(self.heading)
        layout.addWidget(self.notices, 1)
        layout.addStretch()

    def show_checked(self, checked: Checked) -> None:
        """Ask about the project that will be made of these cases."""
        summary = summarise(checked)
        self.question.say(summary.question, "title")
        self.warnings.say("\n".join(summary.warnings), "warn")
        self.notices.clear()
        self.notices.addItems([in_window_words(str(notice)) for notice in checked.notices])
        self.notices.setVisible(bool(checked.notices))
        quiet = "" if summary.warnings else NOT_STRANGE
        self.heading.setText(STRANGE if checked.notices else quiet)
