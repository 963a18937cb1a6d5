"""How far a job is, made up from what the engine says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_alnt.events import (
    NAN,
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
from napari_alnt.session.engine import Job

JobState = Literal["idle", "starting", "running", "pausing", "paused", "stopping"]
MessageKind = Literal["", "faint", "warn", "error"]

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
    hung : whether the engine was asked to stop and has been silent since, for long
    """

    state: JobState = "idle"
    job: Job | None = None
    started: Started | None = None
    step: StepDone | None = None
    progress: Progress | None = None
    hung: bool = False

    def apply(self, event: Event) -> None:
        """Take in one event; events that say nothing about the job are passed over."""
        self.hung = isinstance(event, Stalled) and self.state == "stopping"
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
            case Stalled() if self.hung:
                return (
                    "The training does not answer; press End it now to end it as it was at its last"
                    " checkpoint."
                ), "warn"
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
