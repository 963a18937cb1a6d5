"""The projects that were opened last, as a list on the start page."""

from __future__ import annotations

import html
import itertools
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from napari_alnt.data.recent import MOST, Presence, Recent, forget, recent_projects, remember
from napari_alnt.widgets.parts.style import button, label
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.worker import FileWorker

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

    from napari_alnt.errors import AlntError


INTERVAL = 100
"""Milliseconds between two looks at which disks have answered."""
PATIENCE = 3.0
"""Seconds after which a disk that has not answered is said not to."""


class RecentRow(QWidget):
    """One line of the list: a button that opens the project, and one that takes it off the list."""

    chosen = Signal(object)
    removed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recent: Recent | None = None
        self.open = button("", "", name="chip")
        # its own text must not make the dock wide
        self.open.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.remove = button("×", "Take it off this list; the project itself stays", name="small")
        self.remove.setFixedSize(24, 24)
        self.open.clicked.connect(lambda: self._tell(self.chosen))
        self.remove.clicked.connect(lambda: self._tell(self.removed))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.open, 1)
        layout.addWidget(self.remove)
        # an empty line keeps its place, so that no other line moves
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self.show_recent(None)

    def show_recent(self, recent: Recent | None, missing: str = "") -> None:
        """Show a project, or nothing; in grey, with the reason, where it is missing."""
        if recent != self.recent:
            self.remove.setEnabled(True)
        self.recent = recent
        self.setVisible(recent is not None)
        if recent is None:
            return
        self.open.setEnabled(not missing and self.remove.isEnabled())
        # a path may look like HTML
        self.open.setToolTip(f"<qt>{html.escape(missing or str(recent.folder))}</qt>")
        self._show_title()

    def show_removed(self) -> None:
        """Stay in place, without a use, so that the next line does not come under the mouse."""
        self.open.setEnabled(False)
        self.remove.setEnabled(False)
        self.open.setToolTip("It is off this list; Open project … still finds it.")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the name in its middle, where it differs least from others."""
        super().resizeEvent(event)
        self._show_title()

    def _show_title(self) -> None:
        if self.recent is not None:
            room = max(self.open.width() - 18, 40)
            middle = Qt.TextElideMode.ElideMiddle
            shown = self.open.fontMetrics().elidedText(self.recent.title, middle, room)
            self.open.setText(shown.replace("&", "&&"))  # one & would underline a letter

    def _tell(self, signal: Any) -> None:
        if self.recent is not None:
            signal.emit(self.recent.folder)


class RecentList(QWidget):
    """The projects that were opened last; ``chosen`` carries the folder of the one to open.

    ``failed`` carries why the list could not be saved.
    """

    chosen = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # a thread of its own, as a disk that is gone may hold it up for long
        self.files = FileWorker(self)
        self.title = label("Recent projects", "faint")
        self.rows = [RecentRow() for _ in range(MOST)]
        self._projects: tuple[Recent, ...] = ()
        self._presence: dict[Path, Presence] = {}
        self._since = 0.0
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self._draw)
        for row in self.rows:
            row.chosen.connect(self.chosen)
            row.removed.connect(partial(self._remove, row))
        self._lay_out()
        self._draw()

    def look(self) -> None:
        """Read the list, and see which projects are there."""
        self.files.run(recent_projects, done=self._show, failed=self._say)

    def remember(self, folder: Path) -> None:
        """Put a project first in the list."""
        self.files.run(_remembered, folder, done=self._show, failed=self._say)

    def _remove(self, row: RecentRow, folder: Path) -> None:
        row.show_removed()
        self.files.run(forget, folder, done=lambda _: None, failed=self._say)

    def _show(self, projects: tuple[Recent, ...]) -> None:
        """Show the names at once, and which are missing when their disks have answered."""
        self._projects = projects
        # a look that hangs is not followed by a second one at the same disk
        hanging = {path: one for path, one in self._presence.items() if one.missing is None}
        self._presence = hanging | {
            one.folder: Presence(one.folder) for one in projects if one.folder not in hanging
        }
        self._since = time.monotonic()
        for row in self.rows:
            row.show_recent(None)
        self._draw()
        self._timer.start()

    def _draw(self) -> None:
        waited = time.monotonic() - self._since > PATIENCE
        self.title.setText("Recent projects" if self._projects else "")
        for row, recent in itertools.zip_longest(self.rows, self._projects):
            row.show_recent(recent, self._missing(recent, waited) if recent else "")
        if waited or all(one.missing is not None for one in self._presence.values()):
            self._timer.stop()

    def _missing(self, recent: Recent, waited: bool) -> str:
        missing = self._presence[recent.folder].missing
        if missing is None:
            return f"The disk of '{recent.folder}' does not answer." if waited else ""
        return missing

    def _say(self, error: AlntError) -> None:
        self.failed.emit(str(error))

    def _lay_out(self) -> None:
        inner = QWidget()
        rows = QVBoxLayout(inner)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        for row in self.rows:
            rows.addWidget(row)
        rows.addStretch()
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(area, 1)


def _remembered(folder: Path) -> tuple[Recent, ...]:
    remember(folder)
    return recent_projects()
