"""The state machine of the jobs, without a window and without an engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from napari_alnt.errors import AlntError
from napari_alnt.events import (
    CaseScored,
    Failed,
    Finished,
    Paused,
    Predicted,
    Stalled,
    Started,
    StepDone,
)
from napari_alnt.session.jobs import JobController, call_now
from napari_alnt.settings import Settings

STARTED = Started(1, "cpu", "unet_small", 100, step=20, total=500, pool=4, experts=2, test=2)
STEP = StepDone(61, 3, 0.5, 0.4, 1e-3, seconds_left=90.0)


class FakeEngine:
    def __init__(self):
        self.sent = []
        self.said = []

    def send(self, command):
        self.sent.append((command.name, *command.cases, *command.slices))

    def events(self):
        while self.said:
            yield self.said.pop(0)

    def kill(self):
        self.sent.append(("kill",))


def a_case(name):
    return SimpleNamespace(name=name, shape=(9, 9, 9))


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
        self.project = SimpleNamespace(writable=self.writable, by_role=roles.get, case=a_case)
        self.history = SimpleNamespace(predictions={}, scores={})
        self.engine = None

    def start(self, job, settings=None, *, cases=(), fresh=False, asked=None):
        if self.refuses:
            raise AlntError(self.refuses)
        self.starts.append((job, asked.cases + asked.slices if asked else cases, fresh))
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

    def __init__(self, call=call_now, **session):
        self.session = FakeSession(**session)
        self.jobs = JobController(self.session, self._listen, call)
        self.messages, self.received, self.states = [], [], []
        self.jobs.message.connect(lambda text, kind: self.messages.append((text, kind)))
        self.jobs.event_received.connect(self.received.append)
        self.jobs.changed.connect(lambda: self.states.append(self.jobs.status.state))

    def _listen(self, heard, on_event, on_end):
        self.engine, self.end = self.session.engine, on_end

        def hear(event):
            self.engine.said.append(event)
            for one in heard.events():
                on_event(one)

        self.hear = hear

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


def test_without_anything_to_teach_with_the_window_says_what_to_do():
    desk = Desk(teacher=False)
    desk.jobs.train(Settings())
    ((text, kind),) = desk.messages
    assert text.startswith("The case to correct has no teacher mask")
    assert kind == "error"
    assert desk.session.starts == []
    assert desk.jobs.status.state == "idle"


def test_the_sessions_refusal_is_shown():
    desk = Desk(refuses="Nothing can run here.")
    desk.jobs.train(Settings())
    assert desk.messages == [("Nothing can run here.", "error")]
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


def test_a_training_propagates_between_its_steps_and_can_be_told_not_to(desk):
    desk.jobs.train(Settings())
    desk.jobs.propagate("a", [5, 3])
    desk.jobs.cancel_propagation()
    assert desk.engine.sent == [("propagate", "a", 3, 5), ("cancel",)]
    assert [job for job, *_ in desk.session.starts] == ["train"]
    desk.jobs.stop()
    desk.jobs.propagate("a", [5])
    assert desk.messages[-1] == ("A job is already running; stop it first.", "warn")


def test_where_nothing_runs_a_propagation_is_a_job_of_its_own(desk):
    desk.jobs.request_prediction("a")
    desk.jobs.propagate("a", [3])
    assert desk.engine.sent == [("stop",)]  # nobody waits for a prediction
    desk.end()
    desk.jobs.propagate("a", [3, 5])
    assert desk.engine.sent == [("stop",)]  # the newest counts
    desk.end()
    assert desk.session.starts[1:] == [
        ("propagate", ("a", 3), False),
        ("propagate", ("a", 3, 5), False),
    ]
    desk.jobs.cancel_propagation()
    assert desk.engine.sent == [("stop",)]
    desk.end()
    assert desk.jobs.status.state == "idle"


def test_a_propagation_that_has_not_begun_is_not_begun(desk):
    desk.jobs.cancel_propagation()  # there is none
    desk.jobs.request_prediction("a")
    desk.jobs.propagate("a", [3])
    desk.jobs.cancel_propagation()
    desk.end()
    assert [job for job, *_ in desk.session.starts] == ["predict"]


def test_slices_that_are_not_there_are_a_message(desk):
    desk.jobs.propagate("a", [9])
    ((text, kind),) = desk.messages
    assert "no axial slice 9" in text
    assert kind == "error"
    assert desk.session.starts == []


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


def test_a_hung_job_is_ended_and_another_can_start(desk):
    desk.jobs.train(Settings())
    desk.jobs.stop()
    desk.hear(Stalled(10.0))
    assert desk.jobs.status.hung
    desk.jobs.kill()
    desk.hear(Finished(20, "stopped"))
    desk.end()
    assert desk.engine.sent == [("stop",), ("kill",)]
    assert desk.jobs.status.state == "idle"
    assert not desk.jobs.status.hung
    desk.jobs.train(Settings())
    assert len(desk.session.starts) == 2


class Later(list):
    """Calls that are made when the test says so, as those of a window are."""

    def __call__(self, function, *, done, failed):
        self.append((function, done, failed))

    def make(self):
        call_now(self[0][0], done=self[0][1], failed=self.pop(0)[2])


def test_what_is_asked_of_an_engine_that_is_not_up_yet_reaches_it():
    later = Later()
    desk = Desk(call=later)
    desk.jobs.train(Settings())
    assert desk.jobs.status.state == "starting"
    desk.jobs.request_prediction("a")
    desk.jobs.stop()
    assert desk.session.starts == []
    later.make()
    assert desk.engine.sent == [("predict", "a"), ("stop",)]
    assert desk.jobs.status.state == "stopping"
    desk.hear(STARTED)
    assert desk.jobs.status.state == "stopping"


def test_a_start_that_fails_later_is_said_and_can_be_tried_again():
    later = Later()
    desk = Desk(call=later, refuses="The table is in use by another program.")
    desk.jobs.train(Settings())
    later.make()
    assert desk.states == ["starting", "idle"]
    assert desk.messages == [("The table is in use by another program.", "error")]
    desk.session.refuses = ""
    desk.jobs.train(Settings())
    later.make()
    assert desk.session.starts == [("train", (), False)]


def test_a_controller_that_was_closed_while_a_job_started_hears_nothing():
    later = Later()
    desk = Desk(call=later)
    desk.jobs.train(Settings())
    desk.jobs.close()
    later.make()
    assert desk.states == ["starting"]
    assert not hasattr(desk, "hear")


def test_a_prediction_that_hangs_does_not_keep_a_training_waiting(desk):
    desk.jobs.request_prediction("a")
    desk.hear(Stalled(300.0))  # nothing waits for it
    assert desk.engine.sent == []
    desk.jobs.train(Settings())
    desk.hear(Stalled(10.0))
    assert desk.engine.sent == [("stop",), ("kill",)]
    desk.end()
    assert [job for job, *_ in desk.session.starts] == ["predict", "train"]
