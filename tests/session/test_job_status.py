"""How far a job is, by what the engine has said."""

from __future__ import annotations

import math

import pytest

from napari_alnt.events import (
    EpochDone,
    Failed,
    Finished,
    Paused,
    Progress,
    Stalled,
    Started,
    StepDone,
    Warned,
)
from napari_alnt.session.job_status import JobStatus

STARTED = Started(1, "cpu", "unet_small", 100, step=20, total=500, pool=4, experts=2, test=2)
STEP = StepDone(61, 3, 0.5, 0.4, 1e-3, seconds_left=90.0)


def status_after(*events, state="starting"):
    status = JobStatus(state, "train")
    for event in events:
        status.apply(event)
    return status


def test_nothing_runs_at_first():
    status = JobStatus()
    assert (status.done, status.total, status.text) == (0, 1, "Not training")
    assert math.isnan(status.seconds_left)
    assert not status.training


def test_until_the_engine_is_up_the_total_is_unknown():
    status = status_after()
    assert (status.done, status.total, status.text) == (0, 0, "Starting the engine …")
    assert math.isnan(status.seconds_left)


def test_a_started_training_stands_at_the_step_it_takes_up():
    status = status_after(STARTED)
    assert status.state == "running"
    assert status.training
    assert (status.done, status.total, status.text) == (20, 500, "step 20 / 500")


def test_a_step_says_how_far_the_training_is():
    status = status_after(STARTED, STEP)
    assert (status.done, status.total) == (61, 500)
    assert status.text == "Epoch 3 · step 61 / 500"
    assert status.seconds_left == 90.0
    assert status.stage == "training"


def test_a_stage_shows_its_own_pieces_but_the_trainings_time():
    status = status_after(STARTED, STEP, Progress("ranking", 2, 4, seconds_left=5.0))
    assert (status.done, status.total, status.text) == (2, 4, "Ranking 2 / 4")
    assert status.stage == "ranking"
    assert status.seconds_left == 90.0


def test_before_the_first_step_a_stages_own_time_is_shown():
    assert status_after(Progress("preparing", 1, 8, seconds_left=5.0)).seconds_left == 5.0


@pytest.mark.parametrize("event", [STEP, EpochDone(3, 61, 0.5, 0.4)])
def test_a_stage_is_over_when_steps_go_on(event):
    status = status_after(STARTED, STEP, Progress("ranking", 4, 4), event)
    assert status.stage == "training"
    assert status.text == "Epoch 3 · step 61 / 500"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("pausing", "Pausing · Epoch 3 · step 61 / 500"),
        ("stopping", "Stopping · Epoch 3 · step 61 / 500"),
        ("paused", "Paused · Epoch 3 · step 61 / 500"),
    ],
)
def test_a_held_up_training_says_so(state, text):
    status = status_after(STARTED, STEP)
    status.state = state
    assert status.text == text


def test_a_stop_that_was_asked_for_while_starting_holds():
    assert status_after(STARTED, Progress("preparing", 0, 2), state="stopping").state == "stopping"


def test_paused_comes_from_the_engine():
    assert status_after(STARTED, Paused(61), state="pausing").state == "paused"


@pytest.mark.parametrize(
    ("job", "event", "sentence"),
    [
        ("train", Warned("Mind the gap."), ("Mind the gap.", "warn")),
        ("train", Failed("Memory ran out."), ("Memory ran out.", "error")),
        ("train", Finished(9), ("Training is done.", "faint")),
        ("train", Finished(9, "stopped"), ("Stopped; Continue takes it up again.", "faint")),
        ("teach", Finished(9), ("The teacher's masks are made.", "faint")),
        ("teach", Finished(9, "stopped"), ("Stopped.", "faint")),
        ("predict", Finished(9), ("", "")),
        ("train", STEP, ("", "")),
    ],
)
def test_what_the_user_is_told(job, event, sentence):
    assert JobStatus("running", job).sentence(event) == sentence


def test_silence_is_told_in_minutes_and_is_no_news_while_paused():
    text, kind = JobStatus("running", "train").sentence(Stalled(300.0))
    assert "said nothing for 5 minutes" in text
    assert kind == "warn"
    assert JobStatus("paused", "train").sentence(Stalled(300.0)) == ("", "")


def test_silence_after_a_stop_is_a_hang_until_something_is_said():
    status = status_after(STARTED, STEP)
    status.apply(Stalled(300.0))
    assert not status.hung
    status.state = "stopping"
    status.apply(Stalled(10.0))
    assert status.hung
    text, kind = status.sentence(Stalled(10.0))
    assert "End it now" in text
    assert kind == "warn"
    status.apply(STEP)
    assert not status.hung
