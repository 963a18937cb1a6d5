"""Runs of the engine and their results: ledger, scores, predictions and the test curve."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from napari_alnt.codec import from_line, to_line
from napari_alnt.data.atomic import make_folder, write_text
from napari_alnt.data.paths import damaged, inside, read_json
from napari_alnt.data.store import ProjectStore, next_number, now
from napari_alnt.data.table import insert, put, record
from napari_alnt.errors import AlntError
from napari_alnt.events import CaseScored, EpochDone, LedgerRow, Predicted, Tested
from napari_alnt.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """One run of the engine.

    Attributes
    ----------
    number : from 1 up
    folder : where the engine writes its files
    job : "train" or "teach"
    settings : those it was started with
    parent : number of the run whose student it goes on with, or None
    state : how it ended, or "running" where that is not known
    step : the last step that is known of it
    """

    number: int
    folder: Path
    job: str
    settings: Settings
    parent: int | None
    state: Literal["running", "done", "stopped", "failed"]
    step: int

    @property
    def checkpoint(self) -> Path:
        """The student's weights, with all that is needed to go on from them."""
        return inside(self.folder, "checkpoint/student.safetensors")

    @property
    def maps(self) -> Path:
        """Folder of the student's masks and of the voxel trust."""
        return inside(self.folder, "maps")

    @property
    def log(self) -> Path:
        """What the engine printed besides its events."""
        return inside(self.folder, "engine.log")

    @property
    def report(self) -> Path:
        """The report that the session writes."""
        return inside(self.folder, "report.html")


@dataclass(frozen=True)
class LedgerEntry(LedgerRow):
    """A ledger row with the run, epoch and step it belongs to."""

    run: int = 0
    epoch: int = 0
    step: int = 0


class RunStore:
    """Runs of the engine on a project, and their results."""

    def __init__(self, project: ProjectStore) -> None:
        self._project = project

    def start(self, job: str, settings: Settings, parent: int | None = None) -> Run:
        """Make a new run and its folder, with its ``settings.json``."""
        self._project.require_writable()
        rows = self._project.table.rows("SELECT max(number) FROM runs")
        number = next_number(self._project.folder / "runs", rows[0][0] or 0)
        run = Run(number, self._folder(number), job, settings, parent, "running", 0)
        values = settings.to_file()
        # folder before row: a run that the table names has a folder
        make_folder(run.folder)
        write_text(run.folder / "settings.json", json.dumps(values, indent=1) + "\n")
        with self._project.change() as table:
            insert(
                table, "runs", number=number, job=job, settings=json.dumps(values), parent=parent,
                state=run.state, step=run.step, created=now(),
            )  # fmt: skip
        return run

    def finish(self, number: int, state: str, step: int) -> None:
        """Record that a run is "done", "stopped" or "failed"; a ``step`` below 0 is not known."""
        if state not in ("done", "stopped", "failed"):
            raise AlntError(f"A run cannot end as '{state}'; use done, stopped or failed.")
        with self._project.change() as table:
            table.execute(
                # a run that crashed cannot say how far it came
                "UPDATE runs SET state = ?, step = CASE WHEN ? < 0 THEN step ELSE ? END, ended = ?"
                " WHERE number = ?",
                (state, step, step, now(), number),
            )

    @property
    def all(self) -> tuple[Run, ...]:
        """Every run, oldest first."""
        rows = self._project.table.rows("SELECT * FROM runs ORDER BY number")
        return tuple(self._run(row) for row in rows)

    def get(self, number: int) -> Run:
        """One run.

        Raises
        ------
        AlntError
            If there is none of that number.
        """
        rows = self._project.table.rows("SELECT * FROM runs WHERE number = ?", number)
        if not rows:
            raise AlntError(
                f"Project '{self._project.name}' has no run {number}; see its list of runs."
            )
        return self._run(rows[0])

    def add_ledger(self, run: int, epoch: EpochDone) -> None:
        """Save an epoch's ledger; where a resumed run repeats the epoch, the later one counts."""
        with self._project.change() as table:
            for row in epoch.rows:
                put(table, "ledger", row, run=run, epoch=epoch.epoch, step=epoch.step)
            table.execute("UPDATE runs SET step = ? WHERE number = ?", (epoch.step, run))

    def add_scores(self, run: int, scores: Sequence[CaseScored]) -> None:
        """Save a ranking's scores; they are valid for the mask that was scored."""
        with self._project.change() as table:
            for score in scores:
                put(table, "scores", score, run=run)

    def add_test_result(self, run: int, result: Tested) -> None:
        """Save one point of the test curve."""
        with self._project.change() as table:
            put(table, "test_results", run=run, step=result.step, event=to_line(result))

    def add_prediction(self, run: int, prediction: Predicted) -> None:
        """Save where the newest prediction of a case lies; it is valid for the mask of then."""
        with self._project.change() as table:
            put(table, "predictions", prediction, run=run)

    def lineage(self, run: Run | None) -> tuple[int, ...]:
        """The numbers of a run, of its parent, of the parent's parent and so on."""
        numbers = []
        while run is not None:
            numbers.append(run.number)
            run = self.get(run.parent) if run.parent is not None else None
        return tuple(numbers)

    def ledger(self, case: str | None = None) -> list[LedgerEntry]:
        """The history of one case, or of all, oldest epoch first."""
        query = 'SELECT * FROM ledger WHERE ? IS NULL OR "case" = ? ORDER BY run, epoch, "case"'
        return self._records(LedgerEntry, self._project.table.rows(query, case, case))

    def scores(self, latest: bool = True, runs: Collection[int] | None = None) -> list[CaseScored]:
        """The scores that are valid for the case's present mask, oldest first.

        ``latest`` takes the last of each case only; ``runs`` leaves out those of other runs.
        """
        valid = self._records(CaseScored, self._valid("scores", "run, step", runs))
        # oldest first, so that the last one of a case stays in the dictionary
        return list({score.case: score for score in valid}.values()) if latest else valid

    def rankings(self) -> dict[tuple[int, int], list[CaseScored]]:
        """Every ranking by run and step, oldest first, with the scores of the teachers' masks.

        Unlike :meth:`scores` it has those of cases that a human has accepted since.
        """
        teachers = {case.name: case.teacher_sha256 for case in self._project.cases}
        found: dict[tuple[int, int], list[CaseScored]] = {}
        for row in self._project.table.rows("SELECT * FROM scores ORDER BY run, step"):
            # scores of an accepted mask show nothing about the teacher's
            if row["mask_sha256"] == teachers.get(row["case"]):
                scores = found.setdefault((row["run"], row["step"]), [])
                scores += self._records(CaseScored, [row])
        return found

    def test_results(self, runs: Collection[int] | None = None) -> list[Tested]:
        """The test curve, oldest first; ``runs`` leaves out the points of other runs."""
        rows = self._project.table.rows("SELECT * FROM test_results ORDER BY run, step")
        return self._readable(_of(rows, runs), lambda row: from_line(row["event"]))

    def predictions(self, runs: Collection[int] | None = None) -> list[Predicted]:
        """The newest prediction of each case, if it is valid for the case's present mask.

        ``runs`` leaves out those of other runs.
        """
        found = self._records(Predicted, self._valid("predictions", '"case"', runs))
        for predicted in found:
            for file in (predicted.student, predicted.trust_map):
                inside(self._project.folder, file)
        return found

    def _valid(self, table: str, order: str, runs: Collection[int] | None) -> list[Any]:
        """Rows about the mask that a case has now: another mask has scores of its own."""
        masks = {case.name: case.label_sha256 for case in self._project.cases}
        rows = self._project.table.rows(f"SELECT * FROM {table} ORDER BY {order}")
        return [row for row in _of(rows, runs) if row["mask_sha256"] == masks.get(row["case"])]

    def _records(self, kind: type[T], rows: Iterable[Any]) -> list[T]:
        return self._readable(rows, lambda row: record(kind, row))

    def _readable(self, rows: Iterable[Any], read: Callable[[Any], T]) -> list[T]:
        """What the rows hold; a newer napari-alnt may have written what this one cannot read."""
        found = []
        for row in rows:
            try:
                found.append(read(row))
            except AlntError:
                if not self._project.table.newer:
                    raise
            except (IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
                if not self._project.table.newer:
                    raise damaged("a result of a run cannot be read") from error
        return found

    def _folder(self, number: int) -> Path:
        return inside(self._project.folder, f"runs/{number:04d}")

    def _run(self, row: Any) -> Run:
        return Run(
            number=row["number"],
            folder=self._folder(row["number"]),
            job=row["job"],
            settings=Settings.from_file(read_json(row["settings"], "the settings of a run"))[0],
            parent=row["parent"],
            state=row["state"],
            step=row["step"],
        )


def _of(rows: Sequence[Any], runs: Collection[int] | None) -> list[Any]:
    return [row for row in rows if runs is None or row["run"] in runs]
