"""One job of the engine at a time: its state, how far it is, and the commands it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from psygnal import Signal

from napari_alnt.errors import AlntError
from napari_alnt.events import (
    NAN,
    Command,
    EpochDone,
    Event,
    Failed,
    Finished,
    Paused,
    Progress,
    Stalled,
    Started,
    StepDone,
    Warned,
)
from napari_alnt.session.engine import Engine, Job
from napari_alnt.session.session import Session
from napari_alnt.settings import Settings

JobState = Literal["idle", "starting", "running", "pausing", "paused", "stopping"]
MessageKind = Literal["", "faint", "warn", "error"]
Listen = Callable[[Engine, Callable[[Event], None], Callable[[], None]], object]
"""``listen(engine, on_event, on_end)``: hands over every event of an engine, and then its end, in
the thread that called it.
"""

HELD_UP = {"pausing": "Pausing · ", "paused": "Paused · ", "stopping": "Stopping · "}


@dataclass
class JobStatus:
    """How far a job is, made up from its events; the window and the terminal both read it.

    Attributes
    ----------
    state, job : what is being done, and which job it is; None where nothing runs
    started : the engine's first event; None until it is up
    step : the newest training step
    progress : the newest piece of a stage beside the training; None while steps are made
    """

    state: JobState = "idle"
    job: Job | None = None
    started: Started | None = None
    step: StepDone | None = None
    progress: Progress | None = None

    def apply(self, event: Event) -> None:
        """Take in one event; events that say nothing about the job are passed over."""
        match event:
            case Started():
                self.started = event
                self._begin()
            case Progress():
                self.progress = event
                self._begin()
            case StepDone():
                self.step = event
                self.progress = None
            case EpochDone():
                self.progress = None
            case Paused():
                self.state = "paused"

    def _begin(self) -> None:
        # a stop or pause that was asked for meanwhile still holds
        if self.state == "starting":
            self.state = "running"

    @property
    def training(self) -> bool:
        """Whether the student, or the teacher, is being trained."""
        return self.state != "idle" and self.job in ("train", "teach")

    @property
    def stage(self) -> str:
        """What is being done: "training", or the stage of the newest progress."""
        return self.progress.stage if self.progress else "training"

    @property
    def done(self) -> int:
        """Pieces of the stage, or training steps, that are done."""
        if self.state == "idle":
            return 0
        if self.progress is not None:
            return self.progress.done
        if self.step is not None:
            return self.step.step
        return self.started.step if self.started else 0

    @property
    def total(self) -> int:
        """Pieces or steps in all; 0 while that is not known."""
        if self.state == "idle":
            return 1
        if self.progress is not None:
            return max(self.progress.total, 1)
        return max(self.started.total, 1) if self.started else 0

    @property
    def text(self) -> str:
        """The status in words, such as "Epoch 3 · step 61 / 500"."""
        if self.state == "idle":
            return "Not training"
        if self.progress is not None:
            return f"{self.stage.capitalize()} {self.progress.done} / {self.progress.total}"
        if self.started is None:
            return "Starting the engine …"
        epoch = f"Epoch {self.step.epoch} · " if self.step else ""
        return f"{HELD_UP.get(self.state, '')}{epoch}step {self.done} / {self.started.total}"

    @property
    def seconds_left(self) -> float:
        """Seconds until the job is done; nan where that is not known."""
        if self.state == "idle":
            return NAN
        # a ranking between two steps does not change when the whole training will be done
        if self.step is not None:
            return self.step.seconds_left
        return self.progress.seconds_left if self.progress else NAN

    def sentence(self, event: Event) -> tuple[str, MessageKind]:
        """What the user is told about an event, and how urgent it is; ("", "") if nothing."""
        match event:
            # a training that rests is expected to be silent
            case Stalled() if self.state != "paused":
                minutes = f"{event.seconds / 60:.0f} minutes"
                return (
                    f"The training has said nothing for {minutes}; stop it if its step time is"
                    " shorter."
                ), "warn"
            case Warned():
                return event.message, "warn"
            case Failed():
                return event.message, "error"
            case Finished() if self.job == "train":
                stopped = event.reason == "stopped"
                ending = "Stopped; Continue takes it up again." if stopped else "Training is done."
                return ending, "faint"
            case Finished() if self.job == "teach":
                stopped = event.reason == "stopped"
                return ("Stopped." if stopped else "The teacher's masks are made."), "faint"
        return "", ""


@dataclass(frozen=True)
class _Request:
    job: Job
    settings: Settings | None = None
    cases: tuple[str, ...] = ()
    fresh: bool = False


class JobController:
    """Starts and steers the session's jobs, one at a time, and applies their events to it.

    Attributes
    ----------
    status : the state of the job, and how far it is
    event_received : every event, after the session has applied it
    message : a sentence for the user and its :data:`MessageKind`; an empty one clears the last
    changed : the state has changed
    """

    event_received = Signal(object)
    message = Signal(str, str)
    changed = Signal()

    def __init__(self, session: Session, listen: Listen) -> None:
        self.session = session
        self.status = JobStatus()
        self._listen = listen
        self._closed = False
        self._next: _Request | None = None
        self._renewed: set[tuple[str, int]] = set()

    def train(self, settings: Settings, fresh: bool = False) -> None:
        """Start or continue the training; where the pool has no teacher masks, make them first."""
        project = self.session.project
        taught = any(case.teacher for case in project.by_role("pool"))
        teach = not taught and bool(project.by_role("teacher_training"))
        self._start_or_wait(_Request("teach" if teach else "train", settings, fresh=fresh))

    def request_prediction(self, case: str) -> None:
        """Have the student's mask of a case made, or renewed if its newest ranking is younger.

        The training makes it between its steps; where nothing runs it is a job of its own.
        """
        if not self.session.project.writable or not self._needs_prediction(case):
            return
        if self.status.state != "idle" and self.status.job == "train":
            self._send(Command("predict", (case,)))
        elif self.session.last_student() is not None:
            self._start_or_wait(_Request("predict", cases=(case,)))

    def _needs_prediction(self, case: str) -> bool:
        """Whether a case has no prediction, or an older one than its newest ranking."""
        predicted = self.session.history.predictions.get(case)
        if predicted is None:
            return True
        scores = self.session.history.scores.get(case)
        if not scores or predicted.step >= scores[-1].step:
            return False
        if self.status.state == "stopping" or self.status.job == "teach":
            return False
        # asked once a ranking: a checkpoint older than it would give the same mask again and again
        asked = (case, scores[-1].step) in self._renewed
        self._renewed.add((case, scores[-1].step))
        return not asked

    def pause(self) -> None:
        """Let the training rest after the step in progress."""
        self._send(Command("pause"))
        self._set_state("pausing")

    def resume(self) -> None:
        """Go on with a training that rests."""
        self._send(Command("resume"))
        self._set_state("running")

    def stop(self) -> None:
        """End the job after the step in progress; its checkpoint is kept."""
        self._next = None
        self._send(Command("stop"))
        self._set_state("stopping")

    def close(self) -> None:
        """Take in no more events, not even those under way: the session is about to close."""
        self._closed = True
        self._next = None

    def _start_or_wait(self, request: _Request) -> None:
        if self.status.state == "idle":
            self._start(request)
        elif self.status.job != "predict":
            self.message.emit("A job is already running; stop it first.", "warn")
        elif request.job != "predict":
            # a training does not wait for the predictions in progress
            self._send(Command("stop"))
            self._next = request
        elif self._next is None:
            self._next = request
        elif self._next.job == "predict":
            self._next = _Request("predict", cases=self._next.cases + request.cases)

    def _start(self, request: _Request) -> None:
        try:
            engine = self.session.start(
                request.job, request.settings, cases=request.cases, fresh=request.fresh
            )
        except AlntError as error:
            self.message.emit(str(error), "error")
            return
        self.status = JobStatus(job=request.job)
        self.message.emit("", "")
        self._listen(engine, self._apply, self._end)
        self._set_state("starting")

    def _apply(self, event: Event) -> None:
        if self._closed:
            return
        try:
            self.session.apply(event)
        except AlntError as error:
            self.message.emit(str(error), "error")
            self.stop()
        before = self.status.state
        self.status.apply(event)
        text, kind = self.status.sentence(event)
        if text:
            self.message.emit(text, kind)
        if self.status.state != before:
            self.changed.emit()
        self.event_received.emit(event)

    def _end(self) -> None:
        if self._closed:
            return
        if self.status.job != "predict":
            self._renewed.clear()  # what a training was asked for last may not have been made
        self.status.job = None
        self.status.progress = None
        self._set_state("idle")
        following = self._next
        self._next = None
        if following is not None:
            self._start(following)

    def _send(self, command: Command) -> None:
        if self.session.engine is not None:
            self.session.engine.send(command)

    def _set_state(self, state: JobState) -> None:
        self.status.state = state
        self.changed.emit()
