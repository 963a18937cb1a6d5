"""The runner: one job at a time, and no event is lost in silence."""

from __future__ import annotations

import dataclasses
import json

import pytest

from napari_alnt.errors import AlntError
from napari_alnt.events import EpochDone, Failed, Finished, LedgerRow, TeacherWritten, Warned
from napari_alnt.ranking import rules
from napari_alnt.session import Session
from napari_alnt.session import runner as runner_module
from napari_alnt.settings import Settings

EPOCH = EpochDone(1, 3, 0.5, 0.4, (LedgerRow("ball_04", "pool", "teacher", 2, 0.1, 0.2, 0.3),))


@pytest.fixture
def changed(session):
    """The names of the runner's signals that were emitted."""
    found = []
    for name in ("queue_changed", "run_changed", "settings_changed"):
        getattr(session, name).connect(lambda name=name: found.append(name))
    return found


def test_a_job_that_is_followed_is_written_down(session, child, changed):
    child(EPOCH, Finished(4, "stopped"))
    assert list(session.train()) == [EPOCH, Finished(4, "stopped")]
    run = session.project.runs.all[-1]
    assert (run.number, run.state, run.step) == (2, "stopped", 4)
    assert [row.run for row in session.project.runs.ledger("ball_04")] == [2]
    assert changed == ["run_changed", "queue_changed", "run_changed"]
    assert not session.engine.running


def test_a_job_that_is_followed_no_further_is_stopped(session, child):
    child(EPOCH, then="exec sleep 60")
    events = session.train()
    assert next(events) == EPOCH
    events.close()
    assert not session.engine.running
    assert session.project.runs.all[-1].state == "stopped"


def test_a_failure_ends_the_run(session, child):
    child(then="exit 1")
    (last,) = session.train()
    assert isinstance(last, Failed)
    assert session.project.runs.all[-1].state == "failed"


def test_there_is_one_job_at_a_time(session, child):
    child(EPOCH, then="exec sleep 60")
    session.start("train")
    with pytest.raises(AlntError, match="already running"):
        session.start("train")
    assert len(session.project.runs.all) == 2


def test_events_that_nobody_applied_are_missed_at_the_next_start(session, child):
    child(EPOCH, Finished(4))
    list(session.start("train").events())
    with pytest.raises(AlntError, match=r"Session\.apply"):
        session.start("train")
    assert session.project.runs.all[-1].state == "stopped"
    assert isinstance(list(session.train())[-1], Finished)


def test_events_that_nobody_applied_are_missed_at_the_close(balls, child):
    child(EPOCH, Finished(4))
    session = Session.open(balls.folder)
    list(session.start("train").events())
    with pytest.raises(AlntError, match=r"Session\.apply"):
        session.close()
    with Session.open(balls.folder) as again:
        assert again.project.runs.all[-1].state == "stopped"


def test_a_window_may_close_while_events_are_on_their_way(balls, child):
    child(EPOCH, Warned("slow"), then="exec sleep 60")
    with Session.open(balls.folder) as session:
        events = session.start("train").events()
        session.apply(next(events))
        next(events)
    with Session.open(balls.folder) as again:
        assert again.project.runs.all[-1].state == "stopped"


def test_a_window_may_close_before_it_has_applied_any_event(balls, child):
    child(EPOCH, Finished(4))
    session = Session.open(balls.folder)
    list(session.start("train").events())
    session.close(discard=True)
    with Session.open(balls.folder) as again:
        assert again.project.runs.all[-1].state == "stopped"


def test_new_settings_are_saved_with_the_job_that_they_are_for(session, child, changed):
    child(Finished(4))
    settings = dataclasses.replace(session.project.settings, mu=0.25)
    list(session.train(settings))
    assert session.project.settings == settings == session.project.runs.all[-1].settings
    list(session.train(settings))
    assert changed.count("settings_changed") == 1


def test_a_launcher_that_is_not_there_is_named(session, changed):
    settings = Settings.from_dict({"launcher": "no-such-launcher"}, session.project.settings)
    with pytest.raises(AlntError, match="no-such-launcher"):
        session.start("train", settings)
    assert session.project.runs.all[-1].state == "failed"
    assert changed[-1] == "run_changed"


@pytest.mark.parametrize("bad", ["tool '{image} {label}", 'x "{label} {image}'])
def test_an_unclosed_quote_is_explained(session, bad):
    settings = Settings.from_dict({"launcher": bad}, base=session.project.settings)
    with pytest.raises(AlntError, match="quotation"):
        session.start("train", settings)
    assert session.project.runs.all[-1].state == "failed"


def test_a_ranking_that_does_not_fit_is_refused_before_it_is_saved(session, rank, monkeypatch):
    rank()

    def checked(scores):
        return rules._checked("odd", lambda _: [0.5], scores)

    monkeypatch.setattr(runner_module, "rule", lambda _: checked)
    before = session.project.settings
    with pytest.raises(AlntError, match="odd"):
        session.start("train", dataclasses.replace(before, ranking="loss"))
    assert session.project.settings == before
    assert len(session.project.runs.all) == 1


def test_a_fresh_training_starts_with_an_empty_history(session, rank, child):
    rank()
    child(Finished(4))
    list(session.train(fresh=True))
    assert session.history.scores == {}
    assert session.project.runs.all[-1].parent is None


def test_a_teachers_mask_becomes_the_cases_and_its_scores_are_forgotten(session, rank, balls):
    rank()
    session.apply(TeacherWritten("ball_05", str(balls.truth["ball_05"])))
    assert session.project.case("ball_05").teacher == balls.truth["ball_05"]
    assert "ball_05" not in session.history.scores


def test_a_launcher_of_the_project_or_its_runs_is_never_run(session, child, tmp_path):
    child(Finished(4))
    canary = tmp_path / "canary"
    values = session.project.settings.to_dict() | {"launcher": f"touch {canary}"}
    with session.project.change() as table:
        for sql in (
            "UPDATE meta SET value = ? WHERE key = 'settings'",
            "UPDATE runs SET settings = ?",
        ):
            table.execute(sql, (json.dumps(values),))
    assert isinstance(list(session.train())[-1], Finished)
    assert not canary.exists()
    assert all(not run.settings.launcher for run in session.project.runs.all)
