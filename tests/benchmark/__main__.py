"""The study's commands, from a checkout: ``python tests/benchmark --help``."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tyro
from tyro.conf import FlagCreatePairsOff, OmitArgPrefixes, Positional

if __package__ in (None, ""):  # run as a folder: its modules are found as the package "benchmark"
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from collections.abc import Callable, Iterable, Sequence

from benchmark import (
    DATASETS,
    METHODS,
    PARTS,
    STRATEGIES,
    Plan,
    Results,
    propagation,
    queue_speed,
    quick,
    readme,
    rescore,
    run,
    speed,
    tables,
    tool_speed,
    window_speed,
)
from benchmark.datasets import available
from benchmark.figure import draw
from benchmark.results import Row
from benchmark.steps import Options
from benchmark.truth import Noise
from benchmark.window_project import Sizes
from napari_alnt.cli.terminal import Terminal
from napari_alnt.errors import AlntError

PROG = "python tests/benchmark"
Flag = FlagCreatePairsOff[bool]


@dataclass(frozen=True)
class Loop:
    """Measure on volumes with known truth: errors found, training helped, minutes saved."""

    data: Path = Path("data")
    """Folder of the volumes: msd_hippocampus, openkbp_hn_ct, sts_tumour_ct_2mm, covid_ct_seg20."""
    out: Path = Path("bench")
    """Folder for the work; what has a row already is not run again."""
    rows: Path | None = None
    """File of the rows; by default results.jsonl in the folder for the work."""
    datasets: tuple[str, ...] = ()
    """Datasets; by default all that are in the data folder, or a synthetic one if none is."""
    noises: tuple[Noise, ...] = ("planted", "natural")
    """Teacher noise: simulated errors, or a real teacher's."""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Seeds: who plays which role, the simulated errors, and the training."""
    parts: tuple[str, ...] = PARTS
    """Questions: 'detection', 'detection, paper', 'train', 'loop'."""
    methods: tuple[str, ...] = tuple(METHODS)
    """Ways to train that take part."""
    strategies: tuple[str, ...] = STRATEGIES
    """Rankings that the loop follows, and its two bounds."""
    quick: Flag = False
    """A run of minutes: detection and training on two datasets, one seed."""
    jobs: int = 0
    """Trials at a time, one core each; 0 takes all cores."""
    keep: Flag = False
    """Keep every trial's project."""
    tables: Flag = False
    """Run nothing; print the tables of the rows that are there."""
    rescore: Flag = False
    """Train nothing; sort by the scores that are kept, as after a change of a ranking."""
    figure: Path | None = None
    """Draw the results into this file (.svg, .png, .pdf); needs matplotlib."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Run what is missing, and print every table."""
        results = self._results(terminal.say)
        for table in tables(results.rows):
            # a program learns from each row which table it belongs to
            name = {"table": table.title} if self.json else {}
            terminal.table(table.title, "TableRow", [name | one for one in table.records()])
        if self.figure is not None:
            draw(results.rows, self.figure)
        seconds = math.fsum(row.get("seconds") or 0.0 for row in results.rows)
        terminal.say(
            f"{len(results.rows)} rows in {results.path}; {seconds / 3600:.2f} core hours of work"
            " stand behind them."
        )

    def _results(self, say: Callable[[str], None]) -> Results:
        plan = self._plan()
        if self.tables:
            return plan.results()
        return rescore(plan) if self.rescore else run(plan, say)

    def _plan(self) -> Plan:
        _check(self.datasets, DATASETS, "dataset")
        _check(self.parts, PARTS, "part")
        _check(self.methods, METHODS, "method")
        _check(self.strategies, STRATEGIES, "strategy")
        plan = Plan(
            data=self.data,
            out=self.out,
            rows=self.rows,
            datasets=self.datasets or available(self.data),
            noises=self.noises,
            seeds=self.seeds,
            parts=self.parts,
            methods=self.methods,
            strategies=self.strategies,
            jobs=self.jobs or os.cpu_count() or 1,
            keep=self.keep,
        )
        return quick(plan) if self.quick else plan


def _check(given: tuple[str, ...], known: Iterable[str], what: str) -> None:
    for name in given:
        if name not in known:
            raise AlntError(f"The benchmark has no {what} '{name}'; there are {', '.join(known)}.")


@dataclass(frozen=True)
class Cost:
    """What a cost of this machine has in common: its options, and where its rows go."""

    setup: OmitArgPrefixes[Options] = field(default_factory=Options)
    out: Path | None = None
    """A file that the rows are appended to, as JSON lines that name the machine and the day."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Measure, and print a row for each way."""
        what = type(self).__name__.lower()
        setup = self.setup
        key = {"what": what, "network": setup.network, "size": setup.size, "device": setup.device}
        _show(terminal, key, list(self._rows()), self.out)

    def _rows(self) -> Iterable[Row]:
        raise NotImplementedError


@dataclass(frozen=True)
class Step(Cost):
    """Measure a weighted step beside an ordinary one on the same patches, and its memory."""

    def _rows(self) -> Iterable[Row]:
        return speed.step(self.setup)


@dataclass(frozen=True)
class Ranking(Cost):
    """Measure the ranking of a case beside plain inference on it."""

    def _rows(self) -> Iterable[Row]:
        return speed.ranking(self.setup)


@dataclass(frozen=True)
class Workers(Cost):
    """Measure two processes that train together beside one."""

    def _rows(self) -> Iterable[Row]:
        return speed.workers(self.setup)


@dataclass(frozen=True)
class Data:
    """Measure how long training waits for its patches, and whether its memory grows."""

    project: Positional[Path]
    """Folder of the project to train on for some steps."""
    steps: int = 50
    """Steps to train."""
    out: Path | None = None
    """A file that the row is appended to, as a JSON line that names the machine and the day."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Measure, and print the row."""
        _show(terminal, {"what": "data"}, [speed.data(self.project, self.steps)], self.out)


def _show(terminal: Terminal, key: Row, rows: list[Row], out: Path | None) -> None:
    if out is not None:
        speed.keep(out, key, rows)
    terminal.table(f"{key['what']} ({speed.machine()})", key["what"].capitalize(), rows)


@dataclass(frozen=True)
class Queue:
    """Measure the window's queue with many cases: to open, to sort, to filter."""

    cases: int = 10_000
    """Cases in the queue."""
    out: Path | None = None
    """A file that the rows are appended to, as JSON lines that name the machine and the day."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Measure, and print a row for each thing that is done."""
        key = {"what": "queue", "cases": self.cases}
        _show(terminal, key, list(queue_speed.queue(self.cases)), self.out)


@dataclass(frozen=True)
class Window:
    """Measure a window on a tour: its calls, its event loop, clicks to pictures, a long queue."""

    work: Path | None = None
    """Folder of the project that is made for it, which is kept; by default a temporary one."""
    count: int = 3
    """How many times everything is done."""
    sizes: OmitArgPrefixes[Sizes] = field(default_factory=Sizes)
    queue: int = 10_000
    """Cases in the long queue."""
    out: Path | None = None
    """A file that the rows are appended to, as JSON lines that name the machine and the day."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Take the tour, and print a row for each limit and for each function that was slow."""
        rows, functions = window_speed.window(self.work, self.count, self.sizes)
        rows += window_speed.queue_rows(queue_speed.queue(self.queue), self.queue)
        here = window_speed.machine()
        if self.out is not None:
            window_speed.keep(self.out, rows, functions)
        terminal.table(f"window ({here})", "Window", rows)
        terminal.say(window_speed.NOTE)
        terminal.table("where slow calls were found", "Slow", functions)


@dataclass(frozen=True)
class Propagate:
    """Measure what propagating corrected slices gains, on head-and-neck CTs with known truth."""

    data: Path = Path("data")
    """Folder of the volumes: openkbp_hn_ct."""
    out: Path = Path("bench/propagation")
    """Folder for the project, its student and the rows; what has a row is not measured again."""
    cases: int = 11
    """Cases that are corrected."""
    counts: tuple[int, ...] = propagation.COUNTS
    """How many slices are corrected."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Measure what has no row yet, and print the mean Dice of the slices not corrected."""
        rows = propagation.measure(self.data, self.out, self.cases, self.counts, say=terminal.say)
        terminal.table("propagation", "Propagation", propagation.table(rows))


@dataclass(frozen=True)
class Tools:
    """Measure each tool of the correction on a mask of 512 × 512 × 300 voxels."""

    count: int = 50
    """How many times each is used."""
    out: Path | None = None
    """A file that the rows are appended to, as JSON lines that name the machine and the day."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Measure, and print a row for each tool."""
        _show(terminal, {"what": "tools"}, list(tool_speed.tools(self.count)), self.out)


@dataclass(frozen=True)
class Readme:
    """Write the generated tables of both READMEs anew from the committed rows."""

    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Write, and name the files that have changed."""
        rows = [{"file": str(path)} for path in readme.write()]
        terminal.table("READMEs with new tables", "Readme", rows)
        if not rows:
            terminal.say("Both READMEs have the tables of the rows.")


COMMANDS: dict[str, Callable[..., Any]] = {
    "loop": Loop,
    "step": Step,
    "ranking": Ranking,
    "data": Data,
    "workers": Workers,
    "queue": Queue,
    "window": Window,
    "tools": Tools,
    "propagate": Propagate,
    "readme": Readme,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns 0 if it went well, 1 for a problem to correct; exits with 2 where there is no such
    command.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    terminal = Terminal(json="--json" in words)
    try:
        command = tyro.extras.subcommand_cli_from_dict(
            COMMANDS,
            prog=PROG,
            description="Measure what the loop finds and what it costs.",
            args=words,
        )
        command(terminal)
    except AlntError as error:
        terminal.error(str(error), 1)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever was reading has seen enough
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
