"""What a run looks like in a terminal, or as JSON lines for another program."""

from __future__ import annotations

import contextlib
import json
import math
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from napari_alnt import events as ev
from napari_alnt.errors import AlntError
from napari_alnt.session import Session
from napari_alnt.session.report import words


class RunFailed(AlntError):
    """The engine could not go on; its sentence is the message."""


class Terminal:
    """Prints for people (progress bars, tables) or, with ``json``, one object a line for
    programs.
    """

    def __init__(self, json: bool = False) -> None:
        self.json = json
        self.console = Console(highlight=False)
        self.errors = Console(stderr=True, highlight=False)

    def opened(self, project: Path, write: bool = True) -> Session:
        """A project's session; what is to be known of the project is said first."""
        session = Session.open(project, write=write)
        for notice in session.project.notices:
            self.errors.print(notice, style="yellow", markup=False, soft_wrap=True)
        return session

    def follow(self, session: Session, events: Iterable[ev.Event]) -> ev.Finished:
        """Show a job until its last event; Ctrl-C asks it to stop after the step in progress.

        Raises
        ------
        RunFailed
            If the job ended with a failure.
        """
        last: ev.Event = ev.Finished(-1, "stopped")
        with self._progress() as progress, self._stopping(session):
            bars = Bars(progress, self)
            for event in events:
                last = event
                self.emit(event)
                bars.show(event)
        if isinstance(last, ev.Failed):
            raise RunFailed(last.message)
        return last if isinstance(last, ev.Finished) else ev.Finished(-1, "stopped")

    @contextlib.contextmanager
    def _stopping(self, session: Session) -> Iterator[None]:
        """Let the first Ctrl-C ask the engine to stop; a second one interrupts as usual."""

        def ask(*_: object) -> None:
            signal.signal(signal.SIGINT, before)
            self.say("Stopping after this step …")
            if session.engine is not None:
                session.engine.send(ev.Command("stop"))

        before = signal.signal(signal.SIGINT, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def emit(self, event: ev.Event) -> None:
        """One event as a JSON line, where asked for."""
        if self.json:
            print(ev.to_line(event), flush=True)

    def say(self, text: str) -> None:
        """A line for people."""
        if not self.json:
            self.console.print(text, soft_wrap=True)

    def fact(self, sentence: str, values: dict[str, Any]) -> None:
        """A sentence for people, or its values as one JSON object."""
        self.say(sentence)
        if self.json:
            print(json.dumps({name: _plain(value) for name, value in values.items()}), flush=True)

    def table(self, title: str, columns: list[str], rows: Iterable[Iterable[Any]]) -> None:
        """A table for people, or its rows as JSON objects."""
        rows = [list(row) for row in rows]
        if self.json:
            for row in rows:
                print(json.dumps(dict(zip(columns, map(_plain, row), strict=True))), flush=True)
            return
        if not rows:
            return
        table = Table(title=title, title_justify="left")
        for index, column in enumerate(columns):
            table.add_column(column, justify="left" if index == 0 else "right")
        for row in rows:
            table.add_row(*map(words, row))
        self.console.print(table)

    def _progress(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[note]}"),
            console=self.console,
            disable=self.json or not self.console.is_terminal,
        )


class Bars:
    """One bar a stage; and, of what should stay on the screen, a line."""

    def __init__(self, progress: Progress, terminal: Terminal) -> None:
        self.progress, self.terminal = progress, terminal
        self._tasks: dict[str, Any] = {}

    def show(self, event: ev.Event) -> None:
        """Bring the bars up to date."""
        match event:
            case ev.Started():
                self._say_start(event)
                self._total = event.total
            case ev.Progress():
                self._bar(event.stage, event.done, event.total, event.seconds_left)
            case ev.StepDone():
                note = f"loss {event.loss:.3f}" if math.isfinite(event.loss) else ""
                self._bar("training", event.step, self._total, event.seconds_left, note)
            case ev.Validated():
                self.terminal.say(
                    f"  step {event.step}: audit Dice {event.dice:.3f}, HD95 {words(event.hd95)} mm"
                )
            case ev.ExpertsChanged():
                self.terminal.say(
                    f"  epoch {event.epoch}: taken up as expert: {', '.join(event.cases)}"
                )
            case ev.SampleDropped():
                self.terminal.say(
                    f"  step {event.step}: a sample of '{event.case}' was left out: {event.reason}"
                )
            case ev.Warned():
                self.terminal.say(f"  {event.message}")

    def _say_start(self, event: ev.Started) -> None:
        size = f"{event.parameters / 1e6:.2f} M parameters"
        cases = f"{event.pool} in the pool, {event.reference} expert, {event.audit} audit"
        self.terminal.say(f"Run {event.run}: {event.network}, {size}, on {event.device}; {cases}.")

    def _bar(self, stage: str, done: int, total: int, left: float, note: str = "") -> None:
        if stage not in self._tasks or (done == 0 and stage != "training"):
            if stage in self._tasks:
                self.progress.remove_task(self._tasks[stage])
            self._tasks[stage] = self.progress.add_task(stage, total=total, left="", note="")
        self.progress.update(
            self._tasks[stage], completed=done, total=total, left=_left(left), note=note
        )


def _left(seconds: float) -> str:
    if not math.isfinite(seconds) or seconds <= 0:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} left"


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
