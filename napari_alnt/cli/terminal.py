"""What a run looks like in a terminal, or as JSON lines for another program."""

from __future__ import annotations

import contextlib
import json
import math
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from napari_alnt import events as ev
from napari_alnt.codec import to_line
from napari_alnt.data import Notice
from napari_alnt.errors import AlntError
from napari_alnt.session import Session
from napari_alnt.session.job_status import JobStatus
from napari_alnt.session.report import words

PIPE_WIDTH = 1000
"""Columns of a pipe or file: nothing has to be cut there."""


class RunFailed(AlntError):
    """The engine could not go on; its sentence is the message."""


class Terminal:
    """Prints for people (progress bars, tables) or, with ``json``, one object a line for
    programs.
    """

    def __init__(self, json: bool = False, console: Console | None = None) -> None:
        self.json = json
        self.console = console or _console()
        self.errors = _console(stderr=True)

    def opened(self, project: Path, write: bool = True) -> Session:
        """A project's session; what is to be known of the project is said first."""
        session = Session.open(project.expanduser(), write=write)
        # on standard error, as standard output may be read by a program
        for notice in session.project.notices:
            self.errors.print(notice, style="yellow", soft_wrap=True)
        return session

    def error(self, text: str, code: int) -> None:
        """A problem, in red for people."""
        if self.json:
            self._write({"kind": "Error", "message": text, "code": code})
        else:
            self.errors.print(text, style="red", soft_wrap=True)

    def notice(self, notice: Notice) -> None:
        """What is strange about files, in yellow for people."""
        if self.json:
            self._write({"kind": "Notice", "message": str(notice), "cases": notice.cases})
        else:
            self.errors.print(str(notice), style="yellow", soft_wrap=True)

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
        # after the bars, which would write over it
        if isinstance(last, ev.Failed):
            raise RunFailed(last.message)
        return last if isinstance(last, ev.Finished) else ev.Finished(-1, "stopped")

    @contextlib.contextmanager
    def _stopping(self, session: Session) -> Iterator[None]:
        """Let the first Ctrl-C ask the engine to stop; a second one interrupts as usual."""

        def ask(*_: object) -> None:
            signal.signal(signal.SIGINT, before)  # from now on Ctrl-C interrupts
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
            self._write_line(to_line(event))

    def say(self, text: str) -> None:
        """A line for people."""
        if not self.json:
            self.console.print(text, soft_wrap=True)

    def fact(self, sentence: str, kind: str, values: Mapping[str, Any]) -> None:
        """A sentence for people, or its values as one JSON object."""
        self.say(sentence)
        if self.json:
            self._write({"kind": kind, **values})

    def table(
        self,
        title: str,
        kind: str,
        rows: Iterable[Mapping[str, Any]],
        headings: Mapping[str, str] | None = None,
    ) -> None:
        """A table for people, or its rows as JSON objects of one ``kind``.

        A column's heading is its key with spaces, where ``headings`` has no other words for it. The
        first column names the row and is never cut, so a table may be wider than the terminal.
        """
        rows = list(rows)
        if self.json:
            for row in rows:
                self._write({"kind": kind, **row})
        elif rows:
            self.say(title)
            self.console.print(_table(rows, headings or {}, self.console.width), crop=False)

    def _write(self, values: Mapping[str, Any]) -> None:
        plain = {name: _plain(value) for name, value in values.items()}
        self._write_line(json.dumps(plain, allow_nan=False))

    def _write_line(self, line: str) -> None:
        # not by rich, which would wrap and colour it
        self.console.file.write(line + "\n")
        self.console.file.flush()

    def _progress(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[note]}"),
            console=self.console,
            # a file has no lines that could be drawn again
            disable=self.json or not self.console.is_terminal,
        )


class Bars:
    """One bar for each stage of a job; and, of what should stay on the screen, a line."""

    def __init__(self, progress: Progress, terminal: Terminal) -> None:
        self.progress = progress
        self.terminal = terminal
        self.status = JobStatus(state="running")
        self._tasks: dict[str, TaskID] = {}

    def show(self, event: ev.Event) -> None:
        """Bring the bars up to date, and say what is to be said."""
        self.status.apply(event)
        if isinstance(event, (ev.Progress, ev.StepDone)):
            self._bar(event)
        if line := _line(event):
            self.terminal.say(line)
        # a failure ends the command and is its error
        text, _ = ("", "") if isinstance(event, ev.Failed) else self.status.sentence(event)
        if text:
            self.terminal.say(f"  {text}")

    def _bar(self, event: ev.Progress | ev.StepDone) -> None:
        stage = self.status.stage
        # a stage that begins once more, as every ranking does, has its clock anew
        if self.status.done == 0 and stage in self._tasks and stage != "training":
            self.progress.remove_task(self._tasks.pop(stage))
        if stage not in self._tasks:
            self._tasks[stage] = self.progress.add_task(stage, total=None, left="", note="")
        self.progress.update(
            self._tasks[stage],
            completed=self.status.done,
            total=self.status.total,
            left=_left(event.seconds_left),
            note=_note(event),
        )


def _console(stderr: bool = False) -> Console:
    """A console that prints names as they are: no markup, no emoji, no colours by guess."""
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    # rich takes a pipe for 80 columns wide
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def _table(rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str], room: int) -> Table:
    """Rows of one kind; values are never cut, the headings are folded where ``room`` is short."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    longest = {key: max(cell_len(_cell(row[key])) for row in rows) for key in rows[0]}
    for key, width in longest.items():
        is_name = not table.columns
        table.add_column(
            headings.get(key, key.replace("_", " ")),
            justify="left" if is_name else "right",
            no_wrap=is_name,
            overflow="fold",
            min_width=width,
        )
    # rich drops columns without a word where they find no room, so there is always enough
    least = sum(longest.values()) + 2 * (len(longest) - 1)
    table.width = least if least > room else None
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    return table


def _cell(value: Any) -> str:
    return "–" if value is None else words(value)


def _line(event: ev.Event) -> str:
    """What stays on the screen of an event; "" for most."""
    match event:
        case ev.Started():
            size = f"{event.parameters / 1e6:.2f} M parameters"
            cases = f"{event.pool} in the pool, {event.experts} expert, {event.test} test"
            return f"Run {event.run}: {event.network}, {size}, on {event.device}; {cases}."
        case ev.Tested():
            return f"  step {event.step}: test Dice {event.dice:.3f}, HD95 {words(event.hd95)} mm"
        case ev.ExpertsChanged():
            return f"  epoch {event.epoch}: taken up as expert: {', '.join(event.cases)}"
        case ev.SampleDropped():
            return f"  step {event.step}: a sample of '{event.case}' was left out: {event.reason}"
    return ""


def _note(event: ev.Progress | ev.StepDone) -> str:
    if isinstance(event, ev.StepDone) and math.isfinite(event.loss):
        return f"loss {event.loss:.3f}"
    return ""


def _left(seconds: float) -> str:
    if not math.isfinite(seconds) or seconds <= 0:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} left"


def _plain(value: Any) -> Any:
    # JSON has no nan
    return None if isinstance(value, float) and not math.isfinite(value) else value
