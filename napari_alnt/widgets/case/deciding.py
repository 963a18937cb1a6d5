"""One decision at a time about the open case, made while the window lives on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_alnt.widgets.case.work import save_copy
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from napari_alnt.errors import AlntError
    from napari_alnt.session import Session
    from napari_alnt.widgets.case.taking_back import Made
    from napari_alnt.widgets.case.work import Copy, OpenWork, Work

Decide = Callable[["Session", "Work"], "Made"]
Then = Callable[[], object]
MOST = 50
"""Decisions that can be taken back, one after another."""


def nothing() -> None:
    """What follows where nothing does."""


class Deciding(QObject):
    """Makes decisions on a copy of the work, away from the window, and takes them back.

    ``changed`` when one has begun, and when it was made or refused; ``message`` with what to tell
    the user of it; ``made_one`` with a decision that was made, ``took_back`` when one was undone.

    Attributes
    ----------
    doing : what is being done, in words; '' if nothing
    said : what the last decision was, until somebody takes it
    made : the decisions of this session that can be taken back, oldest first
    """

    changed = Signal()
    message = Signal(str, str)
    made_one = Signal(object)
    took_back = Signal(str)

    def __init__(self, work: OpenWork, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._then: Then = nothing
        self._release: Then = nothing
        self.doing = ""
        self.said = ""
        self.made: list[Made] = []

    def begin(self, decide: Decide, doing: str, then: Then = nothing, keeps: bool = True) -> bool:
        """Begin a decision; whether it has begun, as there may be one already, or no case.

        Parameters
        ----------
        decide : makes it, and returns what it was; called in another thread
        doing : what it does, in words
        then : follows it when it was made; if it was refused, all stays as it is
        keeps : whether the work is safe on the disk once it was made
        """
        copy = None if self.doing else self._work.later()
        if copy is None:
            return False

        def done(found: tuple[Made, Work]) -> None:
            made, work = found
            self.made = [*self.made, made][-MOST:]
            # before the message, which is to stay in sight with its button
            self.made_one.emit(made)
            self._finish(made.sentence, work if keeps else None, made.kind)

        self._start(doing, then)
        self._work.files.run(
            _decide, decide, self._work.session, copy, done=done, failed=self._failed
        )
        self.changed.emit()
        return True

    def undo(self, show: Callable[[str], object]) -> bool:
        """Take the last decision back; whether that has begun.

        Parameters
        ----------
        show : is called with the name of its case afterwards
        """
        if self.doing or not self.made or not self._work.session.project.writable:
            return False
        last = self.made.pop()
        copy = self._work.later()

        def done(found: tuple[str, Work | None]) -> None:
            self.took_back.emit(found[0])
            self._finish(*found)

        def failed(error: AlntError) -> None:
            self.made.append(last)  # it can be tried again
            self._failed(error)

        self._start("undoing …", partial(show, last.case))
        self._work.files.run(
            _undo, self._work.session, last, copy, done=done, failed=failed
        )  # fmt: skip
        self.changed.emit()
        return True

    def follow_with(self, then: Then) -> None:
        """Do something else after the decision that is being made."""
        self._then = then

    def take_said(self) -> str:
        """What the last decision was, once."""
        said, self.said = self.said, ""
        return said

    def _start(self, doing: str, then: Then) -> None:
        self.doing = doing
        self._then = then
        self._release = self._work.hold()

    def _finish(self, sentence: str, kept: Work | None, kind: str = "faint") -> None:
        """Go on after a decision; ``kept`` is the work that is on the disk now."""
        self._over()
        if kept is not None:
            self._work.mark(kept)
        self.said = sentence
        self.message.emit(sentence, kind)
        following, self._then = self._then, nothing
        following()

    def _over(self) -> None:
        self.doing = ""
        self._release()
        self.changed.emit()

    def _failed(self, error: AlntError) -> None:
        self._over()
        self._then = nothing
        self.message.emit(str(error), "error")


def _decide(decide: Decide, session: Session, copy: Copy) -> tuple[Made, Work]:
    """Make a decision on a copy of the work."""
    work = copy()
    assert work is not None  # only an unsaved one may be None
    return decide(session, work), work


def _undo(session: Session, last: Made, copy: Copy | None) -> tuple[str, Work | None]:
    """Take a decision back; strokes on the open case are kept before, as it may be the same."""
    kept = save_copy(session, copy) if copy is not None else None
    return last.undo(session), kept
