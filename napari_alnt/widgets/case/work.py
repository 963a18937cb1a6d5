"""The work on the open case: copies of it, and whether they are on the disk."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

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
    checksum : of the mask
    """

    case: str
    mask: Array
    unsaved: bool
    seconds: float
    teacher: Array | None
    checksum: int = -1


class Copy(Protocol):
    """Makes a copy of the work; called in another thread, while nothing is painted."""

    def __call__(self, unsaved: bool = False) -> Work | None:
        """The work as it is now; with ``unsaved`` None where it is on the disk."""


def save(session: Session, work: Work) -> None:
    """Keep work as its case's draft, if it is not on the disk yet; raises as the session does."""
    if work.unsaved:
        session.save_draft(work.case, work.mask, work.seconds)


def save_copy(session: Session, copy: Copy) -> Work | None:
    """Keep work that is not on the disk yet, and return it; raises as the session does."""
    work = copy(unsaved=True)
    if work is not None:
        save(session, work)
    return work


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

    def later(self) -> Copy | None:
        """What makes a copy of the work in another thread; None where nothing can be painted."""
        opened = self.layers.opened
        if opened is None or opened.is_fixed or not self.session.project.writable:
            return None
        case, teacher = opened.case.name, opened.teacher
        look, seconds = self.drafts.look(), self.clock.seconds

        def copy(unsaved: bool = False) -> Work | None:
            if unsaved and not look.is_unsaved:
                return None
            mask, known = look.copy()
            return Work(case, mask, known != look.disk.checksum, seconds, teacher, known)

        return copy

    def copy(self) -> Work | None:
        """A copy of the work; None where nothing can be painted."""
        copy = self.later()
        return None if copy is None else copy()

    def unsaved(self) -> Work | None:
        """A copy of the work, if it is not on the disk."""
        copy = self.later()
        return None if copy is None else copy(unsaved=True)

    def mark(self, work: Work) -> None:
        """Note that work is on the disk; what was painted while it was written is not."""
        if work.case == self.layers.case:
            self.drafts.mark_kept(work.checksum)
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
        copy = self.later()
        if copy is not None:
            work = self.files.call(save_copy, self.session, copy, alive=alive)
            if work is not None:
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
