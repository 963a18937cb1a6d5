"""The start page: what this is, three ways to begin, and the projects that were opened last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_alnt.simulation import DEMO_PROJECT, make_demo
from napari_alnt.widgets.parts.message import Message
from napari_alnt.widgets.parts.style import button, label
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.start.recent import RecentList
from napari_alnt.widgets.worker import FileWorker

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_alnt.errors import AlntError

DEMO = Path.home() / "napari-alnt-demo"
STEPS = (
    "A network learns in the background from machine-made masks.",
    "The queue shows the cases most worth your minutes.",
    "Correct a mask, press Accept; training goes on with it.",
)


class Home(QWidget):
    """Open, new, demo; ``made`` carries the folder of a demo project that is ready.

    ``chosen`` carries the folder of a recent project.
    """

    open_asked = Signal()
    new_asked = Signal()
    made = Signal(object)
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.files = FileWorker(self)
        self.demo_folder = DEMO
        self.open = button("Open project …", "Open a folder that holds a project", name="main")
        self.new = button("New project …", "Make a project from images and masks")
        self.demo = button(
            "Open demo", "A project of synthetic chest CTs; to make it takes half a minute"
        )
        self.recent = RecentList()
        self.sentence = Message(lines=4)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)  # without an end: how long the demo takes is not known
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.bar.hide()
        self.open.clicked.connect(self.open_asked)
        self.new.clicked.connect(self.new_asked)
        self.demo.clicked.connect(self.open_demo)
        self.recent.chosen.connect(self._choose)
        self.recent.failed.connect(lambda text: self.say(text, "warn"))
        self._lay_out()

    def open_demo(self) -> None:
        """Open the demo project, and make it first if it is not there yet."""
        # kept from one session of napari to the next, with all that was trained and corrected
        project = self.demo_folder / DEMO_PROJECT
        if project.exists():
            self.made.emit(project)
            return
        self._set_busy(True)
        self.say(f"Making synthetic chest CTs (nobody's patients) in {self.demo_folder} …", "faint")
        self.files.run(_make, self.demo_folder, done=self._done, failed=self._failed)

    def say(self, text: str, kind: str = "faint") -> None:
        """Show a sentence below the buttons."""
        self.sentence.say(text, kind)

    def showEvent(self, event: QShowEvent) -> None:
        """Look which of the recent projects are there."""
        super().showEvent(event)
        self.recent.look()

    def _choose(self, folder: Path) -> None:
        self.chosen.emit(folder)
        # one that could not be opened may be gone
        if self.isVisible():
            self.recent.look()

    def _done(self, folder: Path) -> None:
        self._set_busy(False)
        self.say("")
        self.made.emit(folder)

    def _failed(self, error: AlntError) -> None:
        self._set_busy(False)
        self.say(str(error), "error")

    def _set_busy(self, busy: bool) -> None:
        self.bar.setVisible(busy)
        for widget in (self.open, self.new, self.demo, self.recent):
            widget.setEnabled(not busy)

    def _lay_out(self) -> None:
        # from the top down, as what is centred moves with all that comes or goes
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(8)
        layout.addWidget(label("No project is open", "title"))
        steps = "\n".join(f"{number}.  {text}" for number, text in enumerate(STEPS, start=1))
        layout.addWidget(label(steps, "faint", wrap=True))  # one, or its lines stand unevenly
        layout.addSpacing(12)
        for widget in (self.open, self.new, self.demo):
            widget.setMinimumHeight(32)
            layout.addWidget(widget)
        layout.addSpacing(6)
        layout.addWidget(self.bar)
        layout.addWidget(self.sentence)
        layout.addWidget(self.recent, 1)


def _make(folder: Path) -> Path:
    return make_demo(folder).folder
