"""Jobs of the engine, and the row of buttons that starts, pauses and stops them."""

from __future__ import annotations

import math
from typing import Any

from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from napari_alnt.errors import AlntError
from napari_alnt.events import (
    Command,
    EpochDone,
    Failed,
    Finished,
    Paused,
    Progress,
    Started,
    StepDone,
    Warned,
)
from napari_alnt.session import Session
from napari_alnt.settings import Settings
from napari_alnt.widgets.style import button, duration, label, say
from napari_alnt.widgets.worker import Listener


class Jobs(QObject):
    """What the engine does for this window: one job at a time.

    ``state`` is "idle", "starting", "running", "pausing", "paused" or "stopping". ``heard`` carries
    every event after the session has applied it; ``said`` a sentence and its kind.
    """

    heard = Signal(object)
    changed = Signal()
    said = Signal(str, str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.state, self.job = "idle", ""
        self.started: Started | None = None
        self.step: StepDone | None = None
        self.progress: Progress | None = None
        self._listener: Listener | None = None
        self._closed = False
        self._next: tuple[str, dict[str, Any]] | None = None
        self._renewed: set[tuple[str, int]] = set()

    @property
    def training(self) -> bool:
        """Whether the student, or the teacher, is being trained."""
        return self.state != "idle" and self.job in ("train", "teach")

    def train(self, settings: Settings, fresh: bool = False) -> None:
        """Start or continue the training; where the pool has no teacher masks yet, make them
        first.
        """
        pool = self.session.project.by_role("pool")
        teach = not any(case.teacher for case in pool) and bool(
            self.session.project.by_role("seed")
        )
        self._start_or_wait("teach" if teach else "train", {"settings": settings, "fresh": fresh})

    def picture(self, case: str) -> None:
        """Have the student's mask of a case made, or renewed once the student of a newer ranking
        has one to show.

        The training makes it between its steps; where nothing runs it is a job of its own.
        """
        if not self.session.project.writable or not self._wanted(case):
            return
        if self.state != "idle" and self.job == "train":
            self._send("predict", case)
        elif self.session.last_student() is not None:
            self._start_or_wait("predict", {"cases": [case]})

    def _wanted(self, case: str) -> bool:
        """Whether there is no picture of a case, or one older than its newest ranking that nobody
        asked for yet.
        """
        predicted = self.session.history.predictions.get(case)
        if predicted is None:
            return True
        scores = self.session.history.scores.get(case)
        if (
            not scores
            or predicted.step >= scores[-1].step
            or self.state == "stopping"
            or self.job == "teach"
        ):
            return False
        # asked once: a checkpoint older than the ranking would give the same picture again and
        # again
        asked = (case, scores[-1].step) in self._renewed
        self._renewed.add((case, scores[-1].step))
        return not asked

    def pause(self) -> None:
        """Let the training rest after the step in progress."""
        self._send("pause")
        self._become("pausing")

    def resume(self) -> None:
        """Go on."""
        self._send("resume")
        self._become("running")

    def stop(self) -> None:
        """End the job after the step in progress; its checkpoint is kept."""
        self._next = None
        self._send("stop")
        self._become("stopping")

    def close(self) -> None:
        """Hear no more, not even what is already on its way: the session is about to close."""
        self._closed, self._next = True, None

    def _start_or_wait(self, job: str, arguments: dict[str, Any]) -> None:
        if self.state == "idle":
            self._start(job, arguments)
        elif self.job == "predict":
            # a training that is asked for does not wait for pictures; pictures wait for those
            # before
            if job != "predict":
                self._send("stop")
            elif self._next is not None:
                job, waiting = self._next
                arguments = (
                    {**waiting, "cases": waiting["cases"] + arguments["cases"]}
                    if job == "predict"
                    else waiting
                )
            self._next = (job, arguments)
        else:
            self.said.emit("A job is already running; stop it first.", "warn")

    def _start(self, job: str, arguments: dict[str, Any]) -> None:
        self.started = self.step = self.progress = None
        try:
            engine = self.session.start(job, **arguments)  # type: ignore[arg-type]
        except AlntError as error:
            self.said.emit(str(error), "error")
            return
        self.job = job
        self.said.emit("", "")
        self._listener = Listener(engine, self)
        self._listener.heard.connect(self._hear)
        self._listener.ended.connect(self._ended)
        self._become("starting")

    def _hear(self, event: Any) -> None:
        if self._closed:
            return
        try:
            self.session.apply(event)
        except AlntError as error:
            self.said.emit(str(error), "error")
            self.stop()
        self._note(event)
        self.heard.emit(event)

    def _note(self, event: Any) -> None:
        match event:
            case Started():
                self.started = event
                self._become("running" if self.state == "starting" else self.state)
            case Progress():
                self.progress = event
                self._become("running" if self.state == "starting" else self.state)
            case StepDone():
                self.step, self.progress = event, None
            case EpochDone():
                self.progress = None
            case Paused():
                self._become("paused")
            case Warned() if not (self.state == "paused" and "said nothing" in event.message):
                self.said.emit(event.message, "warn")
            case Failed():
                self.said.emit(event.message, "error")
            case Finished() if self.job in ("train", "teach"):
                self.said.emit(self._ending(event), "faint")

    def _ending(self, event: Finished) -> str:
        if event.reason == "stopped":
            return "Stopped; Continue takes it up again." if self.job == "train" else "Stopped."
        return "Training is done." if self.job == "train" else "The teacher's masks are made."

    def _ended(self) -> None:
        if self._listener is not None:
            self._listener.deleteLater()
        self._listener = None
        if self._closed:
            return
        if self.job != "predict":
            self._renewed.clear()  # what a training was asked for last may not have been made
        self.job, self.progress = "", None
        self._become("idle")
        following, self._next = self._next, None
        if following is not None:
            self._start(*following)

    def _send(self, name: Any, *cases: str) -> None:
        if self.session.engine is not None:
            self.session.engine.send(Command(name, cases))

    def _become(self, state: str) -> None:
        self.state = state
        self.changed.emit()


class TrainingPanel(QWidget):
    """Start, pause, stop; how far it is, and how long it will take. ``start_asked``: give me
    settings to start with.
    """

    start_asked = Signal()

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.jobs = jobs
        self.main = button(
            "Start training", "Train the student on the weighed teacher masks", name="main"
        )
        self.stop = button("Stop", "End after the step in progress; it can be taken up again")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.stage, self.left = label("", "faint"), label("", "faint")
        self.left.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.sentence = label("", "faint", wrap=True)
        self.main.clicked.connect(self._press)
        self.stop.clicked.connect(jobs.stop)
        jobs.changed.connect(self.refresh)
        jobs.said.connect(lambda text, kind: say(self.sentence, text, kind))
        self._lay_out()
        say(self.sentence, "")
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the job."""
        state, training = self.jobs.state, self.jobs.training
        writable = self.jobs.session.project.writable
        self.main.setText(self._main_text(state, training))
        self.main.setEnabled(writable and (not training or state in ("running", "paused")))
        self.stop.setEnabled(training and state != "stopping")
        self.refresh_progress()

    def refresh_progress(self) -> None:
        """Show how far the job is."""
        done, total, text, left = self._progress()
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.stage.setText(text)
        self.left.setText(f"{duration(left)} left" if math.isfinite(left) else "")

    def _main_text(self, state: str, training: bool) -> str:
        if training and state in ("paused", "running"):
            return "Resume" if state == "paused" else "Pause"
        if training:
            return {"starting": "Starting …", "pausing": "Pausing …"}.get(state, "Stopping …")
        return (
            "Continue training"
            if self.jobs.session.last_student() is not None
            else "Start training"
        )

    def _progress(self) -> tuple[int, int, str, float]:
        jobs = self.jobs
        left = jobs.step.seconds_left if jobs.step else math.nan
        if jobs.state == "idle":
            return 0, 1, "Not training", math.nan
        if jobs.progress is not None:
            one = jobs.progress
            text = f"{one.stage.capitalize()} {one.done} / {one.total}"
            return one.done, max(one.total, 1), text, left if jobs.step else one.seconds_left
        if jobs.started is None:
            return 0, 0, "Starting the engine …", math.nan
        step = jobs.step.step if jobs.step else jobs.started.step
        epoch = f"Epoch {jobs.step.epoch} · " if jobs.step else ""
        paused = {"paused": "Paused · ", "pausing": "Pausing · ", "stopping": "Stopping · "}.get(
            jobs.state, ""
        )
        return (
            step,
            max(jobs.started.total, 1),
            f"{paused}{epoch}step {step} / {jobs.started.total}",
            left,
        )

    def _press(self) -> None:
        if not self.jobs.training:
            self.start_asked.emit()
        elif self.jobs.state == "paused":
            self.jobs.resume()
        else:
            self.jobs.pause()

    def _lay_out(self) -> None:
        row, below = QHBoxLayout(), QHBoxLayout()
        row.addWidget(self.main, 3)
        row.addWidget(self.stop, 1)
        below.addWidget(self.stage, 1)
        below.addWidget(self.left)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self.bar)
        layout.addLayout(below)
        layout.addWidget(self.sentence)
