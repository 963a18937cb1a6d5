"""Decisions that can be taken back: what each was, and what is done to undo it.

All of it waits for the disk, so it is called away from the window.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data.flags import read_flags, set_flag, skip
from napari_alnt.data.strokes.journal import mask_at
from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.version_history import find_version, read_version
from napari_alnt.errors import AlntError
from napari_alnt.session import Session
from napari_alnt.widgets.case.work import author

if TYPE_CHECKING:
    from napari_alnt.data import Array
    from napari_alnt.widgets.case.work import Work


@dataclass(frozen=True, eq=False)
class Made:
    """A decision that was made.

    Attributes
    ----------
    case : about which case
    sentence : what to tell the user
    undo : takes it back, and returns what to tell then
    kind : the style of the sentence; "warn" where the user should look at the case again
    """

    case: str
    sentence: str
    undo: Callable[[Session], str]
    kind: str = "faint"


@dataclass(frozen=True)
class Before:
    """How a case stood before a decision.

    Attributes
    ----------
    case : which case it is
    mark : "new", "skipped" or "flagged"
    note : of its flag, None without one
    has_work : whether there were strokes that no version has
    """

    case: str
    mark: str
    note: str | None
    has_work: bool

    @classmethod
    def of(cls, session: Session, work: Work) -> Before:
        """How the case of some work stands now."""
        status = session.project.case(work.case).status
        return cls(
            work.case,
            status if status in ("skipped", "flagged") else "new",
            read_flags(session.project).get(work.case),
            work.unsaved or session.project.drafts.file(work.case) is not None,
        )


@dataclass(frozen=True)
class Kept:
    """What is known of a draft that was dropped: its checksum, and the time spent on it."""

    checksum: int
    seconds: float


def undo_accept(session: Session, before: Before, number: int) -> str:
    """Set a version aside; what was painted for it is a draft again, unless there is a newer one.

    Raises
    ------
    AlntError
        If another version was accepted since, or a file cannot be read or written.
    """
    case = before.case
    project = session.project
    if (now := project.case(case).version) != number:
        raise AlntError(
            f"Version {number} of {case} is not its newest any more (that is {now or 'none'}), so"
            " nothing was taken back; choose one under Versions."
        )
    if before.has_work and project.drafts.file(case) is None:
        # before the version goes, so that the work is never nowhere
        mask = read_version(project, case, number)
        session.save_draft(case, mask, find_version(project, case, number).seconds)
    session.revert(case)
    restore_mark(session, before)
    return f"{case} is as it was before you accepted it" + (
        "; your work is a draft again." if before.has_work else "."
    )


def undo_mark(session: Session, before: Before, what: str) -> str:
    """Give a case the mark, the flag and the note that it had."""
    restore_mark(session, before)
    return f"{before.case} is no longer {what}."


def undo_note(session: Session, before: Before) -> str:
    """Give a case the flag and the note that it had."""
    restore_mark(session, before)
    return f"The note on {before.case} is as it was."


def undo_set_aside(session: Session, case: str, number: int) -> str:
    """Accept a version that was set aside again, as a new one; a draft made since is kept.

    Raises
    ------
    AlntError
        If the version cannot be read.
    """
    made = take_up(session, case, number)
    return f"Version {number} of {case} is accepted again, as version {made}."


def take_up(session: Session, case: str, number: int) -> int:
    """Accept an earlier version again as a new one, and return its number; a draft is kept.

    Raises
    ------
    AlntError
        If the version, or the draft, cannot be read or written.
    """
    drafts = session.project.drafts
    draft, seconds = drafts.load(case), drafts.seconds(case)
    mask = read_version(session.project, case, number)
    source = f"version {number}"
    version = session.accept(case, mask, author=author(), source=source)
    if draft is not None and not np.array_equal(draft, mask):
        session.save_draft(case, draft, seconds)
    return version.number


def undo_start_over(session: Session, before: Before, step: int, kept: Kept) -> str:
    """Bring a draft back that was dropped, from its case's journal.

    Parameters
    ----------
    session : the project at work
    before : how the case stood
    step : after which its mask stood in the journal
    kept : what is known of it

    Raises
    ------
    AlntError
        If the journal does not hold it any more.
    """
    case = before.case
    if not before.has_work:
        restore_mark(session, before)
        return f"There was no work on {case} to bring back."
    path = session.project.drafts.journal(case)
    mask = mask_at(path, step, session.project.case(case).shape)
    if checksum_of(mask) != kept.checksum:
        raise AlntError(
            f"The journal of {case} was shortened since, so its draft cannot be brought back; press"
            " Earlier to look at the steps it still has."
        )
    session.save_draft(case, mask, kept.seconds)
    # else strokes made since, which the journal has, would go on in its place
    session.project.drafts.note(case, Kind.REVERTED)
    restore_mark(session, before)
    return f"Your work on {case} is a draft again."


def restore_mark(session: Session, before: Before) -> None:
    """Give a case of the pool the mark, the flag and the note that it had."""
    project = session.project
    if project.case(before.case).role != "pool":
        return
    project.set_status(before.case, "new")
    set_flag(project, before.case, before.note)
    if before.mark == "skipped":
        skip(project, before.case)
    session.case_changed.emit(before.case)


def checksum_of(mask: Array) -> int:
    """A checksum of a mask (Z, Y, X), by its labels whatever they are stored in."""
    checksum = 0
    for plane in mask:
        checksum = zlib.crc32(np.ascontiguousarray(plane, np.int32).data.cast("B"), checksum)
    return checksum
