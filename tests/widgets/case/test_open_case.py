"""What a case begins with, also after a crash."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data import Project
from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.strokes.journal_mirror import Change
from napari_alnt.data.strokes.journal_writer import Journal
from napari_alnt.errors import AlntError
from napari_alnt.session import Session
from napari_alnt.widgets.case.open_case import load_case

BOX = (slice(3, 5), slice(4, 9), slice(4, 9))


def paint(opened, value=0):
    """One stroke on a case, of which then only the journal knows."""
    mask = opened.start.copy()
    mask[BOX] = value
    journal = Journal(opened.resumed, lambda: (mask, True), print)
    journal.append(Kind.STROKE, [Change(BOX, None, value)], 31.0)
    assert journal.close()
    return mask


def test_a_case_begins_with_the_most_advanced_mask(balls):
    with Session.open(balls.folder) as session:
        project, mask = session.project, balls.true_labels("ball_04")
        assert load_case(project, "ball_04", None).origin == "teacher"
        session.accept("ball_04", mask)
        opened = load_case(project, "ball_04", None)
        assert opened.origin == "version 1"
        np.testing.assert_array_equal(opened.start, mask)
        session.save_draft("ball_04", 1 - mask, seconds=12.0)
        opened = load_case(project, "ball_04", None)
        assert (opened.origin, opened.seconds) == ("draft", 12.0)
        np.testing.assert_array_equal(opened.start, 1 - mask)


def test_a_case_without_any_mask_begins_with_none(new_balls):
    made = new_balls(taught=False, teacher_training=2, reference=1, test=1)
    with Project.open(made.folder) as project:
        opened = load_case(project, "ball_04", None)
    assert opened.origin == "nothing"
    assert opened.teacher is None
    assert not opened.start.any()
    assert opened.slice == len(opened.start) // 2


def test_the_slice_with_most_of_the_mask_is_shown_first(balls):
    with Project.open(balls.folder) as project:
        opened = load_case(project, "ball_04", None)
    area = np.count_nonzero(opened.teacher, axis=(1, 2))
    assert area[opened.slice] == area.max()


def test_strokes_of_before_a_crash_are_there_again_and_said(balls):
    with Project.open(balls.folder) as project:
        assert project.case("ball_04").status == "new"
        mask = paint(load_case(project, "ball_04", None), 1)
    with Project.open(balls.folder, write=False) as project:
        assert project.case("ball_04").status == "draft"
        assert [case.status for case in project.cases if case.name == "ball_04"] == ["draft"]
        opened = load_case(project, "ball_04", None)
    np.testing.assert_array_equal(opened.start, mask)
    assert (opened.origin, opened.seconds) == ("draft", 31.0)
    assert opened.sentence == "Case ball_04: 1 stroke since the last save was restored."


def test_strokes_go_on_from_a_draft(balls):
    with Session.open(balls.folder) as session:
        project = session.project
        session.save_draft("ball_04", balls.true_labels("ball_04"), seconds=80.0)
        opened = load_case(project, "ball_04", None)
        assert (
            opened.sentence == "Your draft of this case was kept and is shown; Revert starts over."
        )
        mask = paint(opened, 0)
        opened = load_case(project, "ball_04", None)
        np.testing.assert_array_equal(opened.start, mask)
        assert opened.seconds == 80.0
        session.save_draft("ball_04", mask)
        assert load_case(project, "ball_04", None).resumed.restored == 0


def test_strokes_replace_a_draft_that_is_lost(balls):
    with Session.open(balls.folder) as session:
        project = session.project
        session.save_draft("ball_04", balls.true_labels("ball_04"))
        project.drafts.file("ball_04").unlink()
        with pytest.raises(AlntError, match="is lost"):
            load_case(project, "ball_04", None)
        session.drop_draft("ball_04")
        mask = paint(load_case(project, "ball_04", None), 1)
        session.save_draft("ball_04", mask)
        project.drafts.file("ball_04").unlink()
        np.testing.assert_array_equal(load_case(project, "ball_04", None).start, mask)


def test_what_was_decided_is_not_restored(balls):
    with Session.open(balls.folder) as session:
        project = session.project
        teacher = load_case(project, "ball_04", None).start
        mask = paint(load_case(project, "ball_04", None), 1)
        session.accept("ball_04", mask)
        opened = load_case(project, "ball_04", None)
        assert (opened.origin, opened.sentence) == ("version 1", "")
        session.revert("ball_04")
        opened = load_case(project, "ball_04", None)
        assert (opened.origin, opened.sentence) == ("teacher", "")
        np.testing.assert_array_equal(opened.start, teacher)
        assert project.case("ball_04").status == "new"
        paint(opened, 1)
        session.drop_draft("ball_04")
        assert project.case("ball_04").status == "new"
        np.testing.assert_array_equal(load_case(project, "ball_04", None).start, teacher)


def test_damage_is_said(balls):
    with Project.open(balls.folder) as project:
        paint(load_case(project, "ball_04", None), 1)
        path = project.drafts.journal("ball_04")
        content = bytearray(path.read_bytes())
        content[-20] ^= 1
        path.write_bytes(content)
        opened = load_case(project, "ball_04", None)
        assert opened.sentence.startswith("A part of the strokes kept in '")


def test_the_time_on_a_case_goes_on_where_it_was(balls):
    with Session.open(balls.folder) as session:
        session.confirm("ball_04", seconds=220.0)
        assert load_case(session.project, "ball_04", None).seconds == 220.0
        session.save_draft("ball_04", balls.true_labels("ball_04"), seconds=250.0)
        assert load_case(session.project, "ball_04", None).seconds == 250.0
        session.drop_draft("ball_04")
        session.revert("ball_04")
        assert load_case(session.project, "ball_04", None).seconds == 220.0


def test_held_out_cases_are_only_looked_at(balls):
    with Project.open(balls.folder) as project:
        (test, *_), (reference, *_) = project.by_role("test"), project.by_role("reference")
        opened = load_case(project, test.name, None)
        assert opened.is_fixed
        assert opened.origin == "the expert's mask"
        assert "held out" in opened.sentence
        assert "stays as it is" in opened.sentence
        assert not load_case(project, reference.name, None).is_fixed
        assert not load_case(project, "ball_04", None).is_fixed
