"""Runs the engine's jobs on a project, one at a time, and takes in what they say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from psygnal import Signal

from napari_alnt.data import Project
from napari_alnt.data.paths import inside
from napari_alnt.errors import AlntError, ReadOnly
from napari_alnt.events import (
    Command,
    EpochDone,
    Event,
    Failed,
    Finished,
    RankingDone,
    TeacherWritten,
)
from napari_alnt.ranking import CaseScores, rule
from napari_alnt.session.engine import Engine, Job
from napari_alnt.session.history import History
from napari_alnt.session.run_record import RunRecord, check_job, choose_run
from napari_alnt.settings import Settings


class Runner:
    """Starts the engine on a job and applies its events to a project and its history.

    Attributes
    ----------
    engine : the newest job's engine, running or ended; None before the first
    queue_changed : the ledger or the scores have changed, and with them the queue
    run_changed : a run has begun or ended
    settings_changed : the project has other settings
    """

    queue_changed = Signal()
    run_changed = Signal()
    settings_changed = Signal()

    def __init__(self, project: Project, history: History) -> None:
        self.engine: Engine | None = None
        self._project = project
        self._history = history
        self._record: RunRecord | None = None

    def start(
        self,
        job: Job,
        settings: Settings | None = None,
        *,
        cases: Sequence[str] = (),
        fresh: bool = False,
        asked: Command | None = None,
    ) -> Engine:
        """Start the engine on a job; see :meth:`Session.start`."""
        project = self._project
        if not project.writable:
            raise ReadOnly(f"Project '{project.name}' is open read-only, so nothing can run in it.")
        if self.engine is not None and self.engine.running:
            raise AlntError(
                "A job is already running in this project; wait for its end or stop it."
            )
        self._give_up()
        # before anything is written: a job that cannot be done changes no settings
        check_job(project, job, cases, asked)
        self._save_settings(settings)
        run = choose_run(project, job, fresh)
        if fresh:
            self._history.restart()
        self._record = RunRecord(project, self._history, job, run)
        launcher = project.settings.launcher
        try:
            self.engine = Engine(
                project.folder, run, job, cases=cases, asked=asked, launcher=launcher,
                known={case.name for case in project.cases},
            )  # fmt: skip
        except AlntError:
            self._end("failed")
            raise
        self.run_changed.emit()
        return self.engine

    def follow(self, engine: Engine) -> Iterator[Event]:
        """Apply every event of an engine, and pass it on."""
        try:
            for event in engine.events():
                self.apply(event)
                yield event
        finally:
            engine.close()
            self._end("stopped")

    def apply(self, event: Event) -> None:
        """Take in one event of the engine."""
        if self._record is not None:
            self._record.write(event)
        # the record is written by now, so whoever hears of the change finds it
        match event:
            case EpochDone() | RankingDone():
                self.queue_changed.emit()
            case TeacherWritten():
                # an absolute one is what the user has named, and is only read
                file = Path(event.file)
                if not file.is_absolute():
                    file = inside(self._project.folder, event.file)
                self._project.labels.set_teacher(event.case, file)
                self._history.forget(event.case)
            case Failed():
                self._end("failed")
            case Finished():
                self._end(event.reason, event.step)

    def close(self, discard: bool) -> None:
        """End the engine if it runs; unless ``discard``, unapplied events are an AlntError."""
        if self.engine is not None:
            self.engine.close()
        if discard:
            self._end("stopped")
        else:
            self._give_up()

    def _save_settings(self, settings: Settings | None) -> None:
        if settings is None or settings == self._project.settings:
            return
        # the ranking of another package may not fit; it is refused before it is saved
        rule(settings.ranking)(CaseScores.of(self._history.scores, settings.seed))
        self._project.save_settings(settings)
        self.settings_changed.emit()

    def _end(self, state: str, step: int | None = None) -> None:
        record = self._record
        # first, so that an error while the end is written does not block the next job
        self._record = None
        if record is not None:
            record.end(state, step)
            self.run_changed.emit()

    def _give_up(self) -> None:
        """End the record of a job that nobody followed to its end."""
        idle = self._record is not None and not self._record.started
        self._end("stopped")
        # a window may close before it took in the last events, but not before it took in any
        if idle and self.engine is not None and self.engine.ended:
            raise AlntError(
                "None of the last job's events were applied, so its results are lost; give each"
                " event of the engine to Session.apply, or use Session.train, which does."
            )
