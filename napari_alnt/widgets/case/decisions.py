"""What is decided about a case, as calls that wait for the disk: each says what it has done.

They are made away from the window, on a copy of the work, as the window lives on meanwhile.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data import flags, mask_notices
from napari_alnt.data.strokes.kept_mask import keep_mask
from napari_alnt.errors import AlntError
from napari_alnt.widgets.case import taking_back
from napari_alnt.widgets.case.taking_back import Before, Kept, Made, checksum_of
from napari_alnt.widgets.case.work import Work, author, save

if TYPE_CHECKING:
    from napari_alnt.data import Array
    from napari_alnt.session import Session


def accept(session: Session, work: Work) -> Made:
    """Make the mask the case's expert label."""
    before = Before.of(session, work)
    version = session.accept(
        work.case,
        work.mask,
        author=author(),
        seconds=round(work.seconds, 1),
        teacher=work.teacher,  # it has been read already
    )
    strange = _strangeness(session, work.mask)
    words = strange or "the next epoch learns from it."
    return Made(
        work.case,
        f"{work.case} accepted as version {version.number}{'. ' if strange else '; '}{words}",
        partial(taking_back.undo_accept, before=before, number=version.number),
        "warn" if strange else "faint",
    )


def _strangeness(session: Session, mask: Array) -> str:
    """What of a mask (Z, Y, X) may not be meant; '' for nothing."""
    project = session.project
    notices = mask_notices(mask, project.label_names, project.settings.ignore_label)
    # the cure of a notice is for those who make the project; here Undo stands beside the sentence
    return " ".join(
        f"{notice.text}; Undo takes it back if that is not meant." for notice in notices
    )


def confirm(session: Session, work: Work) -> Made:
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
    before = Before.of(session, work)
    version = session.confirm(work.case, author=author(), seconds=round(work.seconds, 1))
    return Made(
        work.case,
        f"{work.case} confirmed: the teacher's mask is now an expert label.",
        partial(taking_back.undo_accept, before=before, number=version.number),
    )


def skip(session: Session, work: Work) -> Made:
    """Put the case at the end of the queue; its flag, and what was painted, stay."""
    before = Before.of(session, work)
    save(session, work)
    flags.skip(session.project, work.case)
    session.case_changed.emit(work.case)
    undo = partial(taking_back.undo_mark, before=before, what="skipped")
    return Made(work.case, f"{work.case} skipped.", undo)


def flag(session: Session, work: Work) -> Made:
    """Mark the case, or take the mark and its note away."""
    before = Before.of(session, work)
    is_flagged = before.note is not None
    flags.set_flag(session.project, work.case, None if is_flagged else "")
    session.case_changed.emit(work.case)
    if is_flagged:
        undo = partial(taking_back.undo_note, before=before)
        return Made(work.case, f"{work.case} is no longer flagged.", undo)
    undo = partial(taking_back.undo_mark, before=before, what="flagged")
    return Made(work.case, f"{work.case} flagged.", undo)


def note(session: Session, work: Work, text: str) -> Made:
    """Flag the case with a note of one line."""
    before = Before.of(session, work)
    flags.set_flag(session.project, work.case, text)
    session.case_changed.emit(work.case)
    words = f"{work.case} flagged: {text}" if text else f"{work.case} is flagged without a note."
    return Made(work.case, words, partial(taking_back.undo_note, before=before))


def revert(session: Session, work: Work) -> Made:
    """Take the newest accepted version back; without one, drop the draft and start over."""
    number = session.project.case(work.case).version
    if number > 0:
        save(session, work)
        session.revert(work.case)
        return Made(
            work.case,
            f"Version {number} of {work.case} was set aside; the project's folder keeps it.",
            partial(taking_back.undo_set_aside, case=work.case, number=number),
        )
    before = Before.of(session, work)
    path = session.project.drafts.journal(work.case)
    # strokes that no file has could never be brought back
    step = keep_mask(path, work.mask, number, work.seconds) if before.has_work else 0
    session.drop_draft(work.case)
    kept = Kept(checksum_of(work.mask), work.seconds)
    undo = partial(taking_back.undo_start_over, before=before, step=step, kept=kept)
    return Made(work.case, f"{work.case} starts over from the teacher's mask.", undo)


def take_up(session: Session, work: Work, number: int) -> Made:
    """Accept an earlier version of the case again, as a new one; what was painted is kept."""
    save(session, work)
    before = Before.of(session, work)
    made = taking_back.take_up(session, work.case, number)
    return Made(
        work.case,
        f"Version {number} of {work.case} is accepted again, as version {made}.",
        partial(taking_back.undo_accept, before=before, number=made),
    )
