"""One decision at a time about the open case, made while the window lives on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from napari_alnt.errors import AlntError
    from napari_alnt.session import Session
    from napari_alnt.widgets.work import OpenWork, Work

Decide = Callable[["Session", "Work"], str]
Then = Callable[[], object]


def nothing() -> None:
    """What follows where nothing does."""


class Deciding(QObject):
    """Makes decisions on a copy of the work, away from the window.

    ``changed`` when one has begun, and when it was made or refused; ``message`` with what to tell
    the user of it.

    Attributes
    ----------
    doing : what is being done, in words; '' if nothing
    said : what the last decision was, until somebody takes it
    """

    changed = Signal()
    message = Signal(str, str)

    def __init__(self, work: OpenWork, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._then: Then = nothing
        self._release: Then = nothing
        self.doing = ""
        self.said = ""

    def begin(self, decide: Decide, doing: str, then: Then = nothing, keeps: bool = True) -> bool:
        """Begin a decision; whether it has begun, as there may be one already, or no case.

        Parameters
        ----------
        decide : makes it, and returns what to tell the user; called in another thread
        doing : what it does, in words
        then : follows it when it was made; if it was refused, all stays as it is
        keeps : whether the work is safe on the disk once it was made
        """
        work = None if self.doing else self._work.copy()
        if work is None:
            return False
        self.doing = doing
        self._then = then
        self._release = self._work.hold()

        def done(sentence: str) -> None:
            self._over()
            if keeps:
                self._work.mark(work)
            self.said = sentence
            self.message.emit(sentence, "faint")
            following, self._then = self._then, nothing
            following()

        self._work.files.run(decide, self._work.session, work, done=done, failed=self._failed)
        self.changed.emit()
        return True

    def follow_with(self, then: Then) -> None:
        """Do something else after the decision that is being made."""
        self._then = then

    def take_said(self) -> str:
        """What the last decision was, once."""
        said, self.said = self.said, ""
        return said

    def _over(self) -> None:
        self.doing = ""
        self._release()
        self.changed.emit()

    def _failed(self, error: AlntError) -> None:
        self._over()
        self._then = nothing
        self.message.emit(str(error), "error")
