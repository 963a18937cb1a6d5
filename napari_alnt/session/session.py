"""A project at work: jobs for the engine, what comes of them, and the queue."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
from psygnal import Signal

from napari_alnt.data import Case, LabelVersion, Project, Run
from napari_alnt.errors import AlntError, ReadOnly
from napari_alnt.events import (
    NAN,
    CaseScored,
    Command,
    EpochDone,
    Event,
    Failed,
    Finished,
    Predicted,
    RankingDone,
    TeacherWritten,
    Validated,
)
from napari_alnt.ranking import RANKINGS, CaseScores, NoiseAudit
from napari_alnt.session.engine import Engine, Job
from napari_alnt.session.history import History
from napari_alnt.session.reviews import looks_of
from napari_alnt.settings import Settings

CHECKPOINT = Path("checkpoint") / "student.safetensors"


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue; nan where nothing is known yet.

    ``trust`` is the mask's agreement with what the student has learned, over the rankings so far
    (0…1), ``share`` the case's part of the weights in the last epoch, ``dice`` that of the
    student's mask with the teacher's.
    """

    case: str
    number: int
    status: str
    trust: float = NAN
    informativeness: float = NAN
    share: float = NAN
    dice: float = NAN
    priority: float = NAN


class Session:
    """One open project: starts the engine, applies what it says, keeps the queue.

    The session alone writes the project's table. ``changed`` names what has changed: "case",
    "queue", "run", "settings".
    """

    changed = Signal(str)

    def __init__(self, project: Project) -> None:
        self.project = project
        self.history = History()
        self.engine: Engine | None = None
        self._run: Run | None = None
        self._job: Job | None = None
        self._scored: list[CaseScored] = []
        self._recall()

    @classmethod
    def open(cls, folder: Path | str, write: bool = True) -> Session:
        """Open a project folder.

        Raises
        ------
        ProjectLocked
            If another window or command is writing to it; ``write=False`` opens it all the same, to
            look at.
        """
        return cls(Project.open(Path(folder), write=write))

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the engine if it runs, and let go of the project."""
        if self.engine is not None:
            self.engine.close()
            self._end_run("stopped", -1)
        self.project.close()

    # jobs -----------------------------------------------------------------------------------------

    def teach(self, settings: Settings | None = None) -> Iterator[Event]:
        """Train the teacher on the seed cases and write its masks for the pool (step 1 of the
        paper).
        """
        return self._follow(self.start("teach", settings))

    def train(self, settings: Settings | None = None, fresh: bool = False) -> Iterator[Event]:
        """Train the student; go on from the last run, or resume it where it was cut off, unless
        ``fresh``.
        """
        return self._follow(self.start("train", settings, fresh=fresh))

    def rank(self) -> Iterator[Event]:
        """Score the pool with the student as it is."""
        return self._follow(self.start("rank"))

    def predict(self, cases: Sequence[str]) -> Iterator[Event]:
        """Write the student's mask and the voxel trust of some cases."""
        return self._follow(self.start("predict", cases=cases))

    def start(
        self,
        job: Job,
        settings: Settings | None = None,
        *,
        cases: Sequence[str] = (),
        fresh: bool = False,
    ) -> Engine:
        """Start the engine on a job and return it; whoever reads its events gives each to
        :meth:`apply`.

        Raises
        ------
        AlntError
            If the project is read-only, a job is already running, or the job lacks what it needs.
        """
        if not self.project.writable:
            raise ReadOnly(
                f"Project '{self.project.name}' is open read-only, so nothing can run in it."
            )
        if self.engine is not None and self.engine.running:
            raise AlntError(
                "A job is already running in this project; wait for its end or stop it."
            )
        self._check(job, cases)
        if settings is not None and settings != self.project.settings:
            self.project.save_settings(settings)
            self.changed.emit("settings")
        self._run, self._job = self._choose_run(job, fresh), job
        if fresh:
            self.history.restart()
        self._scored = []
        launcher = self.project.settings.launcher
        try:
            self.engine = Engine(
                self.project.folder, self._run.number, job, cases=cases, launcher=launcher
            )
        except AlntError:
            self._end_run("failed", -1)
            raise
        self.changed.emit("run")
        return self.engine

    def apply(self, event: Event) -> None:
        """Write down what one event says. Call it for every event of the engine, in order, in one
        thread.
        """
        if isinstance(event, (CaseScored, Predicted)) and not self._current(event):
            return
        if not (
            self._job == "teach" and isinstance(event, Validated)
        ):  # the teacher's is not the student's curve
            self.history.apply(event)
        match event:
            case EpochDone() if self._run:
                self.project.add_ledger(self._run.number, event)
                self.changed.emit("queue")
            case Validated() if self._run:
                self.project.add_validation(self._run.number, event)
            case CaseScored():
                self._scored.append(event)
            case RankingDone() if self._run:
                self._take_ranking(self._run)
            case Predicted() if self._run:
                self.project.add_prediction(self._run.number, event)
                self.changed.emit("prediction")
            case TeacherWritten():
                self.project.set_teacher(event.case, self.project.folder / event.file)
                self.history.forget(event.case)
            case Failed():
                self._end_run("failed", -1)
            case Finished():
                self._end_run(event.reason, event.step)

    def _current(self, event: CaseScored | Predicted) -> bool:
        """Whether an event speaks of the label the case has now, not of one replaced meanwhile."""
        return event.label in ("", self.project.case(event.case).label_sha256)

    def _take_ranking(self, run: Run) -> None:
        scores = [score for score in self._scored if self._current(score)]
        self._scored = []
        self.history.take_scores(scores)
        self.project.add_scores(run.number, scores)
        self._prepare_top()
        self.changed.emit("queue")

    def _prepare_top(self) -> None:
        """Have the pictures of the queue's top made ahead, so that opening a case does not wait."""
        top = [row.case for row in self.queue() if row.status != "accepted"][
            : self.project.settings.prepare
        ]
        if self.engine is not None:
            self.engine.send(Command("predict", tuple(top)))

    def _follow(self, engine: Engine) -> Iterator[Event]:
        try:
            for event in engine.events():
                self.apply(event)
                yield event
        finally:
            engine.close()
            self._end_run("stopped", -1)

    def _check(self, job: Job, cases: Sequence[str]) -> None:
        if job == "teach" and not self.project.by_role("seed"):
            raise AlntError(
                f"Project '{self.project.name}' has no seed cases for a teacher to learn from; make"
                " the project with"
                " --seed-cases, or bring masks with teach --folder or --command."
            )
        if job in ("rank", "predict") and self.last_student() is None:
            raise AlntError(
                f"Project '{self.project.name}' has no trained student yet; run train first."
            )
        if job == "train" and not any(case.teacher for case in self.project.by_role("pool")):
            raise AlntError(
                f"No case in the pool of project '{self.project.name}' has a teacher mask; run"
                " teach first."
            )
        for case in cases:
            self.project.case(case)

    def _choose_run(self, job: Job, fresh: bool) -> Run:
        settings = self.project.settings
        if job == "teach":
            return self.project.start_run("teach", settings)
        last = None if fresh else self.last_student()
        if job == "train":
            if last is not None and last.state != "done" and last.settings == settings:
                return last
            return self.project.start_run("train", settings, parent=last.number if last else None)
        assert last is not None
        return last

    def last_student(self) -> Run | None:
        """The newest training run that has a checkpoint."""
        trained = [
            run
            for run in self.project.runs
            if run.job == "train" and (run.folder / CHECKPOINT).exists()
        ]
        return trained[-1] if trained else None

    def _end_run(self, state: str, step: int) -> None:
        if self._run is not None and self._job in ("train", "teach"):
            self.project.finish_run(self._run.number, state, step)
        if self._run is not None:
            self._run = self._job = None
            self.changed.emit("run")

    # the radiologist's work -----------------------------------------------------------------------

    def accept(
        self,
        case: str,
        labels: npt.NDArray[Any],
        *,
        author: str = "",
        seconds: float = 0.0,
        confirmed: bool = False,
        teacher: npt.NDArray[Any] | None = None,
    ) -> LabelVersion:
        """Keep ``labels`` (Z, Y, X) as the expert label of a case; training takes it up in its next
        epoch.

        ``seconds`` is the time spent; ``confirmed`` says that the mask was looked at and found
        right; ``teacher`` (Z, Y, X) saves the reading of the teacher's mask where it is at hand.

        Raises
        ------
        AlntError
            If the labels do not fit the case; nothing is changed then.
        """
        student = self.last_student()
        version = self.project.accept(
            case,
            labels,
            author=author,
            seconds=seconds,
            confirmed=confirmed,
            model=f"run {student.number}" if student else "",
            teacher=teacher,
        )
        self.history.forget(case)
        self.changed.emit("case")
        return version

    def confirm(self, case: str, *, author: str = "", seconds: float = 0.0) -> LabelVersion:
        """Accept the teacher's mask of a case as it stands."""
        teacher = self.project.teacher(self.project.case(case))
        if teacher is None:
            raise AlntError(
                f"Case '{case}' has no teacher mask to confirm; run teach, or accept a mask of your"
                " own."
            )
        voxels = teacher.voxels
        return self.accept(
            case, voxels, author=author, seconds=seconds, confirmed=True, teacher=voxels
        )

    def set_status(self, case: str, status: str) -> None:
        """Mark a pool case as "skipped", "flagged" or "new" again."""
        self.project.set_status(case, status)
        self.changed.emit("case")

    def revert(self, case: str) -> None:
        """Set the newest accepted version aside; the case returns to the version before, or to the
        pool.
        """
        self.project.revert(case)
        self.history.forget(case)
        self.changed.emit("case")

    # views ----------------------------------------------------------------------------------------

    def queue(self, ranking: str | None = None) -> tuple[QueueRow, ...]:
        """The pool, most worth a look first; what was skipped follows, then what is already
        accepted.

        Raises
        ------
        AlntError
            If there is no such ranking.
        """
        if ranking is not None and ranking not in RANKINGS:
            raise AlntError(f"There is no ranking '{ranking}'; there are {', '.join(RANKINGS)}.")
        known = self._ranked(ranking or self.project.settings.ranking)
        cases = [case for case in self.project.cases if case.role == "pool" or case.version > 0]
        return tuple(
            sorted(
                (self._row(case, *known.get(case.name, (NAN, NAN))) for case in cases), key=_place
            )
        )

    def validations(self) -> tuple[Validated, ...]:
        """The student's honest curve over the audit cases, oldest first."""
        return tuple(self.history.validations)

    def teacher_dice(self) -> float:
        """The audit Dice of the product's own teacher; nan if it made none."""
        taught = [run.number for run in self.project.runs if run.job == "teach"]
        seen = self.project.validations(taught[-1:])
        return seen[-1].dice if seen else NAN

    def noise_audit(self) -> NoiseAudit | None:
        """The share of wrong teacher masks in the pool as it was, with an interval; None before a
        look or ranking.
        """
        return looks_of(self.project).audit()

    def next_looks(self, count: int = 5) -> tuple[str, ...]:
        """The cases whose looks would narrow the noise audit most; none before a ranking."""
        return looks_of(self.project).next(count)

    def _row(self, case: Case, trust: float, priority: float) -> QueueRow:
        shares = [row.share for row in self.history.ledger.get(case.name, ()) if row.role == "pool"]
        row = QueueRow(case.name, case.number, case.status, share=shares[-1] if shares else NAN)
        if case.role != "pool" or not self.history.scores.get(case.name):
            return row
        score = self.history.scores[case.name][-1]
        return dataclasses.replace(
            row,
            trust=trust,
            informativeness=score.informativeness,
            dice=score.dice,
            priority=priority,
        )

    def _ranked(self, ranking: str) -> dict[str, tuple[float, float]]:
        """Trust and priority of every pool case that has been scored."""
        pool = {case.name for case in self.project.by_role("pool")}
        past = {
            case: scores for case, scores in self.history.scores.items() if case in pool and scores
        }
        if not past:
            return {}
        scores = CaseScores.of(
            [of_case[-1] for of_case in past.values()], past, seed=self.project.settings.seed
        )
        columns = (scores.agreement.tolist(), RANKINGS[ranking](scores).tolist())
        return dict(zip(scores.cases, zip(*columns, strict=True), strict=True))

    def _recall(self) -> None:
        """Fill the history from the project's table: what the newest student and those before it
        have said.
        """
        runs = self.project.lineage(self.last_student())
        self.history.take_rows(row for row in self.project.ledger() if row.run in runs)
        self.history.validations.extend(self.project.validations(runs))
        for score in self.project.scores(latest=False, runs=runs):
            self.history.scores[score.case].append(score)
        self.history.predictions.update(
            {item.case: item for item in self.project.predictions(runs)}
        )


def _place(row: QueueRow) -> tuple[int, float, int]:
    group = {"skipped": 1, "accepted": 2}.get(row.status, 0)
    return group, math.inf if math.isnan(row.priority) else -row.priority, row.number
