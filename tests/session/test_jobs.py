"""The state machine of the jobs, without a window and without an engine."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from napari_alnt.errors import AlntError
from napari_alnt.events import (
    CaseScored,
    EpochDone,
    Failed,
    Finished,
    Paused,
    Predicted,
    Progress,
    Stalled,
    Started,
    StepDone,
    Warned,
)
from napari_alnt.session.jobs import JobController, JobStatus
from napari_alnt.settings import Settings

STARTED = Started(1, "cpu", "unet_small", 100, step=20, total=500, pool=4, experts=2, test=2)
STEP = StepDone(61, 3, 0.5, 0.4, 1e-3, seconds_left=90.0)


# the status -------------------------------------------------------------------------------------


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


# the controller ---------------------------------------------------------------------------------


class FakeEngine:
    def __init__(self):
        self.sent = []

    def send(self, command):
        self.sent.append((command.name, *command.cases))


@dataclass
class FakeSession:
    """What the controller asks of a session; ``starts`` are the jobs that were begun."""

    teacher: bool = True
    teacher_training: tuple = ()
    writable: bool = True
    student: bool = True
    refuses: str = ""
    starts: list = field(default_factory=list)
    applied: list = field(default_factory=list)

    def __post_init__(self):
        pool = [SimpleNamespace(teacher="mask" if self.teacher else None)]
        roles = {"pool": pool, "teacher_training": self.teacher_training}
        self.project = SimpleNamespace(writable=self.writable, by_role=roles.get)
        self.history = SimpleNamespace(predictions={}, scores={})
        self.engine = None

    def start(self, job, settings=None, *, cases=(), fresh=False):
        if self.refuses:
            raise AlntError(self.refuses)
        self.starts.append((job, cases, fresh))
        self.settings = settings
        self.engine = FakeEngine()
        return self.engine

    def apply(self, event):
        if isinstance(event, Failed) and event.message == "no room in the table":
            raise AlntError("The disk is full.")
        self.applied.append(event)

    def last_student(self):
        return "run 1" if self.student else None


class Desk:
    """A controller with a session that is none; ``hear`` and ``end`` are what the engine does."""

    def __init__(self, **session):
        self.session = FakeSession(**session)
        self.jobs = JobController(self.session, self._listen)
        self.messages, self.received, self.states = [], [], []
        self.jobs.message.connect(lambda text, kind: self.messages.append((text, kind)))
        self.jobs.event_received.connect(self.received.append)
        self.jobs.changed.connect(lambda: self.states.append(self.jobs.status.state))

    def _listen(self, engine, on_event, on_end):
        self.engine, self.hear, self.end = engine, on_event, on_end

    def rank(self, case, step):
        """A ranking of a case that has had a prediction at step 1."""
        self.session.history.predictions[case] = Predicted(case, 1, "s", "t", 0, 0.5)
        self.session.history.scores[case] = [CaseScored(case, step)]


@pytest.fixture
def desk():
    return Desk()


def test_a_training_from_start_to_end(desk):
    settings = Settings(epochs=7)
    desk.jobs.train(settings, fresh=True)
    assert desk.session.starts == [("train", (), True)]
    assert desk.session.settings is settings
    for event in (STARTED, STEP, Finished(61)):
        desk.hear(event)
    desk.end()
    assert desk.states == ["starting", "running", "idle"]
    assert desk.session.applied == desk.received == [STARTED, STEP, Finished(61)]
    assert desk.messages == [("", ""), ("Training is done.", "faint")]
    assert desk.jobs.status.job is None


def test_a_pool_without_teacher_masks_is_taught_first():
    desk = Desk(teacher=False, teacher_training=("case",))
    desk.jobs.train(Settings())
    assert desk.session.starts == [("teach", (), False)]


def test_without_anything_to_teach_with_the_sessions_refusal_is_shown():
    desk = Desk(teacher=False, refuses="No case in the pool has a teacher mask.")
    desk.jobs.train(Settings())
    assert desk.messages == [("No case in the pool has a teacher mask.", "error")]
    assert desk.jobs.status.state == "idle"


def test_pause_resume_and_stop_are_sent(desk):
    desk.jobs.train(Settings())
    desk.hear(STARTED)
    desk.jobs.pause()
    assert desk.jobs.status.state == "pausing"
    desk.hear(Paused(20))
    desk.hear(Stalled(300.0))
    desk.jobs.resume()
    desk.jobs.stop()
    assert desk.engine.sent == [("pause",), ("resume",), ("stop",)]
    assert desk.states == ["starting", "running", "pausing", "paused", "running", "stopping"]
    assert desk.messages == [("", "")]


def test_one_job_at_a_time(desk):
    desk.jobs.train(Settings())
    desk.jobs.train(Settings())
    assert len(desk.session.starts) == 1
    assert desk.messages[-1] == ("A job is already running; stop it first.", "warn")


def test_what_cannot_be_written_down_stops_the_job(desk):
    desk.jobs.train(Settings())
    desk.hear(Failed("no room in the table"))
    assert ("The disk is full.", "error") in desk.messages
    assert desk.engine.sent == [("stop",)]
    assert desk.jobs.status.state == "stopping"


def test_a_closed_controller_takes_in_nothing_more(desk):
    desk.jobs.train(Settings())
    desk.jobs.close()
    desk.hear(STARTED)
    desk.end()
    assert desk.session.applied == desk.received == []
    assert desk.states == ["starting"]


def test_predictions_wait_for_those_before_and_go_together(desk):
    for case in "abc":
        desk.jobs.request_prediction(case)
    assert desk.session.starts == [("predict", ("a",), False)]
    desk.end()
    assert desk.session.starts[1:] == [("predict", ("b", "c"), False)]


def test_a_training_ends_a_prediction_and_is_not_replaced_by_the_next(desk):
    desk.jobs.request_prediction("a")
    desk.jobs.train(Settings())
    desk.jobs.request_prediction("b")
    assert desk.engine.sent == [("stop",)]
    desk.end()
    assert [job for job, *_ in desk.session.starts] == ["predict", "train"]


def test_a_stop_forgets_what_waited(desk):
    desk.jobs.request_prediction("a")
    desk.jobs.train(Settings())
    desk.jobs.stop()
    desk.end()
    assert len(desk.session.starts) == 1
    assert desk.jobs.status.state == "idle"


def test_a_running_training_makes_predictions_between_its_steps(desk):
    desk.jobs.train(Settings())
    desk.jobs.request_prediction("a")
    assert desk.engine.sent == [("predict", "a")]
    assert len(desk.session.starts) == 1


@pytest.mark.parametrize("lacking", [{"student": False}, {"writable": False}])
def test_no_prediction_without_a_student_or_in_a_read_only_project(lacking):
    desk = Desk(**lacking)
    desk.jobs.request_prediction("a")
    assert desk.session.starts == []


def test_a_prediction_older_than_its_ranking_is_renewed_once_a_ranking(desk):
    desk.rank("a", step=1)
    desk.jobs.request_prediction("a")
    assert desk.session.starts == []
    for step in (5, 9):
        desk.rank("a", step)
        for _ in range(2):
            desk.jobs.request_prediction("a")
            if desk.jobs.status.state != "idle":
                desk.end()
    assert desk.session.starts == [("predict", ("a",), False)] * 2


def test_after_a_training_a_prediction_may_be_asked_for_again(desk):
    desk.jobs.train(Settings())
    desk.rank("a", step=5)
    desk.jobs.request_prediction("a")
    desk.jobs.request_prediction("a")
    assert desk.engine.sent == [("predict", "a")]
    desk.end()
    desk.jobs.request_prediction("a")
    assert desk.session.starts[-1] == ("predict", ("a",), False)


def test_a_training_that_is_stopping_is_not_asked_to_renew(desk):
    desk.jobs.train(Settings())
    desk.rank("a", step=5)
    desk.jobs.stop()
    desk.jobs.request_prediction("a")
    assert desk.engine.sent == [("stop",)]
