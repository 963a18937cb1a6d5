"""The case in work: opening it, and what is decided about its mask."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject

from napari_alnt.errors import AlntError
from napari_alnt.widgets.clock import CaseClock
from napari_alnt.widgets.drafts import Drafts
from napari_alnt.widgets.layers import load_case, load_prediction
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.worker import FileWorker

if TYPE_CHECKING:
    from napari_alnt.events import Predicted
    from napari_alnt.session import Session
    from napari_alnt.widgets.layers import Array, CaseLayers, OpenCase, Prediction


def _decision(decide: Callable[[Correction, str], str]) -> Callable[[Correction], bool]:
    """A decision about the open case; whether it was made.

    ``decide`` returns the sentence for the user. Before it runs, every file is at rest; where it
    fails, nothing is decided and the user is told why.
    """

    @wraps(decide)
    def decided(self: Correction) -> bool:
        if not self.case or self.loading:
            return False
        self.drafts.settle()
        try:
            self.message.emit(decide(self, self.case), "faint")
        except AlntError as error:
            self.message.emit(str(error), "error")
            return False
        if not self.drafts.dirty:
            self.kept.emit()
        return True

    return decided


class Correction(QObject):
    """Opens cases, and hands their corrected masks and what is decided on to the session.

    Unsaved work is never dropped: whatever takes a case away keeps a draft of it first.
    ``opened`` carries the open case, or '' for none; ``kept`` says that unsaved work is safe.
    """

    opened = Signal(str)
    kept = Signal()
    message = Signal(str, str)

    def __init__(self, session: Session, layers: CaseLayers, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.layers = layers
        self.files = FileWorker(self)
        self.clock = CaseClock(self)
        self.drafts = Drafts(session, layers, self.clock, self.files, self)
        self.drafts.kept.connect(self.kept)
        self.drafts.message.connect(self.message)
        self.drafts.failed.connect(self._draft_failed)
        self.loading = ""
        self._shown: Predicted | None = None

    # opening --------------------------------------------------------------------------------------

    @property
    def case(self) -> str:
        """The open case, or ''."""
        return self.layers.case

    def open(self, case: str) -> None:
        """Show a case; unsaved work on the one before becomes its draft."""
        self.loading = case
        # the files are worked on one after another, so the draft is on the disk before it is read
        self.drafts.keep()
        self._shown = self.session.history.predictions.get(case)
        self.files.run(
            load_case,
            self.session.project,
            case,
            self._shown,
            done=self._show,
            failed=self._not_opened,
        )

    def _show(self, opened: OpenCase) -> None:
        if opened.case.name != self.loading:
            return  # another case was asked for meanwhile
        self.loading = ""
        try:
            self.drafts.keep_now()  # strokes made while the files were read
        except AlntError as error:
            self._not_opened(error)
            return
        self.layers.show(opened, self.session.project.settings.window)
        if not self.session.project.writable:
            self.layers.lock()
        self.drafts.mark_kept()
        self.clock.start(opened.seconds)
        newest = self.session.history.predictions.get(opened.case.name)
        if newest is not None and newest is not self._shown:
            self.take_prediction(newest)  # it was made while the files were read
        self.opened.emit(opened.case.name)
        if opened.origin == "draft":
            self.message.emit(
                "Your draft of this case was kept and is shown; Revert starts over.", "faint"
            )
        else:
            self.message.emit("", "")

    def _not_opened(self, error: AlntError) -> None:
        self.loading = ""
        self.message.emit(str(error), "error")
        self.opened.emit(self.case)

    def _draft_failed(self, error: AlntError) -> None:
        if self.loading:
            self._not_opened(error)  # the case stays open, so that its work is not lost with it
        else:
            self._complain(error)

    def take_prediction(self, predicted: Predicted) -> None:
        """Show the student's mask once it has been made."""
        opened = self.layers.opened
        if opened is None or opened.case.name != predicted.case:
            return

        def add(prediction: Prediction) -> None:
            if self.layers.opened is opened:
                self.layers.add_prediction(prediction)

        self.files.run(
            load_prediction,
            self.session.project,
            predicted,
            opened.image,
            done=add,
            failed=self._complain,
        )

    def close(self) -> None:
        """Keep unsaved work and take the case out of the viewer.

        Raises
        ------
        AlntError
            If the work cannot be written; its layer then stays in the viewer, where napari can
            save it.
        """
        self.clock.stop()
        self.drafts.stop()
        self.loading = ""  # a case whose files are still read is not shown any more
        try:
            self.drafts.keep_now()
        except AlntError:
            self.layers.leave_correction()
            raise
        finally:
            self.layers.clear()
            self.files.wait()

    # deciding -------------------------------------------------------------------------------------

    @_decision
    def accept(self, case: str) -> str:
        """Make the mask the case's expert label."""
        version = self.session.accept(
            case,
            self.layers.mask,
            author=_author(),
            seconds=round(self.clock.seconds, 1),
            teacher=self._teacher,  # it has been read already
        )
        self.drafts.mark_kept()
        return f"{case} accepted as version {version.number}; the next epoch learns from it."

    @_decision
    def confirm(self, case: str) -> str:
        """Make the teacher's mask the case's expert label."""
        if self._teacher is not None and not np.array_equal(self._teacher, self.layers.mask):
            raise AlntError(
                f"The mask of {case} is not the teacher's any more; press Accept, or undo the"
                " changes first."
            )
        self.session.confirm(case, author=_author(), seconds=round(self.clock.seconds, 1))
        self.drafts.mark_kept()
        return f"{case} confirmed: the teacher's mask is now an expert label."

    @_decision
    def skip(self, case: str) -> str:
        """Put the case at the end of the queue; what was painted stays as its draft."""
        self.drafts.keep_now()
        self.session.set_status(case, "skipped")
        return f"{case} skipped."

    @_decision
    def flag(self, case: str) -> str:
        """Mark the case, or take the mark away."""
        flagged = self.session.project.case(case).status == "flagged"
        self.session.set_status(case, "new" if flagged else "flagged")
        return f"{case} is no longer flagged." if flagged else f"{case} flagged."

    @_decision
    def revert(self, case: str) -> str:
        """Take the newest accepted version back; without one, drop the draft and start over."""
        accepted = self.session.project.case(case).version > 0
        if accepted:
            self.drafts.keep_now()
            self.session.revert(case)
        else:
            self.session.drop_draft(case)
        self.drafts.mark_kept()  # else opening the case would save the mask as its draft once more
        self.open(case)
        if accepted:
            return f"The accepted version of {case} was set aside; the project's folder keeps it."
        return f"{case} starts over from the teacher's mask."

    @property
    def _teacher(self) -> Array | None:
        return self.layers.opened.teacher if self.layers.opened else None

    def _complain(self, error: AlntError) -> None:
        self.message.emit(str(error), "error")


def _author() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
