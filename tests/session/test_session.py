"""The session without an engine where it can be, with one where it must."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from napari_alnt.errors import AlntError, ProjectLocked, ReadOnly
from napari_alnt.events import CaseScored, Finished
from napari_alnt.session import Session, write_report
from napari_alnt.simulation import Radiologist


def test_an_accepted_case_leaves_the_pool_and_can_be_taken_back(balls):
    with Session.open(balls.folder) as session:
        Radiologist(balls.truth).correct(session, "ball_05")
        assert session.project.case("ball_05").role == "reference"
        assert [row.status for row in session.queue()][-1] == "accepted"
        session.revert("ball_05")
        assert session.project.case("ball_05").role == "pool"


def test_the_accepted_file_is_what_was_given_on_the_images_grid(balls):
    with Session.open(balls.folder) as session:
        version = Radiologist(balls.truth).correct(session, "ball_05")
        image = sitk.ReadImage(str(session.project.case("ball_05").image))
    written, truth = (sitk.ReadImage(str(path)) for path in (version.file, balls.truth["ball_05"]))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(written), sitk.GetArrayFromImage(truth))
    assert written.GetOrigin() == image.GetOrigin()
    assert written.GetDirection() == image.GetDirection()
    assert written.GetSpacing() == image.GetSpacing()


def test_confirming_keeps_the_teachers_mask(balls):
    with Session.open(balls.folder) as session:
        version = session.confirm("ball_04", author="Dr A", seconds=30)
        case = session.project.case("ball_04")
        teacher = session.project.teacher(case)
        np.testing.assert_array_equal(session.project.expert(case).voxels, teacher.voxels)
        assert (version.confirmed, version.author, version.seconds) == (True, "Dr A", 30)


def test_a_second_session_is_told_and_may_look(balls):
    with Session.open(balls.folder) as session:
        with pytest.raises(ProjectLocked):
            Session.open(balls.folder)
        with Session.open(balls.folder, write=False) as second:
            assert len(second.queue()) == len(session.queue())
            with pytest.raises(ReadOnly):
                second.start("train")


def test_jobs_say_what_they_lack(balls):
    with Session.open(balls.folder) as session:
        for job, words in (
            ("teach", "teacher_training"),
            ("rank", "train first"),
            ("predict", "train first"),
        ):
            with pytest.raises(AlntError, match=words):
                session.start(job)


def test_the_history_comes_back_with_the_project(balls):
    with Session.open(balls.folder) as session:
        list(session.train())
        queue, curve = session.queue(), session.test_results()
        pictures = dict(session.history.predictions)
    with Session.open(balls.folder) as session:
        assert session.queue() == queue
        assert session.test_results() == curve
        assert session.history.predictions == pictures
        page = write_report(session).read_text(encoding="utf-8")
        assert all(row.case in page for row in queue)
        session.history.restart()
        assert session.test_results() == ()


def test_the_teacher_learns_from_its_cases_and_writes_the_pools_masks(new_balls):
    balls = new_balls(pool=2, experts=3, taught=False, teacher_training=1, reference=1, test=1)
    with Session.open(balls.folder) as session:
        assert list(session.teach())[-1] == Finished(4, "done")
        assert session.project.teacher(session.project.case("ball_03")).voxels.max() <= 1
        assert np.isfinite(session.teacher_dice())
        assert session.test_results() == ()
        assert isinstance(list(session.train())[-1], Finished)


@pytest.fixture
def changed(session):
    """The names of the session's signals that were emitted."""
    found = []
    session.case_changed.connect(lambda case: found.append(case))
    for name in ("queue_changed", "run_changed", "settings_changed"):
        getattr(session, name).connect(lambda name=name: found.append(name))
    return found


def test_every_decision_about_a_case_names_it(session, balls, changed):
    mask = balls.true_labels("ball_05")
    session.save_draft("ball_05", mask, 12.0)
    session.drop_draft("ball_05")
    session.set_status("ball_04", "flagged")
    session.accept("ball_05", mask, author="Dr A")
    session.revert("ball_05")
    assert changed == ["ball_05", "ball_05", "ball_04", "ball_05", "ball_05"]


def test_a_decision_forgets_what_was_known_of_the_mask_before(session, balls, rank):
    rank()
    session.accept("ball_05", balls.true_labels("ball_05"))
    assert "ball_05" not in session.history.scores
    rank({"ball_04": 0.5}, step=2)
    session.set_status("ball_04", "flagged")
    assert len(session.history.scores["ball_04"]) == 2


def test_a_reverted_case_has_the_scores_of_its_former_mask_again(session, balls, rank):
    run = session.project.runs.all[0]
    run.checkpoint.parent.mkdir(parents=True)
    run.checkpoint.touch()
    rank()
    before = session.queue()
    session.accept("ball_05", balls.true_labels("ball_05"))
    assert session.queue() != before
    session.revert("ball_05")
    assert [(row.case, row.trust) for row in session.queue()] == [
        (row.case, row.trust) for row in before
    ]


def test_a_draft_is_kept_with_its_seconds_until_it_is_dropped(session, balls):
    session.save_draft("ball_05", balls.true_labels("ball_05"), 12.0)
    drafts = session.project.drafts
    assert (drafts.seconds("ball_05"), session.project.case("ball_05").status) == (12, "draft")
    session.drop_draft("ball_05")
    assert drafts.load("ball_05") is None


def test_what_is_not_accepted_changes_nothing(session, changed):
    with pytest.raises(AlntError, match="label 9"):
        session.accept("ball_05", np.full((24, 28, 26), 9))
    assert changed == []
    assert session.project.case("ball_05").role == "pool"


def test_a_version_names_the_student_that_was_there(session, balls):
    mask = balls.true_labels("ball_05")
    assert session.accept("ball_05", mask).model == ""
    checkpoint = session.project.runs.all[-1].checkpoint
    checkpoint.parent.mkdir(exist_ok=True)
    checkpoint.touch()
    assert session.accept("ball_05", mask).model == "run 1"


def test_a_case_without_a_teacher_mask_cannot_be_confirmed(new_balls):
    balls = new_balls(pool=1, experts=2, taught=False)
    with Session.open(balls.folder) as session, pytest.raises(AlntError, match="no teacher mask"):
        session.confirm("ball_02")


def test_without_a_teacher_of_its_own_a_project_has_no_teachers_dice(session):
    assert np.isnan(session.teacher_dice())


def test_a_project_closed_by_its_session_can_be_opened_again(balls):
    Session.open(balls.folder).close()
    with Session.open(balls.folder) as session:
        assert session.engine is None


def test_a_version_keeps_what_was_known_of_the_case(session, balls):
    case = session.project.case("ball_05")
    scored = CaseScored("ball_05", 1, mask_sha256=case.label_sha256, scores={"loss": 0.25})
    session.history.take_scores([scored])
    session.confirm("ball_05", author="Dr A")
    session.accept("ball_05", balls.true_labels("ball_05"), source="student")
    first, second = session.project.labels.versions("ball_05")
    assert (first.source, first.parent) == ("teacher", "teacher")
    assert dict(first.scores) == {"loss": 0.25}
    # the scores were of the teacher's mask
    assert (second.source, second.parent, dict(second.scores)) == ("student", "0001", {})
