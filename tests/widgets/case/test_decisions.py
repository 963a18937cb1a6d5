"""What is decided about a case, without a window."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_alnt.data.flags import read_flags
from napari_alnt.errors import AlntError
from napari_alnt.session import Session
from napari_alnt.widgets.case import decisions
from napari_alnt.widgets.case.work import Work, author, save

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
    return Work(CASE, mask, unsaved=True, seconds=83.04, teacher=teacher)


def draft(session):
    return session.project.drafts.load(CASE)


def test_accept_keeps_the_mask_with_time_and_author(session, work):
    assert decisions.accept(session, work).sentence.startswith(f"{CASE} accepted as version 1")
    (version,) = session.project.labels.versions(CASE)
    assert version.seconds == 83.0
    assert version.author == author()
    expert = session.project.expert(session.project.case(CASE))
    np.testing.assert_array_equal(expert.voxels, work.mask)


def test_accept_says_what_of_the_mask_may_not_be_meant(session, work):
    work.mask[2, 2:6, 2:6] = session.project.settings.ignore_label
    made = decisions.accept(session, work)
    assert made.kind == "warn"
    assert made.sentence.startswith(
        f"{CASE} accepted as version 1. The mask has parts of the value"
    )
    assert "Undo takes it back" in made.sentence
    assert "--" not in made.sentence


def test_an_ordinary_mask_has_nothing_strange(session, work):
    made = decisions.accept(session, work)
    assert (made.kind, "Undo" in made.sentence) == ("faint", False)


def test_only_the_teachers_own_mask_is_confirmed(session, work):
    with pytest.raises(AlntError, match="not the teacher's any more"):
        decisions.confirm(session, work)
    unchanged = dataclasses.replace(work, mask=work.teacher)
    assert f"{CASE} confirmed" in decisions.confirm(session, unchanged).sentence
    assert session.project.labels.versions(CASE)[-1].confirmed


def test_a_skipped_case_keeps_its_strokes(session, work):
    assert decisions.skip(session, work).sentence == f"{CASE} skipped."
    np.testing.assert_array_equal(draft(session), work.mask)
    assert session.project.case(CASE).status == "skipped"


def test_a_draft_that_cannot_be_written_is_not_skipped_either(session, work, monkeypatch):
    def full(*_):
        raise AlntError("The disk is full.")

    monkeypatch.setattr(session.project.drafts, "save", full)
    with pytest.raises(AlntError, match="full"):
        decisions.skip(session, work)
    assert session.project.case(CASE).status == "new"


def test_a_flag_comes_and_goes(session, work):
    assert decisions.flag(session, work).sentence == f"{CASE} flagged."
    assert session.project.case(CASE).status == "flagged"
    assert "no longer flagged" in decisions.flag(session, work).sentence
    assert session.project.case(CASE).status == "new"


def test_revert_takes_a_version_back_and_keeps_what_was_painted_since(session, work):
    decisions.accept(session, dataclasses.replace(work, mask=work.teacher))
    assert "set aside" in decisions.revert(session, work).sentence
    assert session.project.case(CASE).version == 0
    np.testing.assert_array_equal(draft(session), work.mask)


def test_revert_without_a_version_drops_the_draft(session, work):
    save(session, work)
    assert draft(session) is not None
    assert "starts over" in decisions.revert(session, work).sentence
    assert draft(session) is None


def test_what_is_saved_is_not_saved_again(session, work):
    save(session, dataclasses.replace(work, unsaved=False))
    assert draft(session) is None


def test_a_flagged_case_that_is_skipped_stays_flagged(session, work):
    made = decisions.note(session, work, "ask Anna")
    assert made.sentence == f"{CASE} flagged: ask Anna"
    decisions.skip(session, work)
    assert session.project.case(CASE).status == "skipped"
    assert read_flags(session.project) == {CASE: "ask Anna"}


def test_an_earlier_version_is_taken_up_again(session, work):
    decisions.accept(session, work)
    decisions.accept(session, dataclasses.replace(work, mask=work.teacher, unsaved=False))
    made = decisions.take_up(session, dataclasses.replace(work, unsaved=False), 1)
    assert made.sentence == f"Version 1 of {CASE} is accepted again, as version 3."
    expert = session.project.expert(session.project.case(CASE))
    np.testing.assert_array_equal(expert.voxels, work.mask)
    made.undo(session)
    assert session.project.case(CASE).version == 2
