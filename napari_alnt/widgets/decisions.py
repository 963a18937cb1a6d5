"""What is decided about a case, as calls that wait for the disk: each says what it has done.

They are made away from the window, on a copy of the work, as the window lives on meanwhile.
"""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.errors import AlntError
from napari_alnt.widgets.work import Work, save

if TYPE_CHECKING:
    from napari_alnt.session import Session


def accept(session: Session, work: Work) -> str:
    """Make the mask the case's expert label."""
    version = session.accept(
        work.case,
        work.mask,
        author=_author(),
        seconds=round(work.seconds, 1),
        teacher=work.teacher,  # it has been read already
    )
    return f"{work.case} accepted as version {version.number}; the next epoch learns from it."


def confirm(session: Session, work: Work) -> str:
    """Make the teacher's mask the case's expert label.

    Raises
    ------
    AlntError
        If the mask is not the teacher's.
    """
    if work.teacher is not None and not np.array_equal(work.teacher, work.mask):
        raise AlntError(
            f"The mask of {work.case} is not the teacher's any more; press Accept, or undo the"
            " changes first."
        )
    session.confirm(work.case, author=_author(), seconds=round(work.seconds, 1))
    return f"{work.case} confirmed: the teacher's mask is now an expert label."


def skip(session: Session, work: Work) -> str:
    """Put the case at the end of the queue; what was painted stays as its draft."""
    save(session, work)
    session.set_status(work.case, "skipped")
    return f"{work.case} skipped."


def flag(session: Session, work: Work) -> str:
    """Mark the case, or take the mark away."""
    flagged = session.project.case(work.case).status == "flagged"
    session.set_status(work.case, "new" if flagged else "flagged")
    return f"{work.case} is no longer flagged." if flagged else f"{work.case} flagged."


def revert(session: Session, work: Work) -> str:
    """Take the newest accepted version back; without one, drop the draft and start over."""
    if session.project.case(work.case).version > 0:
        save(session, work)
        session.revert(work.case)
        return f"The accepted version of {work.case} was set aside; the project's folder keeps it."
    session.drop_draft(work.case)
    return f"{work.case} starts over from the teacher's mask."


def _author() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
