"""Runs of the engine, and what they have said: ledger, scores, predictions and the honest curve."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from napari_alnt.data.atomic import make_folder, write_text
from napari_alnt.data.store import Store, after, now
from napari_alnt.data.table import insert, put, record
from napari_alnt.errors import AlntError
from napari_alnt.events import (
    CaseScored,
    EpochDone,
    LedgerRow,
    Predicted,
    Validated,
    from_line,
    to_line,
)
from napari_alnt.settings import Settings


@dataclass(frozen=True)
class Run:
    """One run of the engine; ``folder`` holds its settings, checkpoint and maps."""

    number: int
    folder: Path
    job: str
    settings: Settings
    parent: int | None
    state: Literal["running", "done", "stopped", "failed"]
    step: int


@dataclass(frozen=True)
class LedgerEntry(LedgerRow):
    """A ledger row with the run, epoch and step it belongs to."""

    run: int = 0
    epoch: int = 0
    step: int = 0


class RunBook(Store):
    """The part of a project that keeps what the engine has said."""

    def start_run(self, job: str, settings: Settings, parent: int | None = None) -> Run:
        """A new run with its folder; ``settings.json`` lies in it."""
        self._require_writable()
        rows = self._table.rows("SELECT max(number) FROM runs")
        number = after(self.folder / "runs", rows[0][0] or 0)
        folder = self._run_folder(number)
        make_folder(folder)
        write_text(folder / "settings.json", json.dumps(settings.to_dict(), indent=1) + "\n")
        with self._change() as table:
            insert(
                table, "runs", number=number, job=job, settings=json.dumps(settings.to_dict()), parent=parent,
                state="running", step=0, created=now(),
            )  # fmt: skip
        return self.run(number)

    def finish_run(self, number: int, state: str, step: int) -> None:
        """Say how a run ended: "done", "stopped" or "failed"; a ``step`` below 0 leaves the one
        known.
        """
        if state not in ("done", "stopped", "failed"):
            raise AlntError(f"A run cannot end as '{state}'; use done, stopped or failed.")
        with self._change() as table:
            table.execute(
                "UPDATE runs SET state = ?, step = CASE WHEN ? < 0 THEN step ELSE ? END, ended = ?"
                " WHERE number = ?",
                (state, step, step, now(), number),
            )

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every run, oldest first."""
        return tuple(
            self._run(row) for row in self._table.rows("SELECT * FROM runs ORDER BY number")
        )

    def run(self, number: int) -> Run:
        """One run.

        Raises
        ------
        AlntError
            If there is none of that number.
        """
        rows = self._table.rows("SELECT * FROM runs WHERE number = ?", number)
        if not rows:
            raise AlntError(f"Project '{self.name}' has no run {number}; see its list of runs.")
        return self._run(rows[0])

    def add_ledger(self, run: int, epoch: EpochDone) -> None:
        """Write an epoch's ledger; one said again by a resumed run replaces the first."""
        with self._change() as table:
            for row in epoch.rows:
                put(table, "ledger", row, run=run, epoch=epoch.epoch, step=epoch.step)
            table.execute("UPDATE runs SET step = ? WHERE number = ?", (epoch.step, run))

    def add_scores(self, run: int, scores: Sequence[CaseScored]) -> None:
        """Write a ranking's scores; they hold for the label that was judged."""
        with self._change() as table:
            for score in scores:
                put(table, "scores", score, run=run)

    def add_validation(self, run: int, validation: Validated) -> None:
        """Write one point of the honest curve."""
        with self._change() as table:
            put(table, "validations", run=run, step=validation.step, event=to_line(validation))

    def add_prediction(self, run: int, prediction: Predicted) -> None:
        """Write where the newest prediction for a case lies; it holds for the label that was
        judged.
        """
        with self._change() as table:
            put(table, "predictions", prediction, run=run)

    def lineage(self, run: Run | None) -> tuple[int, ...]:
        """The numbers of a run and of those it went on from, newest first."""
        numbers = []
        while run is not None:
            numbers.append(run.number)
            run = self.run(run.parent) if run.parent is not None else None
        return tuple(numbers)

    def ledger(self, case: str | None = None) -> list[LedgerEntry]:
        """The history of one case, or of all, oldest epoch first."""
        which = 'WHERE "case" = ?' if case is not None else ""
        query = f'SELECT * FROM ledger {which} ORDER BY run, epoch, "case"'
        return [
            record(LedgerEntry, row)
            for row in self._table.rows(query, *([case] if case is not None else []))
        ]

    def scores(self, latest: bool = True, runs: Collection[int] | None = None) -> list[CaseScored]:
        """The scores of each case that still hold for its label; all of them, oldest first, or the
        latest.

        ``runs`` leaves out what other runs have said.
        """
        labels = self._label_hashes()
        rows = _of(self._table.rows("SELECT * FROM scores ORDER BY run, step"), runs)
        valid = [record(CaseScored, row) for row in rows if row["label"] == labels[row["case"]]]
        return list({score.case: score for score in valid}.values()) if latest else valid

    def rankings(self) -> dict[tuple[int, int], list[CaseScored]]:
        """Every ranking by run and step, oldest first, with the scores that hold for the case's
        teacher mask.

        Unlike :meth:`scores` it keeps those of cases that a human has accepted since.
        """
        teachers = {case.name: case.teacher_sha256 for case in self.cases}
        found: dict[tuple[int, int], list[CaseScored]] = {}
        for row in self._table.rows("SELECT * FROM scores ORDER BY run, step"):
            if row["label"] == teachers[row["case"]]:
                found.setdefault((row["run"], row["step"]), []).append(record(CaseScored, row))
        return found

    def validations(self, runs: Collection[int] | None = None) -> list[Validated]:
        """The honest curve, oldest first; ``runs`` leaves out what other runs have said."""
        rows = _of(self._table.rows("SELECT * FROM validations ORDER BY run, step"), runs)
        return [from_line(row["event"]) for row in rows]

    def predictions(self, runs: Collection[int] | None = None) -> list[Predicted]:
        """The newest prediction of each case that still holds for its label; ``runs`` leaves out
        those of others.
        """
        labels = self._label_hashes()
        rows = _of(self._table.rows('SELECT * FROM predictions ORDER BY "case"'), runs)
        return [record(Predicted, row) for row in rows if row["label"] == labels[row["case"]]]

    def _label_hashes(self) -> dict[str, str]:
        return {case.name: case.label_sha256 for case in self.cases}

    def _run_folder(self, number: int) -> Path:
        return self.folder / "runs" / f"{number:04d}"

    def _run(self, row: Any) -> Run:
        settings = Settings.from_file(json.loads(row["settings"]))[0]
        folder = self._run_folder(row["number"])
        return Run(
            row["number"], folder, row["job"], settings, row["parent"], row["state"], row["step"]
        )


def _of(rows: Sequence[Any], runs: Collection[int] | None) -> list[Any]:
    return [row for row in rows if runs is None or row["run"] in runs]
