"""``napari-alnt bench loop | step | rank | data | ranks``: what the loop finds and saves, and what it costs."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from tyro.conf import FlagCreatePairsOff, Positional

from benchmark import ARMS, METHODS, PARTS, SETS, Plan, Results, draw, judge_anew, quick, run, speed, tables
from napari_alnt.cli.terminal import Terminal
from napari_alnt.errors import AlntError
from napari_alnt.settings import Network

Flag = FlagCreatePairsOff[bool]
Cost = Literal["step", "rank", "data", "ranks"]


@dataclass(frozen=True)
class Bench:
    """Measure on volumes with known truth: are wrong masks found, does weighing help, are minutes saved."""

    what: Positional[Literal["loop"]] = "loop"
    """What to measure."""
    data: Path = Path("data")
    """Folder of the volumes: msd_hippocampus, openkbp_hn_ct, sts_tumour_ct_2mm, covid_ct_seg20."""
    out: Path = Path("bench")
    """Folder for results.jsonl and the work; what is there already is not run again."""
    sets: tuple[str, ...] = ()
    """Sets of volumes; by default all that are in the data folder, or synthetic ones if none is."""
    noises: tuple[Literal["planted", "natural"], ...] = ("planted", "natural")
    """Teacher noise: planted errors, or a real teacher's."""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Seeds: who plays which role, the planted errors, and the training."""
    parts: tuple[str, ...] = PARTS
    """Questions: 'find', 'find, paper', 'train', 'loop'."""
    methods: tuple[str, ...] = tuple(METHODS)
    """Ways to train that take part."""
    arms: tuple[str, ...] = ARMS
    """Rankings that the loop follows."""
    quick: Flag = False
    """A small run of under ten minutes on two cores: finding and training on two sets, one seed."""
    jobs: int = 0
    """Trials at a time, one core each; 0 takes all cores."""
    keep: Flag = False
    """Keep every trial's project."""
    tables: Flag = False
    """Run nothing; print the tables of the results that are there."""
    judge: Flag = False
    """Train nothing; judge the rankings anew by the scores that are kept, as after a change of a ranking."""
    figure: Path | None = None
    """Draw the results into this file (.svg, .png, .pdf); needs matplotlib."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        if self.tables:
            results = Results(self.out / "results.jsonl")
        else:
            results = judge_anew(self._plan()) if self.judge else run(self._plan(), terminal.say)
        for table in tables(results.rows):
            terminal.table(table.title, table.columns, table.rows)
        if self.figure is not None:
            draw(results.rows, self.figure)
        hours = math.fsum(row["seconds"] for row in results.rows if row.get("seconds")) / 3600
        terminal.say(f"{len(results.rows)} rows in {results.path}; {hours:.2f} core hours of work stand behind them.")

    def _plan(self) -> Plan:
        for given, known, what in (
            (self.sets, SETS, "set"), (self.parts, PARTS, "part"), (self.methods, METHODS, "method"),
            (self.arms, ARMS, "ranking"),
        ):  # fmt: skip
            _check(given, known, what)
        values: dict[str, Any] = {
            name: getattr(self, name) for name in ("data", "out", "noises", "seeds", "parts", "methods", "arms", "keep")
        }
        plan = Plan(sets=self.sets or _there(self.data), jobs=self.jobs or os.cpu_count() or 1, **values)
        return quick(plan) if self.quick else plan


@dataclass(frozen=True)
class Speed:
    """Measure on this machine: a weighted step beside an ordinary one, ranking beside inference, waiting for data, two
    processes beside one."""

    what: Positional[Cost]
    """What to measure."""
    project: Positional[Path | None] = None
    """For 'data': the project to train on for some steps."""
    network: Network = "unet"
    """The network; 'unet' is the paper's."""
    size: int = 48
    """Side of a patch in voxels."""
    volume: int = 192
    """Side of the ranked case in voxels."""
    batch: int = 4
    """Pseudo-labelled patches in a step (B)."""
    expert_batch: int = 4
    """Expert patches in a step (V)."""
    repeats: int = 9
    """Rounds that are timed; the table has their medians."""
    steps: int = 50
    """For 'data': steps to train."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where to compute."""
    threads: int = 0
    """Processor threads; 0 takes all."""
    out: Path | None = None
    """A file that the rows are appended to, as JSON lines that name the machine and the day."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        rows = list(self._rows())
        if self.out is not None:
            speed.keep(self.out, {"what": self.what, "network": self.network, "size": self.size}, rows)
        found = speed.table(f"bench {self.what}", rows)
        terminal.table(found.title, found.columns, found.rows)

    def _rows(self) -> Iterator[dict[str, Any]]:
        if self.what == "data":
            if self.project is None:
                raise AlntError(
                    "Waiting for data is measured on a project; name its folder: napari-alnt bench data PROJECT."
                )
            yield speed.data(self.project, self.steps)
            return
        names = ("network", "size", "volume", "batch", "expert_batch", "repeats", "device", "threads")
        yield from speed.measure(self.what, **{name: getattr(self, name) for name in names})


def bench_of(words: Sequence[str]) -> type[Bench] | type[Speed]:
    """Which of the two these words ask for."""
    return Speed if words and words[0] in get_args(Cost) else Bench


def _check(given: tuple[str, ...], known: Any, what: str) -> None:
    for name in given:
        if name not in known:
            raise AlntError(f"The benchmark has no {what} '{name}'; there are {', '.join(known)}.")


def _there(data: Path) -> tuple[str, ...]:
    """The sets whose volumes are in the data folder; the synthetic one where none is."""
    return tuple(name for name, found in SETS.items() if found.folder and (data / found.folder).exists()) or (
        "phantom",
    )
