"""The case in work: opening it, and what is decided about its mask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_alnt.errors import AlntError
from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.case import decisions
from napari_alnt.widgets.case.clock import CaseClock
from napari_alnt.widgets.case.deciding import Deciding, nothing
from napari_alnt.widgets.case.drafts import Drafts, checksum
from napari_alnt.widgets.case.on_screen import OnScreen
from napari_alnt.widgets.case.open_case import OpenCase, load_case
from napari_alnt.widgets.case.prediction import load_prediction
from napari_alnt.widgets.case.questions import ask_in
from napari_alnt.widgets.case.read_ahead import ReadAhead
from napari_alnt.widgets.case.work import OpenWork, Work
from napari_alnt.widgets.picture.veil import Veil
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.worker import FileWorker

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_alnt.events import Predicted
    from napari_alnt.session import Session
    from napari_alnt.widgets.case.deciding import Then
    from napari_alnt.widgets.case.prediction import Prediction
    from napari_alnt.widgets.case.work import Copy
    from napari_alnt.widgets.picture.layers import CaseLayers


class Correction(QObject):
    """Opens cases, and hands their corrected masks and what is decided on to the session.

    All that waits for a disk is done by ``files``, away from the window. Unsaved work is never
    dropped: whatever takes a case away keeps a draft of it first.

    ``opened`` carries the open case, or '' for none; ``kept`` says that unsaved work is safe;
    ``deciding_changed`` that a decision has begun, or has been made or refused.
    """

    opened = Signal(str)
    kept = Signal()
    message = Signal(str, str)
    deciding_changed = Signal()
    drafts: Drafts

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
        self.ahead = ReadAhead(session.project, lambda case: session.history.predictions.get(case))
        self.veil = Veil(layers, viewer_adapter.picture_area(layers.viewer), self)
        ask = ask_in(viewer_adapter.main_window(layers.viewer))
        self.on_screen = OnScreen(layers, self.drafts.strokes, ask, self.message.emit)
        self.loading = ""
        self.work = OpenWork(session, layers, self.drafts, self.clock, self.files)
        self.decider = Deciding(self.work, self)
        self.decider.message.connect(self.message)
        self.decider.changed.connect(self.deciding_changed)
        self._shown: Predicted | None = None

    # opening --------------------------------------------------------------------------------------

    @property
    def case(self) -> str:
        """The open case, or ''."""
        return self.layers.case

    def open(self, case: str) -> None:
        """Show a case; unsaved work on the one before becomes its draft."""
        if self.deciding:
            self.decider.follow_with(partial(self.open, case))
            return
        self.loading = case
        # first, so that a stroke that has begun is part of the draft
        self.veil.cover(case)
        # the files are worked on one after another, so the draft is on the disk before it is read
        self.drafts.keep()
        self._shown = self.session.history.predictions.get(case)
        load = partial(_load, self.session, case, self._shown, self.ahead, self.work.later())
        self.files.run(load, done=self._show, failed=self._not_opened)

    def _show(self, loaded: _Loaded) -> None:
        opened = loaded.opened
        if opened.case.name != self.loading:
            return  # another case was asked for meanwhile
        if loaded.unsaved is not None:
            then = partial(self._show, replace(loaded, unsaved=None))
            self.work.save(loaded.unsaved, then=then, failed=self._not_opened)
            return
        self.loading = ""
        self.layers.show(opened, loaded.window)
        self.veil.end()
        if opened.is_fixed or not self.session.project.writable:
            self.layers.lock()
        if not opened.resumed.restored:
            self.drafts.mark_kept(loaded.checksum)
        self.clock.start(opened.seconds)
        newest = self.session.history.predictions.get(opened.case.name)
        if newest is not None and newest is not self._shown:
            self.take_prediction(newest)  # it was made while the files were read
        self.opened.emit(opened.case.name)
        said = self.decider.take_said()
        self.message.emit(opened.sentence or said, "warn" if opened.resumed.notice else "faint")

    def _not_opened(self, error: AlntError) -> None:
        self.loading = ""
        self.veil.lift()
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

        load = partial(load_prediction, self.session.project, predicted, opened.image)
        self.files.run(load, done=add, failed=self._complain)

    # keeping --------------------------------------------------------------------------------------

    def keep(self, alive: bool = True) -> None:
        """Return when all that was under way, and then unsaved work, is on the disk.

        Clicks wait until then; the window is drawn meanwhile, if it is ``alive``.

        Raises
        ------
        AlntError
            If the work cannot be written.
        """
        # the case is about to be taken away, so no other one is opened after a decision
        self.decider.follow_with(nothing)
        self.files.settle(alive)
        self.work.save_now(alive)

    def close(self, alive: bool = True) -> None:
        """Keep unsaved work, and begin nothing any more; ``alive`` as in :meth:`keep`.

        Raises
        ------
        AlntError
            If the work cannot be written; its layer is then the user's own, which napari can save.
        """
        self.clock.stop()
        self.drafts.stop()
        self.ahead.close()
        self.loading = ""  # a case whose files are still read is not shown any more
        try:
            self.keep(alive)
        except AlntError:
            self.veil.lift()
            self.layers.leave_correction()
            raise
        finally:
            self.drafts.stop()  # a decision that was under way has let it go on

    def clear(self) -> None:
        """Take the case out of the viewer, after :meth:`close`."""
        self.veil.leave()
        self.layers.clear()

    # deciding -------------------------------------------------------------------------------------

    @property
    def deciding(self) -> str:
        """What is being decided about the open case, in words; '' if nothing."""
        return self.decider.doing

    def accept(self, then: Then = nothing) -> bool:
        """Make the mask the case's expert label; as every decision, see :meth:`Deciding.begin`."""
        may = self._may(self.on_screen.may_accept)
        return may and self.decider.begin(decisions.accept, "accepting …", then)

    def confirm(self, then: Then = nothing) -> bool:
        """Make the teacher's mask the case's expert label."""
        may = self._may(self.on_screen.may_confirm)
        return may and self.decider.begin(decisions.confirm, "confirming …", then)

    def skip(self, then: Then = nothing) -> bool:
        """Put the case at the end of the queue; what was painted stays as its draft."""
        return self._is_open() and self.decider.begin(decisions.skip, "skipping …", then)

    def flag(self) -> bool:
        """Mark the case, or take the mark away."""
        return self._is_open() and self.decider.begin(decisions.flag, "flagging …", keeps=False)

    def revert(self) -> bool:
        """Take the newest accepted version back; without one, drop the draft and start over."""
        then = partial(self._open_again, self.case)
        return self._is_open() and self.decider.begin(decisions.revert, "reverting …", then)

    def _open_again(self, case: str) -> None:
        # opening the case would save the mask as its draft, had the decision not marked it as kept
        self.open(case)

    def _is_open(self) -> bool:
        return bool(self.case) and not self.loading

    def _may(self, asks: Callable[[], bool]) -> bool:
        """Whether a case is open, and its mask the one that is meant."""
        case = self.case
        may = self._is_open() and not self.deciding and asks()
        # the window has lived on while a question stood in it
        return may and self._is_open() and self.case == case

    def _complain(self, error: AlntError) -> None:
        self.message.emit(str(error), "error")


@dataclass(frozen=True, eq=False)
class _Loaded:
    """A case that has been read.

    Attributes
    ----------
    opened : the case
    window : the grey values that the project's settings show of it
    checksum : of the mask that it starts from
    unsaved : work on the case before that is not on the disk, as a program has changed its mask
        while the files were read
    """

    opened: OpenCase
    window: str
    checksum: int
    unsaved: Work | None


def _load(
    session: Session, case: str, shown: Predicted | None, ahead: ReadAhead, copy: Copy | None
) -> _Loaded:
    """Read a case, and look after that whether all work on the one before is on the disk."""
    opened = load_case(session.project, case, shown, ahead)
    window, known = session.project.settings.window, checksum(opened.start)
    return _Loaded(opened, window, known, None if copy is None else copy(unsaved=True))
