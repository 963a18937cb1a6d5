"""The work on the open case: copies of it, and whether they are on the disk."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data import Array
from napari_alnt.widgets import viewer_adapter

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_alnt.errors import AlntError
    from napari_alnt.session import Session
    from napari_alnt.widgets.case.clock import CaseClock
    from napari_alnt.widgets.case.drafts import Drafts
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.worker import FileWorker


@dataclass(frozen=True, eq=False)
class Work:
    """A copy of the work on a case, as it was at one moment: painting may go on.

    Attributes
    ----------
    case : which case it is
    mask : the mask ``(Z, Y, X)``
    unsaved : whether the mask differs from what is on the disk
    seconds : time spent on it
    teacher : the teacher's mask ``(Z, Y, X)``, as it was shown
    """

    case: str
    mask: Array
    unsaved: bool
    seconds: float
    teacher: Array | None


def save(session: Session, work: Work) -> None:
    """Keep work as its case's draft, if it is not on the disk yet; raises as the session does."""
    if work.unsaved:
        session.save_draft(work.case, work.mask, work.seconds)


def author() -> str:
    """Who decides: the name of the account, or ''."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


class OpenWork:
    """What is painted on the open case, and the way to the disk, which the window never waits for.

    Attributes
    ----------
    session, layers, drafts, clock, files : those of the correction
    """

    def __init__(
        self,
        session: Session,
        layers: CaseLayers,
        drafts: Drafts,
        clock: CaseClock,
        files: FileWorker,
    ) -> None:
        self.session = session
        self.layers = layers
        self.drafts = drafts
        self.clock = clock
        self.files = files

    def copy(self) -> Work | None:
        """A copy of the work; None where nothing can be painted."""
        opened = self.layers.opened
        if opened is None or opened.is_fixed or not self.session.project.writable:
            return None
        mask = self.layers.mask.copy()
        return Work(opened.case.name, mask, self.drafts.dirty, self.clock.seconds, opened.teacher)

    def unsaved(self) -> Work | None:
        """A copy of the work, if it is not on the disk."""
        return self.copy() if self.drafts.dirty else None

    def mark(self, work: Work) -> None:
        """Note that work is on the disk, unless it was changed while it was written."""
        if work.case == self.layers.case and np.array_equal(work.mask, self.layers.mask):
            self.drafts.mark_kept()
            self.drafts.kept.emit()

    def save(
        self, work: Work, then: Callable[[], object], failed: Callable[[AlntError], None]
    ) -> None:
        """Keep work as a draft, in the background."""

        def done(_: object) -> None:
            self.mark(work)
            then()

        self.files.run(save, self.session, work, done=done, failed=failed)

    def save_now(self, alive: bool) -> None:
        """Keep what is unsaved as a draft and return then; ``alive`` as in ``FileWorker.settle``.

        Raises
        ------
        AlntError
            If it cannot be written.
        """
        if work := self.unsaved():
            self.files.call(save, self.session, work, alive=alive)
            self.mark(work)

    def hold(self) -> Callable[[], None]:
        """Have nothing painted or saved until the function that is returned is called."""
        layer = self.layers.correction
        unlock = viewer_adapter.lock(layer) if layer is not None else None
        # a draft that is saved after the mask was accepted would hide it
        self.drafts.timer.stop()

        def release() -> None:
            self.drafts.timer.start()
            if unlock is not None:
                unlock()

        return release
