"""The session without an engine where it can be, with one where it must."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from napari_alnt.data import Project
from napari_alnt.errors import AlntError, ProjectLocked, ReadOnly
from napari_alnt.events import (
    CaseScored,
    EpochDone,
    Failed,
    Finished,
    LedgerRow,
    Predicted,
    RankingDone,
    TeacherWritten,
)
from napari_alnt.session import Engine, Session, by_command, by_folder, write_report
from napari_alnt.session import engine as client_module
from napari_alnt.settings import Settings
from napari_alnt.simulation import Corrections, Radiologist, make_demo


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


def test_skipped_cases_follow_the_others(balls):
    with Session.open(balls.folder) as session:
        first = session.queue()[0].case
        session.set_status(first, "skipped")
        assert session.queue()[-1].case == first


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
        for job, words in (("teach", "seed"), ("rank", "train first"), ("predict", "train first")):
            with pytest.raises(AlntError, match=words):
                session.start(job)


def test_the_history_comes_back_with_the_project(balls):
    with Session.open(balls.folder) as session:
        list(session.train())
        queue, curve = session.queue(), session.validations()
        pictures = dict(session.history.predictions)
    with Session.open(balls.folder) as session:
        assert session.queue() == queue
        assert session.validations() == curve
        assert session.history.predictions == pictures
        page = write_report(session).read_text(encoding="utf-8")
        assert all(row.case in page for row in queue)
        session.history.restart()
        assert session.validations() == ()


def test_ledger_is_written_by_the_session(balls):
    with Session.open(balls.folder) as session:
        session._run = session.project.start_run("train", session.project.settings)
        session.apply(
            EpochDone(
                1, 3, 0.5, 0.4, (LedgerRow("ball_04", "pool", "teacher", 2, 0.1, 0.2, 0.3, 1.0),)
            )
        )
        assert session.project.ledger("ball_04")[0].trust == 0.1


def test_a_child_that_dies_is_an_event_with_a_sentence(balls, monkeypatch):
    with Session.open(balls.folder) as session:
        run = session.project.start_run("train", session.project.settings)
    monkeypatch.setattr(client_module.sys, "executable", "/bin/false")
    last = list(Engine(balls.folder, run.number, "train").events())[-1]
    assert isinstance(last, Failed)
    assert "exit code 1" in last.message


def test_a_launcher_that_is_not_there_is_named(balls):
    with Session.open(balls.folder) as session:
        settings = Settings.from_dict(
            {"launcher": "no-such-launcher"}, base=session.project.settings
        )
        with pytest.raises(AlntError, match="no-such-launcher"):
            session.start("train", settings)


def test_a_teacher_by_command_and_by_folder(balls, tmp_path):
    with Session.open(balls.folder) as session:
        files = balls.folder.parent / "files"
        events = list(by_folder(session, str(files / "{case}_truth.nii.gz")))
        assert sum(isinstance(event, TeacherWritten) for event in events) == 4
        np.testing.assert_array_equal(
            session.project.teacher(session.project.case("ball_05")).voxels,
            balls.true_labels("ball_05"),
        )
        with pytest.raises(AlntError, match="lacks"):
            next(by_command(session, "tool {image}"))
        with pytest.raises(AlntError, match="has a mask"):
            next(by_folder(session, "nowhere/{case}.nii.gz"))


def test_a_command_makes_the_masks_that_are_missing(new_balls):
    balls = new_balls(pool=1, experts=2, taught=False)
    copy = f"{sys.executable} -c 'import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])'"
    with Session.open(balls.folder) as session:
        with pytest.raises(AlntError, match="run teach first"):
            session.start("train")
        with pytest.raises(AlntError, match="exit code 1"):
            list(by_command(session, f"{copy} nowhere {{label}} {{image}}"))
        events = list(by_command(session, f"{copy} {balls.truth['ball_02']} {{label}} {{image}}"))
        assert [event.case for event in events if isinstance(event, TeacherWritten)] == ["ball_02"]
        teacher = session.project.teacher(session.project.case("ball_02"))
        np.testing.assert_array_equal(teacher.voxels, balls.true_labels("ball_02"))
        assert list(by_command(session, "tool {image} {label}")) == [Finished(0)]


def test_the_teacher_learns_from_the_seeds_and_writes_the_pools_masks(new_balls):
    balls = new_balls(pool=2, experts=3, taught=False, seed_cases=1, reference=1, audit=1)
    with Session.open(balls.folder) as session:
        assert list(session.teach())[-1] == Finished(4, "done")
        assert session.project.teacher(session.project.case("ball_03")).voxels.max() <= 1
        assert np.isfinite(session.teacher_dice())
        assert session.validations() == ()
        assert isinstance(list(session.train())[-1], Finished)


def test_the_demo_in_small(tmp_path):
    tiny = Settings(
        patch=(16, 16, 16),
        batch=2,
        expert_batch=2,
        epochs=2,
        steps_per_epoch=2,
        validate_every=1,
        rank_every=1,
        prepare=0,
    )
    demo = make_demo(tmp_path, cases=12, settings=tiny, shape=(40, 48, 56))
    with Session.open(demo.folder) as session:
        corrections = Corrections(session, demo, count=2)
        last = list(corrections.watch(session.train()))[-1]
        assert isinstance(last, Finished)
        result = json.loads(corrections.to_json())
    assert len(result["picked"]) == 2
    assert 0 <= corrections.damaged <= 2
    with Project.open(demo.folder, write=False) as project:
        assert {row["case"] for row in result["picked"]} <= {
            case.name for case in project.by_role("reference")
        }


def test_results_in_flight_about_a_replaced_label_are_dropped(balls):
    with Session.open(balls.folder) as session:
        session._run = session.project.start_run("train", session.project.settings)
        old = session.project.case("ball_05").label_sha256
        score = CaseScored("ball_05", 3, 0.1, 0.5, 0.5, 0.2, 0.3, 0.4, 0.5, 9, label=old)
        session.apply(score)
        Radiologist(balls.truth).correct(session, "ball_05")
        session.apply(Predicted("ball_05", 3, "a.nii.gz", "b.nii.gz", 4, 0.5, label=old))
        session.apply(RankingDone(3, 1))
        assert not session.history.scores.get("ball_05")
        assert not session.history.predictions
        assert session.project.scores() == []
        session.revert("ball_05")
        session.apply(score)
        session.apply(RankingDone(3, 1))
        assert session.project.scores() == [score]


@pytest.mark.parametrize("bad", ["tool '{image} {label}", 'x "{label} {image}'])
def test_an_unclosed_quote_is_explained(balls, bad):
    with Session.open(balls.folder) as session:
        with pytest.raises(AlntError, match="quotation"):
            next(by_command(session, bad))
        settings = Settings.from_dict({"launcher": bad}, base=session.project.settings)
        with pytest.raises(AlntError, match="quotation"):
            session.start("train", settings)
        assert session.project.runs[-1].state == "failed"


def test_an_unknown_ranking_is_explained(balls):
    with Session.open(balls.folder) as session, pytest.raises(AlntError, match="foreground_random"):
        session.queue("foo")
