"""One job of the engine at a time: its state, how far it is, and the commands it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from psygnal import Signal

from napari_alnt.data import Project, Run
from napari_alnt.errors import AlntError
from napari_alnt.events import Command, Event, Stalled
from napari_alnt.session.engine import Engine, Job
from napari_alnt.session.job_status import JobState, JobStatus
from napari_alnt.session.propagation import propagate_command
from napari_alnt.session.readiness import what_is_lacking
from napari_alnt.session.session import Session
from napari_alnt.settings import Settings

Result = TypeVar("Result")
BESIDE: tuple[Job | None, ...] = ("predict", "propagate")
"""Jobs that a training makes between its steps; others do not wait for their end."""


class Heard(Protocol):
    """What has events to listen to."""

    def events(self) -> Iterator[Event | AlntError]:
        """Every event, and the error of one that could not be written down; may wait long."""


Listen = Callable[[Heard, Callable[[Event | AlntError], None], Callable[[], None]], object]
"""``listen(heard, on_event, on_end)``: hands over all that ``heard.events()`` gives, and then its
end, in the thread that called it; the events themselves are read in another.
"""


class Call(Protocol):
    """How a call is made that may wait for a disk."""

    def __call__(
        self,
        function: Callable[[], Result],
        *,
        done: Callable[[Result], None],
        failed: Callable[[AlntError], None],
    ) -> None:
        """Hand its result to ``done`` or its error to ``failed``, in the thread that called it."""


def call_now(
    function: Callable[[], Result],
    *,
    done: Callable[[Result], None],
    failed: Callable[[AlntError], None],
) -> None:
    """Make a call here and now, as where nobody looks at a window meanwhile."""
    try:
        result = function()
    except AlntError as error:
        failed(error)
    else:
        done(result)


@dataclass(frozen=True)
class _Request:
    job: Job
    settings: Settings | None = None
    cases: tuple[str, ...] = ()
    fresh: bool = False
    asked: Command | None = None


def _begin(session: Session, request: _Request) -> tuple[Job, Engine]:
    """Start the engine on a job; the disk may be waited for."""
    job = request.job
    if job == "propagate":
        return job, session.start(job, asked=request.asked)
    if job == "train" and (lack := what_is_lacking(session.project)):
        raise AlntError(lack.text)
    if job == "train" and _needs_teacher(session.project):
        job = "teach"
    return job, session.start(job, request.settings, cases=request.cases, fresh=request.fresh)


def _needs_teacher(project: Project) -> bool:
    taught = any(case.teacher for case in project.by_role("pool"))
    return not taught and bool(project.by_role("teacher_training"))


class Applied:
    """An engine of which each event has been written down when it is handed over."""

    def __init__(self, engine: Engine, apply: Callable[[Event], None]) -> None:
        self._engine = engine
        self._apply = apply

    def events(self) -> Iterator[Event | AlntError]:
        """The engine's events, each after the error, if any, with which it was not applied."""
        for event in self._engine.events():
            try:
                self._apply(event)
            except AlntError as error:
                yield error
            yield event


class JobController:
    """Starts and steers the session's jobs, one at a time, and applies their events to it.

    Its methods belong to one thread, in which its signals are emitted; what may wait for a disk is
    done by ``call`` and ``listen``, which may do it in others.

    Attributes
    ----------
    status : the state of the job, and how far it is
    event_received : every event, after the session has applied it
    message : a sentence for the user and its kind, see :meth:`JobStatus.sentence`; an empty one
        clears the last
    changed : the state has changed
    """

    event_received = Signal(object)
    message = Signal(str, str)
    changed = Signal()

    def __init__(self, session: Session, listen: Listen, call: Call = call_now) -> None:
        self.session = session
        self.status = JobStatus()
        self._listen = listen
        self._call = call
        self._closed = False
        self._engine: Engine | None = None
        self._unsent: list[Command] = []  # for an engine that is about to start
        self._next: _Request | None = None
        self._renewed: set[tuple[str, int]] = set()

    def train(self, settings: Settings, fresh: bool = False) -> None:
        """Start or continue the training; where the pool has no teacher masks, make them first."""
        self._start_or_wait(_Request("train", settings, fresh=fresh))

    def request_prediction(self, case: str) -> None:
        """Have the student's mask of a case made, or renewed if its newest ranking is younger.

        The training makes it between its steps; where nothing runs it is a job of its own.
        """
        if not self.session.project.writable or not self._needs_prediction(case):
            return
        if self.status.state != "idle" and self.status.job == "train":
            self._send(Command("predict", (case,)))
        else:
            self._call(
                self.session.last_student, done=partial(self._predict, case), failed=self._refuse
            )

    def _predict(self, case: str, student: Run | None) -> None:
        if student is not None and not self._closed:
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

    def propagate(self, case: str, slices: Sequence[int], axis: int = 0) -> None:
        """Have a mask proposed for the other slices, from the saved draft, in the place of what was
        asked before. ``Propagated`` or ``NotPropagated`` follows, or a message says why neither.
        """
        try:
            asked = propagate_command(self.session.project, case, slices, axis)
        except AlntError as error:
            return self.message.emit(str(error), "error")
        if self.status.job == "train" and self.status.state not in ("idle", "stopping"):
            self._send(asked)
        else:
            self._start_or_wait(_Request("propagate", asked=asked))

    def cancel_propagation(self) -> None:
        """End a propagation, or do not begin it; a training goes on."""
        if self.status.job == "train":
            self._send(Command("cancel"))
        elif "propagate" in (self.status.job, self._next.job if self._next else None):
            self.stop()

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

    def kill(self) -> None:
        """End a job that hangs at once; what it has learned since its last checkpoint is lost."""
        self._next = None
        self._kill_engine()

    def _kill_engine(self) -> None:
        if self._engine is not None:
            self._engine.kill()

    def close(self) -> None:
        """Take in no more events, not even those under way: the session is about to close."""
        self._closed = True
        self._next = None

    def _start_or_wait(self, request: _Request) -> None:
        if self.status.state == "idle":
            self._start(request)
        elif self.status.job not in BESIDE:
            self.message.emit("A job is already running; stop it first.", "warn")
        elif request.job != "predict":
            # neither a training nor a propagation waits for what is in progress
            self._send(Command("stop"))
            self._next = request
        elif self._next is None:
            self._next = request
        elif self._next.job == "predict":
            self._next = _Request("predict", cases=self._next.cases + request.cases)

    def _start(self, request: _Request) -> None:
        self.status = JobStatus(job=request.job)
        self._unsent.clear()
        self._set_state("starting")
        self._call(partial(_begin, self.session, request), done=self._begun, failed=self._refuse)

    def _begun(self, begun: tuple[Job, Engine]) -> None:
        if self._closed:
            return
        self.status.job, self._engine = begun
        for command in self._unsent:
            self._engine.send(command)
        self.message.emit("", "")
        self._listen(Applied(self._engine, self._apply), self._take, self._end)

    def _refuse(self, error: AlntError) -> None:
        if self._closed:
            return
        if self._engine is None and self.status.state != "idle":
            self.status.job = None
            self._set_state("idle")
        self.message.emit(str(error), "error")

    def _apply(self, event: Event) -> None:
        if not self._closed:
            self.session.apply(event)

    def _take(self, event: Event | AlntError) -> None:
        if self._closed:
            return
        if isinstance(event, AlntError):
            self.message.emit(str(event), "error")
            self.stop()
            return
        if isinstance(event, Stalled) and self._next is not None and self._next.job != "predict":
            # it was asked to stop for a training, and nobody misses what it would have predicted
            self._kill_engine()
        before = self.status.state, self.status.hung
        self.status.apply(event)
        text, kind = self.status.sentence(event)
        if text:
            self.message.emit(text, kind)
        if (self.status.state, self.status.hung) != before:
            self.changed.emit()
        self.event_received.emit(event)

    def _end(self) -> None:
        if self._closed:
            return
        if self.status.job not in BESIDE:
            self._renewed.clear()  # what a training was asked for last may not have been made
        self._engine = None
        self.status.job = None
        self.status.progress = None
        self.status.hung = False
        self._set_state("idle")
        following, self._next = self._next, None
        if following is not None:
            self._start(following)

    def _send(self, command: Command) -> None:
        if self._engine is not None:
            self._engine.send(command)
        else:
            self._unsent.append(command)

    def _set_state(self, state: JobState) -> None:
        self.status.state = state
        self.changed.emit()
