"""The case in work: its correction, drafts, the time spent, and the bar of buttons below the
queue.
"""

from __future__ import annotations

import getpass
import time
import zlib
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_alnt.errors import AlntError
from napari_alnt.events import Predicted
from napari_alnt.session import Session
from napari_alnt.widgets.layers import CaseLayers, OpenCase, Picture, load_case, load_picture
from napari_alnt.widgets.worker import Line

DRAFT_EVERY = 20
"""Seconds between drafts of unsaved work."""
AWAY = 60.0
"""Seconds without a move of the mouse after which the clock of a case stands still."""


class Correction(QObject):
    """Opens cases, keeps drafts and hands corrected masks to the session.

    Unsaved work is never dropped: whatever takes a case away keeps a draft of it first.
    """

    opened = Signal(str)
    ticked = Signal()
    kept = Signal()
    said = Signal(str, str)

    def __init__(self, session: Session, layers: CaseLayers, parent: QObject) -> None:
        super().__init__(parent)
        self.session, self.layers = session, layers
        self.line = Line(self)
        self.seconds = 0.0
        self.loading = ""
        self._kept = 0
        self._writing: int | None = None
        self._shown: Predicted | None = None
        self._seen = time.monotonic()
        self._ticks = 0
        self._timer = QTimer(self, interval=1000)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    # opening --------------------------------------------------------------------------------------

    @property
    def case(self) -> str:
        """The open case, or ''."""
        return self.layers.opened.case.name if self.layers.opened else ""

    def open(self, case: str) -> None:
        """Show a case; unsaved work on the one before becomes its draft."""
        self.loading = case
        self.keep_draft()
        self._shown = predicted = self.session.history.predictions.get(case)
        project = self.session.project
        self.line.run(load_case, project, case, predicted, done=self._show, failed=self._not_opened)

    def _show(self, opened: OpenCase) -> None:
        if opened.case.name != self.loading:
            return  # another case was asked for meanwhile
        self.loading = ""
        try:
            self.keep_now()  # strokes made while the files were read
        except AlntError as error:
            self._not_opened(error)
            return
        self.layers.show(opened, self.session.project.settings.window)
        if not self.session.project.writable:
            self.layers.lock()
        self.seconds, self._kept = opened.seconds, self._sum()
        self.touch()
        newest = self.session.history.predictions.get(opened.case.name)
        if newest is not None and newest is not self._shown:
            self.take_prediction(newest)  # it was made while the files were read
        self.opened.emit(opened.case.name)
        if opened.origin == "draft":
            self.said.emit(
                "Your draft of this case was kept and is shown; Revert starts over.", "faint"
            )
        else:
            self.said.emit("", "")

    def _not_opened(self, error: AlntError) -> None:
        self.loading = ""
        self.said.emit(str(error), "error")
        self.opened.emit(self.case)

    def take_prediction(self, predicted: Predicted) -> None:
        """Show the student's mask once it has been made."""
        opened = self.layers.opened
        if opened is None or opened.case.name != predicted.case:
            return

        def add(picture: Picture) -> None:
            if self.layers.opened is opened:
                self.layers.add_picture(picture)

        self.line.run(
            load_picture,
            self.session.project,
            predicted,
            opened.image,
            done=add,
            failed=self._complain,
        )

    # keeping --------------------------------------------------------------------------------------

    @property
    def dirty(self) -> bool:
        """Whether the mask differs from what was last kept; painting, undo and redo are all
        noticed.
        """
        return bool(self.case) and self._sum() != self._kept

    def keep_draft(self) -> None:
        """Save unsaved work as the case's draft, in the background."""
        if not self.dirty or not self.session.project.writable or self._sum() == self._writing:
            return
        assert self.layers.correction is not None
        name, mask = self.case, self._sum()
        copy, self._writing = np.array(self.layers.correction.data), mask

        def failed(error: AlntError) -> None:
            if self._writing != mask:
                # the work has been saved another way meanwhile, or is still noticed as unsaved
                return
            self._writing = None
            if self.loading:
                self._not_opened(error)  # the case stays open, so that the work is not lost with it
            else:
                self._complain(error)

        def done(_: Any) -> None:
            self.session.changed.emit("case")
            if self._writing != mask:
                return
            self._kept, self._writing = mask, None
            self.kept.emit()
            self.said.emit(f"Draft of {name} kept {time.strftime('%H:%M')}.", "faint")

        self.line.run(
            self.session.project.save_draft, name, copy, self.seconds, done=done, failed=failed
        )

    def keep_now(self) -> None:
        """Save unsaved work and return when it is on the disk.

        Raises
        ------
        AlntError
            If it cannot be written.
        """
        self._wait()
        if self.dirty and self.session.project.writable:
            assert self.layers.correction is not None
            self.session.project.save_draft(
                self.case, np.asarray(self.layers.correction.data), self.seconds
            )
            self._kept = self._sum()
            self.kept.emit()

    def _wait(self) -> None:
        """Let the files come to rest; a draft in flight counts as unsaved, as its failure would be
        heard too late.
        """
        self.line.wait()
        self._writing = None

    def close(self) -> None:
        """Keep unsaved work and take the case out of the viewer.

        Raises
        ------
        AlntError
            If the work cannot be written; its layer then stays in the viewer, where napari can save
            it.
        """
        self._timer.stop()
        try:
            self.keep_now()
        except AlntError:
            self.layers.leave_correction()
            raise
        finally:
            self.layers.clear()
            self.line.wait()

    # deciding -------------------------------------------------------------------------------------

    def accept(self) -> bool:
        """Make the mask the case's expert label."""
        return self._decide(self._accept)

    def confirm(self) -> bool:
        """Make the teacher's mask the case's expert label."""
        return self._decide(self._confirm)

    def skip(self) -> bool:
        """Put the case at the end of the queue; what was painted stays as its draft."""
        return self._decide(self._skip)

    def flag(self) -> bool:
        """Mark the case, or take the mark away."""
        return self._decide(self._flag)

    def revert(self) -> bool:
        """Take the newest accepted version back; on a case without one, throw the draft away and
        start over.
        """
        return self._decide(self._revert)

    def _decide(self, action: Any) -> bool:
        if not self.case or self.loading:
            return False
        self._wait()
        try:
            decided = bool(action(self.case))
        except AlntError as error:
            self._complain(error)
            return False
        if not self.dirty:
            self.kept.emit()
        return decided

    def _accept(self, case: str) -> bool:
        assert self.layers.opened is not None
        assert self.layers.correction is not None
        mask, teacher = np.asarray(self.layers.correction.data), self.layers.opened.teacher
        version = self.session.accept(
            case, mask, author=_author(), seconds=round(self.seconds, 1), teacher=teacher
        )
        self._kept = self._sum()
        self.said.emit(
            f"{case} accepted as version {version.number}; the next epoch learns from it.", "faint"
        )
        return True

    def _confirm(self, case: str) -> bool:
        assert self.layers.opened is not None
        assert self.layers.correction is not None
        teacher = self.layers.opened.teacher
        if teacher is not None and not np.array_equal(teacher, self.layers.correction.data):
            raise AlntError(
                f"The mask of {case} is not the teacher's any more; press Accept, or undo the"
                " changes first."
            )
        self.session.confirm(case, author=_author(), seconds=round(self.seconds, 1))
        self._kept = self._sum()
        self.said.emit(f"{case} confirmed: the teacher's mask is now an expert label.", "faint")
        return True

    def _skip(self, case: str) -> bool:
        self.keep_now()
        self.session.set_status(case, "skipped")
        self.said.emit(f"{case} skipped.", "faint")
        return True

    def _flag(self, case: str) -> bool:
        flagged = self.session.project.case(case).status == "flagged"
        self.session.set_status(case, "new" if flagged else "flagged")
        self.said.emit(f"{case} {'is no longer flagged' if flagged else 'flagged'}.", "faint")
        return True

    def _revert(self, case: str) -> bool:
        if self.session.project.case(case).version:
            self.keep_now()
            self.session.revert(case)
            text = (
                f"The accepted version of {case} was set aside; it is kept in the project's folder."
            )
        else:
            self.session.project.drop_draft(case)
            self.session.changed.emit("case")
            text = f"{case} starts over from the teacher's mask."
        self._kept = self._sum()
        self.open(case)
        self.said.emit(text, "faint")
        return True

    # ----------------------------------------------------------------------------------------------

    def touch(self, *_: Any) -> None:
        """Somebody is looking at the case."""
        self._seen = time.monotonic()

    def _tick(self) -> None:
        if not self.case:
            return
        if time.monotonic() - self._seen < AWAY:
            self.seconds += 1
            self.ticked.emit()
        self._ticks += 1
        if self._ticks % DRAFT_EVERY == 0 and not self.loading:
            self.keep_draft()

    def _sum(self) -> int:
        layer = self.layers.correction
        return (
            0
            if layer is None
            else zlib.crc32(memoryview(np.ascontiguousarray(layer.data)).cast("B"))
        )

    def _complain(self, error: AlntError) -> None:
        self.said.emit(str(error), "error")


def _author() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
