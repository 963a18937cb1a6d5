"""The head of an open project's window: its name, its numbers, and the rule of its queue."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from napari_alnt.settings import HINTS, choices
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.style import button, label, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_alnt.data import Project

FIXED = QSizePolicy.Policy.Fixed
MOST = 3
"""Most notices that are shown at once."""
WAITING = "The project's table is in use by another program; waiting …"


class ProjectHeader(QWidget):
    """Name, ranking and counts of a project; ``close_asked`` when its button is pressed.

    Parameters
    ----------
    project : only what is known of it without its table is used
    ranking : the rule that sorts the queue at first
    notices : what the user should know of the project, a sentence each; they can be put away
    """

    close_asked = Signal()
    ranking_changed = Signal(str)

    def __init__(
        self,
        project: Project,
        ranking: str,
        notices: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.device = ""
        self._roles: Counter[str] = Counter()
        self._notices = list(notices)  # they come back when an error in their place is over
        self.title = label(project.name, "title")
        self.title.setToolTip(str(project.folder))
        self.badge = label("read-only", "badge")
        self.ranking = QComboBox()
        self.ranking.addItems(choices(HINTS["ranking"]))
        self.ranking.setCurrentText(ranking)
        self.ranking.setSizePolicy(FIXED, FIXED)
        # this one only sorts the table; which cases the engine predicts ahead, the settings say
        self.ranking.setToolTip(
            "Rule that makes the priorities of the queue; the settings hold the one for training"
        )
        self.close_button = button("Close", "Keep unsaved work and close the project")
        self.close_button.setSizePolicy(FIXED, FIXED)
        self.counts = label("", "faint")
        self.note = label("", "warn", wrap=True)
        self.put_away = button("×", "Put this notice away")
        self.put_away.setFixedSize(22, 22)
        self.waiting = label(WAITING, "warn", wrap=True)
        self._lay_out()
        self.badge.setVisible(not project.writable)
        self.show_waiting(False)
        self.show_notice()
        self.ranking.currentTextChanged.connect(self.ranking_changed)
        self.close_button.clicked.connect(self.close_asked)
        self.put_away.clicked.connect(self._put_away)

    def show_roles(self, roles: Counter[str]) -> None:
        """Show how many cases play which role."""
        self._roles = roles
        self._show_counts()

    def show_device(self, device: str) -> None:
        """Show where the student learns."""
        self.device = device
        self._show_counts()

    def show_notice(self) -> None:
        """Show what was to be said when the project was opened, unless it was put away."""
        shown = self._notices[:MOST]
        if hidden := len(self._notices) - len(shown):
            shown.append(f"… and {hidden} more; rest the mouse here to read them.")
        say(self.note, "\n".join(shown), "warn")
        self.note.setToolTip("\n".join(self._notices) if hidden else "")
        self.put_away.setVisible(bool(shown))

    def show_error(self, text: str) -> None:
        """Show in the notices' place why something could not be done."""
        say(self.note, text, "error")
        self.note.setToolTip("")
        self.put_away.hide()

    def show_waiting(self, waiting: bool) -> None:
        """Show that another program uses the project's table, or no longer."""
        self.waiting.setVisible(waiting)

    def _put_away(self) -> None:
        self._notices = []
        self.show_notice()

    def _show_counts(self) -> None:
        roles = self._roles
        parts = [
            f"{roles['pool']} pool",
            f"{roles['reference'] + roles['teacher_training']} expert",
            f"{roles['test']} held-out test",
        ]
        if self.device:
            parts.append(self.device)
        self.counts.setText("  ·  ".join(parts))

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
        layout.addWidget(self.waiting)
        notices = QHBoxLayout()
        notices.addWidget(self.note, 1)
        notices.addWidget(self.put_away, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(notices)
