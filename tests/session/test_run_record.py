"""The record of a run: what is written of the events, and which run a job works on."""

from __future__ import annotations

import dataclasses

import pytest

from napari_alnt.data import Project
from napari_alnt.errors import AlntError
from napari_alnt.events import EpochDone, LedgerRow, Predicted, RankingDone, StepDone, Tested
from napari_alnt.session.run_record import RunRecord, check_job, choose_run, last_student
from napari_alnt.settings import Settings
from napari_alnt.simulation import Radiologist

EPOCH = EpochDone(1, 3, 0.5, 0.4, (LedgerRow("ball_04", "pool", "teacher", 2, 0.1, 0.2, 0.3),))


@pytest.fixture
def run(session):
    return session.project.runs.all[-1]


@pytest.fixture
def record(session, run):
    return RunRecord(session.project, session.history, "train", run)


def give_checkpoint(run):
    run.checkpoint.parent.mkdir(exist_ok=True)
    run.checkpoint.touch()


def test_the_ledger_is_written_and_remembered(session, record):
    record.write(EPOCH)
    assert session.project.runs.ledger("ball_04")[0].trust == 0.1
    assert session.history.weighed == {"ball_04": (0.1, 0.2)}


def test_whether_it_has_begun(record):
    assert not record.started
    record.write(StepDone(1, 1, 0.5, 0.4, 1e-3, 60.0))
    assert record.started


def test_results_in_flight_about_a_replaced_label_are_dropped(session, balls, record, score_of):
    project = session.project
    old = project.case("ball_05").label_sha256
    score = score_of("ball_05", 0.5, step=3)
    record.write(score)
    Radiologist(balls.truth).correct(session, "ball_05")
    record.write(Predicted("ball_05", 3, "a.nii.gz", "b.nii.gz", 4, 0.5, mask_sha256=old))
    record.write(RankingDone(3, 1))
    assert not session.history.scores.get("ball_05")
    assert not session.history.predictions
    assert project.runs.scores() == []
    session.revert("ball_05")
    record.write(score)
    record.write(RankingDone(3, 1))
    assert project.runs.scores() == [score]


def test_scores_wait_for_the_end_of_their_ranking(session, record, score_of):
    record.write(score_of("ball_04", 0.5))
    assert session.history.scores == {}
    record.write(RankingDone(1, 1))
    assert list(session.history.scores) == ["ball_04"]
    record.write(RankingDone(2, 2))
    assert len(session.project.runs.scores(latest=False)) == 1


def test_a_prediction_that_judged_no_mask_holds(session, record):
    record.write(Predicted("ball_04", 3, "a.nii.gz", "b.nii.gz", 4, 0.5))
    assert "ball_04" in session.history.predictions


def test_the_teachers_test_is_not_on_the_students_curve(session, run):
    RunRecord(session.project, session.history, "teach", run).write(Tested(1, 1, 0.5, 3.0))
    assert session.test_results() == ()
    assert [one.dice for one in session.project.runs.test_results([run.number])] == [0.5]


def test_a_run_ends_with_its_step_or_the_last_one_known(session, run):
    runs = session.project.runs
    record = RunRecord(session.project, session.history, "train", run)
    record.write(EPOCH)
    record.end("failed")
    assert (runs.get(1).state, runs.get(1).step) == ("failed", 3)
    record.end("stopped", 5)
    assert (runs.get(1).state, runs.get(1).step) == ("stopped", 5)


def test_a_job_that_only_uses_a_run_does_not_end_it(session, run):
    RunRecord(session.project, session.history, "rank", run).end("done", 5)
    assert session.project.runs.get(1) == run


def test_the_last_student_is_the_newest_training_with_a_checkpoint(session, run):
    project = session.project
    assert last_student(project) is None
    give_checkpoint(run)
    give_checkpoint(project.runs.start("teach", project.settings))
    project.runs.start("train", project.settings)
    assert last_student(project).number == 1


def test_a_training_is_resumed_unless_it_is_done_or_its_settings_changed(session, run):
    project = session.project
    give_checkpoint(run)
    assert choose_run(project, "train") == run
    fresh = choose_run(project, "train", fresh=True)
    assert (fresh.number, fresh.parent) == (2, None)
    project.save_settings(dataclasses.replace(project.settings, mu=0.5))
    changed = choose_run(project, "train")
    assert (changed.parent, changed.settings.mu) == (1, 0.5)
    project.save_settings(run.settings)
    project.runs.finish(1, "done", 6)
    assert choose_run(project, "train").parent == 1


def test_ranking_uses_the_last_students_run_and_teaching_a_new_one(session, run):
    with pytest.raises(AlntError, match="run train first"):
        choose_run(session.project, "rank")
    give_checkpoint(run)
    assert choose_run(session.project, "predict") == run
    taught = choose_run(session.project, "teach")
    assert (taught.job, taught.parent) == ("teach", None)


def test_a_job_needs_its_cases(session, new_balls):
    check_job(session.project, "train")
    with pytest.raises(AlntError, match="nobody"):
        check_job(session.project, "predict", ["ball_04", "nobody"])
    with pytest.raises(AlntError, match="teacher_training"):
        check_job(session.project, "teach")
    with (
        Project.open(new_balls(pool=1, experts=2, taught=False).folder) as untaught,
        pytest.raises(AlntError, match="run teach first"),
    ):
        check_job(untaught, "train")


def test_settings_of_the_run_are_those_of_the_project_at_its_start(session):
    settings = Settings.from_dict({"seed": 4}, session.project.settings)
    session.project.save_settings(settings)
    assert choose_run(session.project, "train", fresh=True).settings == settings
