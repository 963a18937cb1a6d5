"""The head of an open project's window: its name, its numbers, and the rule of its queue."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from napari_alnt.settings import HINTS, choices
from napari_alnt.widgets.parts.fixed_label import MIDDLE, FixedLabel
from napari_alnt.widgets.parts.style import button, label, restyle
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_alnt.data import Project
    from napari_alnt.session.progress import Overview

FIXED = QSizePolicy.Policy.Fixed
NARROW = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
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
        self.title = FixedLabel("title", elide=MIDDLE)
        self.title.setText(project.name)
        self.title.setToolTip(str(project.folder))
        self.badge = label("read-only", "badge")
        self.ranking = QComboBox()
        self.ranking.addItems(choices(HINTS["ranking"]))
        self.ranking.setCurrentText(ranking)
        self.ranking.setSizePolicy(FIXED, FIXED)
        # no wider than its words, as the project's name stands beside it
        self.ranking.setSizeAdjustPolicy(NARROW)
        self.ranking.setMinimumContentsLength(12)
        self.ranking.setMaximumWidth(140)
        # this one only sorts the table; which cases the engine predicts ahead, the settings say
        self.ranking.setToolTip(
            "Rule that makes the priorities of the queue; the settings hold the one for training"
        )
        self.close_button = button("Close", "Keep unsaved work and close the project")
        self.close_button.setSizePolicy(FIXED, FIXED)
        self.work = FixedLabel("")
        self.counts = FixedLabel("faint")
        self.note = FixedLabel("warn", lines=2)
        self.put_away = button("×", "Put this notice away", name="small")
        self.put_away.setFixedSize(24, 24)
        policy = self.put_away.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.put_away.setSizePolicy(policy)
        self.waiting = FixedLabel("warn", lines=2)
        self.waiting.setText(WAITING)
        self._is_waiting = False
        self._places = QStackedLayout()
        self._lay_out()
        self.badge.setVisible(not project.writable)
        self.show_waiting(False)
        self.show_notice()
        self.ranking.currentTextChanged.connect(self.ranking_changed)
        self.close_button.clicked.connect(self.close_asked)
        self.put_away.clicked.connect(self._put_away)

    def show_overview(self, overview: Overview) -> None:
        """Show how far the work is, and how many cases play which role."""
        self._roles = Counter(overview.roles)
        self.work.setText(overview.work.sentence)
        self.work.setToolTip(overview.work.explanation)
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
        self.note.setText("\n".join(shown))
        restyle(self.note, "warn")
        self.note.setToolTip("\n".join(self._notices) if hidden else "")
        self.put_away.setVisible(bool(shown))
        self._turn()

    def show_error(self, text: str) -> None:
        """Show in the notices' place why something could not be done."""
        self.note.setText(text)
        restyle(self.note, "error")
        self.note.setToolTip("")
        self.put_away.hide()
        self._turn()

    def show_waiting(self, waiting: bool) -> None:
        """Show that another program uses the project's table, or no longer."""
        self._is_waiting = waiting
        self._turn()

    def _turn(self) -> None:
        """Show the numbers, or in their place what is more urgent, so that nothing moves."""
        self._places.setCurrentIndex(2 if self._is_waiting else int(bool(self.note.text())))

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
        head.addWidget(self.title, 1)
        head.addWidget(label("Ranking", "faint"))
        head.addWidget(self.ranking)
        head.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        # one place for all, as every row is taken from the table
        numbers, notices = QWidget(), QWidget()
        rows = QGridLayout(numbers)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(0)
        rows.addWidget(self.work, 0, 0)
        rows.addWidget(self.counts, 1, 0)
        row = QHBoxLayout(notices)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.note, 1)
        row.addWidget(self.put_away, 0, Qt.AlignmentFlag.AlignTop)
        for page in (numbers, notices, self.waiting):
            self._places.addWidget(page)
        below = QHBoxLayout()
        below.addLayout(self._places, 1)
        # beside them, as it holds whatever else is said
        below.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(below)
