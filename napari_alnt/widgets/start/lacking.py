"""Where a project cannot be trained yet: what it lacks, and the button that helps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from napari_alnt.session.readiness import Lack, take_masks, what_is_lacking
from napari_alnt.widgets.parts.message import Message
from napari_alnt.widgets.parts.style import button

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_alnt.errors import AlntError
    from napari_alnt.widgets.loop import Loop

TIPS = {
    "new_project": "Make a project from images and masks",
    "teacher_masks": "Use masks that a program has made as the teacher's",
}


class LackBar(QWidget):
    """A sentence and a button; it keeps its place until the project is closed."""

    def __init__(self, lack: Lack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message = Message(lines=3)
        self.message.say(lack.text, "warn")
        self.button = button(lack.button, TIPS.get(lack.cure, ""), name="main")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.message)
        layout.addWidget(self.button)

    def take_from(self, loop: Loop) -> None:
        """Ask for a folder of masks, and use them in the project of a window."""
        folder = QFileDialog.getExistingDirectory(self, "Pick the folder of masks")
        if not folder:
            return
        self.message.say("Reading the masks …")
        self.button.setEnabled(False)
        # where all that changes a case is done, so that closing the project waits for it
        loop.correction.files.run(
            take_masks, loop.session, folder, done=self.message.say, failed=self._failed
        )

    def _failed(self, error: AlntError) -> None:
        self.message.say(str(error), "error")
        self.button.setEnabled(True)


def show_lack(loop: Loop, new_project: Callable[[], object]) -> None:
    """Show in a window what its project lacks, if there is something that a button can do."""
    loop.redraw.files.run(
        what_is_lacking,
        loop.session.project,
        done=partial(_show, loop, new_project),
        failed=lambda error: loop.redraw.failed.emit(str(error)),
    )


def _show(loop: Loop, new_project: Callable[[], object], lack: Lack | None) -> None:
    layout = loop.header.layout()
    if lack is None or not lack.cure or layout is None:
        return
    bar = LackBar(lack)
    if lack.cure == "new_project":
        bar.button.clicked.connect(lambda: new_project())
    else:
        bar.button.setEnabled(loop.session.project.writable)
        bar.button.clicked.connect(partial(bar.take_from, loop))
    layout.addWidget(bar)
