"""The head of an open project's window: its name, its numbers, and the rule of its queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from napari_alnt.settings import HINTS, choices
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.style import button, label, say

if TYPE_CHECKING:
    from napari_alnt.data import Project

FIXED = QSizePolicy.Policy.Fixed


class ProjectHeader(QWidget):
    """Name, ranking and counts of a project; ``close_asked`` when its button is pressed."""

    close_asked = Signal()
    ranking_changed = Signal(str)

    def __init__(self, project: Project, notice: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.device = ""
        self._notice = notice  # it comes back when an error in its place is over
        self.title = label(project.name, "title")
        self.title.setToolTip(str(project.folder))
        self.badge = label("read-only", "badge")
        self.ranking = QComboBox()
        self.ranking.addItems(choices(HINTS["ranking"]))
        self.ranking.setCurrentText(project.settings.ranking)
        self.ranking.setSizePolicy(FIXED, FIXED)
        # this one only sorts the table; which cases the engine predicts ahead, the settings say
        self.ranking.setToolTip(
            "Rule that makes the priorities of the queue; the settings hold the one for training"
        )
        self.close_button = button("Close", "Keep unsaved work and close the project")
        self.close_button.setSizePolicy(FIXED, FIXED)
        self.counts = label("", "faint")
        self.note = label("", "warn", wrap=True)
        self._lay_out()
        self.badge.setVisible(not project.writable)
        self.show_notice()
        self.ranking.currentTextChanged.connect(self.ranking_changed)
        self.close_button.clicked.connect(self.close_asked)

    def refresh(self) -> None:
        """Show how many cases play which role, and where the student learns."""
        roles = [case.role for case in self.project.cases]
        expert = roles.count("reference") + roles.count("teacher_training")
        parts = [
            f"{roles.count('pool')} pool",
            f"{expert} expert",
            f"{roles.count('test')} held-out test",
        ]
        if self.device:
            parts.append(self.device)
        self.counts.setText("  ·  ".join(parts))

    def show_notice(self) -> None:
        """Show what was to be said when the project was opened."""
        say(self.note, self._notice, "warn")

    def show_error(self, text: str) -> None:
        """Show in the notice's place why something could not be done."""
        say(self.note, text, "error")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addWidget(self.badge)
        head.addStretch()
        head.addWidget(label("Ranking", "faint"))
        head.addWidget(self.ranking)
        head.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addLayout(head)
        layout.addWidget(self.counts)
        layout.addWidget(self.note)
