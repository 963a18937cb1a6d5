"""What a job of the engine needs, the run it works on, and the record of what it says."""

from __future__ import annotations

from collections.abc import Sequence

from napari_alnt.data import Project, Run
from napari_alnt.errors import AlntError
from napari_alnt.events import (
    CaseScored,
    Command,
    EpochDone,
    Event,
    Predicted,
    RankingDone,
    StepDone,
    Tested,
)
from napari_alnt.session.engine import Job
from napari_alnt.session.history import History
from napari_alnt.session.step_curve import StepCurve


class RunRecord:
    """Writes the events of one job to the project's table and, where they change it, the history.

    Attributes
    ----------
    job : what the engine was started for
    run : the run that its events belong to
    started : whether an event has been written
    """

    def __init__(self, project: Project, history: History, job: Job, run: Run) -> None:
        self.job = job
        self.run = run
        self.started = False
        self._project = project
        self._history = history
        self._scored: list[CaseScored] = []
        # a student's alone: a ranking takes no steps, and a teacher has no curve
        self._curve = StepCurve(run.folder) if job == "train" else None

    def write(self, event: Event) -> None:
        """Take in one event; those about a mask that was replaced meanwhile are left out."""
        self.started = True
        if isinstance(event, (CaseScored, Predicted)) and not self._is_current(event):
            return
        # the teacher's results on the test cases are not a part of the student's curve
        if not (self.job == "teach" and isinstance(event, Tested)):
            self._history.apply(event)
        runs = self._project.runs
        match event:
            case StepDone() if self._curve is not None:
                self._curve.add((event.step, event.loss, event.expert_loss))
            case EpochDone():
                runs.add_ledger(self.run.number, event)
                self._save_curve()
            case Tested():
                runs.add_test_result(self.run.number, event)
            case Predicted():
                runs.add_prediction(self.run.number, event)
            case CaseScored():
                self._scored.append(event)
            case RankingDone():
                self._write_ranking()

    def end(self, state: str, step: int | None = None) -> None:
        """Write how the run ended, "done", "stopped" or "failed"; jobs that only use it do not."""
        self._save_curve()
        if self.job in ("train", "teach"):
            # without a step a run keeps that of its last epoch, which the table has
            runs = self._project.runs
            known = runs.get(self.run.number).step
            runs.finish(self.run.number, state, known if step is None else step)

    def _save_curve(self) -> None:
        if self._curve is not None:
            self._curve.save()

    def _is_current(self, event: CaseScored | Predicted) -> bool:
        """Whether an event is about the mask that the case has now."""
        return event.mask_sha256 in ("", self._project.case(event.case).label_sha256)

    def _write_ranking(self) -> None:
        # a mask may have been accepted between its score and the end of the ranking
        scores = [score for score in self._scored if self._is_current(score)]
        self._scored = []
        self._history.take_scores(scores)
        self._project.runs.add_scores(self.run.number, scores)


def last_student(project: Project) -> Run | None:
    """The newest training run that has a checkpoint."""
    trained = [run for run in project.runs.all if run.job == "train" and run.checkpoint.exists()]
    return trained[-1] if trained else None


def check_job(
    project: Project, job: Job, cases: Sequence[str] = (), asked: Command | None = None
) -> None:
    """Check that a job can be done.

    Raises
    ------
    AlntError
        If the project lacks what the job needs, or one of ``cases``.
    """
    if job == "teach" and not project.by_role("teacher_training"):
        raise AlntError(
            f"Project '{project.name}' has no teacher_training cases for a teacher to learn from;"
            " make the project with --teacher-training, or bring masks with teach --folder or"
            " --command."
        )
    if job == "train" and not any(case.teacher for case in project.by_role("pool")):
        raise AlntError(
            f"No case in the pool of project '{project.name}' has a teacher mask; run teach first."
        )
    if job == "propagate" and asked is None:
        raise AlntError("Propagating needs a case and its corrected slices; name both.")
    for case in (*cases, *(asked.cases if asked else ())):
        project.case(case)


def choose_run(project: Project, job: Job, fresh: bool = False) -> Run:
    """The run that a job works on: a new one, or the last if it can go on.

    A training that was cut off is resumed if its settings are still the project's; one that is done
    gets a new run that starts from its student, unless ``fresh``.

    Raises
    ------
    AlntError
        If the job needs a student and there is none.
    """
    settings = project.settings
    if job == "teach":
        return project.runs.start("teach", settings)
    last = None if fresh else last_student(project)
    if job == "train":
        # other settings would not give the student that a run's settings promise
        same = last is not None and last.settings.to_file() == settings.to_file()
        if last is not None and last.state != "done" and same:
            return last
        return project.runs.start("train", settings, parent=last.number if last else None)
    if last is None:
        raise AlntError(f"Project '{project.name}' has no trained student yet; run train first.")
    return last
