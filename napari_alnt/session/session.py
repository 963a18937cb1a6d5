"""A project at work: jobs for the engine, the human's decisions, and what is displayed of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy.typing as npt
from psygnal import Signal

from napari_alnt.data import LabelVersion, Project, Run
from napari_alnt.errors import AlntError
from napari_alnt.events import NAN, Command, Event, Tested
from napari_alnt.ranking import NoiseEstimate, Reviews
from napari_alnt.session.engine import Engine, Job
from napari_alnt.session.history import MINUTES, History
from napari_alnt.session.propagation import propagate_command
from napari_alnt.session.queue import QueueRow, build_queue
from napari_alnt.session.reviews import reviews_of
from napari_alnt.session.run_record import last_student
from napari_alnt.session.runner import Runner
from napari_alnt.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


def _alone(method: Callable[Concatenate[Session, P], T]) -> Callable[Concatenate[Session, P], T]:
    """Let no other thread change a label meanwhile: what the engine says of a mask and the mask's
    replacement never meet half way.
    """

    @wraps(method)
    def alone(self: Session, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.history.lock:
            return method(self, *args, **kwargs)

    return alone


def _moment(student: Run | None, history: History, case: str) -> dict[str, Any]:
    """The student that helps with a case, what the case's newest scores are, and the minutes that
    it was expected to take.
    """
    scores = history.scores.get(case, ())
    expected = {MINUTES: history.minutes[case]} if case in history.minutes else {}
    return {
        "model": f"run {student.number}" if student else "",
        "scores": {**(scores[-1].scores if scores else {}), **expected},
    }


class Session:
    """One open project: starts the engine, applies what it says, keeps the queue.

    Scripts call :meth:`teach`, :meth:`train`, :meth:`rank` and :meth:`predict` and iterate over
    their events. A window calls :meth:`start`, and :meth:`apply` for every event. The session alone
    writes the project's table. It may be used by any thread, and its signals come from any thread.

    Attributes
    ----------
    project : the open project
    history : what the newest student and those before it have reported
    case_changed : a case has another label, draft or status
    queue_changed : the ledger or the scores have changed, and with them the queue
    run_changed : a run has begun or ended
    settings_changed : the project has other settings
    """

    case_changed = Signal(str)

    def __init__(self, project: Project) -> None:
        self.project = project
        self.history = History.of(project, last_student(project))
        self._runner = Runner(project, self.history)
        self.queue_changed = self._runner.queue_changed
        self.run_changed = self._runner.run_changed
        self.settings_changed = self._runner.settings_changed

    @classmethod
    def open(cls, folder: Path | str, write: bool = True) -> Session:
        """Open a project folder.

        Raises
        ------
        ProjectLocked
            If another window or command is writing to it; ``write=False`` opens it read-only.
        """
        return cls(Project.open(Path(folder), write=write))

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, discard: bool = False) -> None:
        """End the engine and close the project; ``discard`` drops events that nobody applied."""
        with closing(self.project):
            self._runner.close(discard)

    @property
    def engine(self) -> Engine | None:
        """The newest job's engine, running or ended; None before the first."""
        return self._runner.engine

    def teach(self, settings: Settings | None = None) -> Iterator[Event]:
        """Train the teacher on the teacher_training cases and write its masks for the pool."""
        return self._runner.follow(self.start("teach", settings))

    def train(self, settings: Settings | None = None, fresh: bool = False) -> Iterator[Event]:
        """Train the student: resume or continue the last run, or begin anew with ``fresh``."""
        return self._runner.follow(self.start("train", settings, fresh=fresh))

    def rank(self) -> Iterator[Event]:
        """Score the pool with the student as it is."""
        return self._runner.follow(self.start("rank"))

    def predict(self, cases: Sequence[str]) -> Iterator[Event]:
        """Write the student's mask and the voxel trust of some cases."""
        return self._runner.follow(self.start("predict", cases=cases))

    def propagate(self, case: str, slices: Sequence[int], axis: int = 0) -> Iterator[Event]:
        """Propose a mask for the slices of a case that are not corrected, from its draft."""
        asked = propagate_command(self.project, case, slices, axis)
        return self._runner.follow(self.start("propagate", asked=asked))

    def start(
        self,
        job: Job,
        settings: Settings | None = None,
        *,
        cases: Sequence[str] = (),
        fresh: bool = False,
        asked: Command | None = None,
    ) -> Engine:
        """Start the engine on a job, and leave it to the caller to :meth:`apply` its events.

        Raises
        ------
        AlntError
            If the project is read-only, a job is already running, the job lacks what it needs, or
            the events of the job before were dropped instead of applied.
        """
        return self._runner.start(job, settings, cases=cases, fresh=fresh, asked=asked)

    @_alone
    def apply(self, event: Event) -> None:
        """Take in one event: call it for every event of the engine, in order, in one thread."""
        self._runner.apply(event)

    def last_student(self) -> Run | None:
        """The newest training run that has a checkpoint."""
        return last_student(self.project)

    @_alone
    def accept(
        self,
        case: str,
        labels: npt.NDArray[Any],
        *,
        author: str = "",
        seconds: float = 0.0,
        confirmed: bool = False,
        source: str = "",
        teacher: npt.NDArray[Any] | None = None,
    ) -> LabelVersion:
        """Keep ``labels`` (Z, Y, X) as the expert label of a case; training uses it from its next
        epoch. Arguments and errors are those of :meth:`napari_alnt.data.LabelStore.accept`.
        """
        moment = _moment(self.last_student(), self.history, case)
        version = self.project.labels.accept(
            case, labels, author=author, seconds=seconds, confirmed=confirmed, source=source,
            teacher=teacher, **moment,
        )  # fmt: skip
        self.history.forget(case)  # scores and predictions were about the mask before
        self.case_changed.emit(case)
        return version

    def confirm(self, case: str, *, author: str = "", seconds: float = 0.0) -> LabelVersion:
        """Accept the teacher's mask of a case as it stands."""
        teacher = self.project.teacher(self.project.case(case))
        if teacher is None:
            raise AlntError(
                f"Case '{case}' has no teacher mask to confirm; run teach, or accept a mask of your"
                " own."
            )
        mask = teacher.voxels
        return self.accept(
            case, mask, author=author, seconds=seconds, confirmed=True, source="teacher",
            teacher=mask,
        )  # fmt: skip

    @_alone
    def revert(self, case: str) -> None:
        """Undo the newest accept: the case returns to the version before, or to the pool."""
        self.project.labels.revert(case)
        # the engine scores a case once for each mask: what it said of the former holds again
        runs = self.project.runs
        scores = runs.scores(latest=False, runs=runs.lineage(self.last_student()))
        self.history.forget(case, [score for score in scores if score.case == case])
        self.case_changed.emit(case)

    def save_draft(self, case: str, labels: npt.NDArray[Any], seconds: float = 0.0) -> None:
        """Keep unfinished work ``(Z, Y, X)`` on a case; raises as the project's labels do."""
        self.project.drafts.save(case, labels, seconds)
        self.case_changed.emit(case)

    def drop_draft(self, case: str) -> None:
        """Throw the unfinished work on a case away."""
        self.project.drafts.drop(case)
        self.case_changed.emit(case)

    def set_status(self, case: str, status: str) -> None:
        """Mark a pool case as "skipped", "flagged" or "new" again."""
        self.project.set_status(case, status)
        self.case_changed.emit(case)

    def queue(self, ranking: str | None = None) -> tuple[QueueRow, ...]:
        """The pool by priority; skipped cases follow, then the accepted ones.

        Raises
        ------
        AlntError
            If there is no such ranking, or that of an installed package does not fit.
        """
        settings = self.project.settings
        cases = [case for case in self.project.cases if case.role == "pool" or case.version > 0]
        return build_queue(cases, self.history, ranking or settings.ranking, settings.seed)

    def test_results(self) -> tuple[Tested, ...]:
        """The student's curve over the held-out test cases, oldest first."""
        return tuple(self.history.test_results)

    def teacher_dice(self) -> float:
        """The test Dice of the project's own teacher; nan if none was trained."""
        runs = self.project.runs
        results = runs.test_results([run.number for run in runs.all if run.job == "teach"][-1:])
        return results[-1].dice if results else NAN

    def reviews(self) -> Reviews:
        """The reviews of teacher masks, made from all past rankings: ask for them once."""
        return reviews_of(self.project)

    def noise_estimate(self) -> NoiseEstimate | None:
        """The label-noise estimate; None before a review or a ranking."""
        return self.reviews().estimate()

    def next_to_review(self, count: int = 5) -> tuple[str, ...]:
        """The cases whose review would narrow the label-noise estimate most."""
        return self.reviews().next(count)
