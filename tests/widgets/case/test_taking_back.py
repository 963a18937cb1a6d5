"""What a decision has done is undone, and no stroke is lost on the way."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_alnt.data.flags import read_flags
from napari_alnt.data.strokes.journal import mask_at, steps
from napari_alnt.errors import AlntError
from napari_alnt.session import Session
from napari_alnt.widgets.case import decisions
from napari_alnt.widgets.case.open_case import load_case
from napari_alnt.widgets.case.taking_back import checksum_of
from napari_alnt.widgets.case.work import Work, save

CASE = "ball_04"


@pytest.fixture
def session(balls):
    with Session.open(balls.folder) as opened:
        yield opened


@pytest.fixture
def work(session):
    """Work on a case that is not on the disk yet."""
    teacher = session.project.teacher(session.project.case(CASE)).voxels
    mask = teacher.copy()
    mask[3, 4:9] = 1
    return Work(CASE, mask, unsaved=True, seconds=83.0, teacher=teacher)


@pytest.fixture
def plain(work):
    """The teacher's mask as it was opened."""
    return dataclasses.replace(work, mask=work.teacher, unsaved=False)


def shown(session):
    """The mask that the case is opened with."""
    return load_case(session.project, CASE, None).start


def status(session):
    return session.project.case(CASE).status


def test_accepted_work_is_a_draft_again(session, work):
    made = decisions.accept(session, work)
    assert "as it was before" in made.undo(session)
    assert status(session) == "draft"
    np.testing.assert_array_equal(session.project.drafts.load(CASE), work.mask)
    assert session.project.drafts.seconds(CASE) == 83.0
    np.testing.assert_array_equal(shown(session), work.mask)
    (version,) = session.project.labels.versions(CASE)
    assert version.reverted


def test_a_mask_that_nobody_changed_leaves_no_draft(session, plain):
    for decide in (decisions.accept, decisions.confirm):
        decide(session, plain).undo(session)
        assert status(session) == "new"
        assert session.project.drafts.load(CASE) is None


def test_what_was_painted_after_the_decision_is_kept(session, work):
    made = decisions.accept(session, work)
    more = dataclasses.replace(work, mask=work.mask.copy())
    more.mask[5, 5, 5] = 1
    save(session, more)
    made.undo(session)
    np.testing.assert_array_equal(shown(session), more.mask)


def test_only_the_newest_version_is_taken_back(session, work):
    made = decisions.accept(session, work)
    decisions.accept(session, work)
    with pytest.raises(AlntError, match="not its newest"):
        made.undo(session)
    assert session.project.case(CASE).version == 2


@pytest.mark.parametrize("before", ["new", "flagged", "skipped", "both"])
@pytest.mark.parametrize("decision", ["accept", "confirm", "skip", "flag", "revert"])
def test_the_mark_and_the_note_come_back(session, plain, before, decision):
    if before in ("flagged", "both"):
        decisions.note(session, plain, "ask Anna")
    if before in ("skipped", "both"):
        decisions.skip(session, plain)
    was = (status(session), read_flags(session.project))
    getattr(decisions, decision)(session, plain).undo(session)
    assert (status(session), read_flags(session.project)) == was


def test_the_note_before_comes_back(session, plain):
    decisions.note(session, plain, "ask Anna")
    made = decisions.note(session, plain, "ask Ben")
    made.undo(session)
    assert read_flags(session.project) == {CASE: "ask Anna"}


@pytest.mark.parametrize("saved", [True, False])
def test_a_draft_that_was_dropped_comes_back(session, work, saved):
    if saved:
        save(session, work)
    made = decisions.revert(session, work)
    np.testing.assert_array_equal(shown(session), work.teacher)
    assert made.undo(session) == f"Your work on {CASE} is a draft again."
    np.testing.assert_array_equal(shown(session), work.mask)
    assert session.project.drafts.seconds(CASE) == 83.0


@pytest.mark.parametrize("journal", ["none", "of another mask", "damaged"])
def test_revert_drops_no_stroke_that_the_journal_lacks(session, work, journal):
    path = session.project.drafts.journal(CASE)
    save(session, work)
    if journal != "none":
        path.write_bytes(b"ALNT journal 1\r\nno record")
    decisions.revert(session, work)
    held = [mask_at(path, step.index, work.mask.shape) for step in steps(path)]
    assert any(np.array_equal(mask, work.mask) for mask in held)


def test_a_journal_that_cannot_be_written_keeps_the_draft(session, work, monkeypatch):
    def full(*_):
        raise AlntError("The disk is full.")

    save(session, work)
    monkeypatch.setattr("napari_alnt.data.strokes.kept_mask.write_bytes", full)
    with pytest.raises(AlntError, match="full"):
        decisions.revert(session, work)
    np.testing.assert_array_equal(session.project.drafts.load(CASE), work.mask)


def test_a_version_that_was_set_aside_is_taken_up_again(session, work, plain):
    decisions.accept(session, work)
    made = decisions.revert(session, dataclasses.replace(work, unsaved=False))
    assert status(session) == "new"
    assert "accepted again, as version 2" in made.undo(session)
    np.testing.assert_array_equal(shown(session), work.mask)
    version = session.project.labels.versions(CASE)[-1]
    assert (version.number, version.source) == (2, "version 1")


def test_a_draft_outlives_a_version_that_is_taken_up_again(session, work):
    decisions.accept(session, work)
    more = dataclasses.replace(work, mask=work.mask.copy())
    more.mask[5, 5, 5] = 1
    decisions.revert(session, more).undo(session)
    np.testing.assert_array_equal(shown(session), more.mask)


def test_the_checksum_is_of_the_labels_alone(work):
    assert checksum_of(work.mask) == checksum_of(work.mask.astype(np.int64))
    assert checksum_of(work.mask) != checksum_of(work.teacher)
