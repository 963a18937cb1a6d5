"""A training that is broken off and taken up again ends as one that nobody has broken off.

An attempt kills the training's child, or the process that has started it, at random steps, until
it is let through. Weights and optimiser, test curve, ledger and scores must be the same to the bit.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from unittest import mock

import numpy as np
from conftest import TINY, make_balls
from safetensors.numpy import load_file

from napari_alnt.data import Project
from napari_alnt.data.local import FOLDER
from napari_alnt.errors import AlntError
from napari_alnt.events import Finished, StepDone
from napari_alnt.session import Session
from napari_alnt.session.run_record import last_student
from robustness.children import environment
from robustness.engine import MARK, end_all, lasting
from robustness.result import Result, Tally
from robustness.work import folder, without

KINDS = ("weights", "curve", "ledger", "scores", "not taken up", "untyped")
SETTINGS = dataclasses.replace(
    TINY, epochs=4, steps_per_epoch=4, test_every=2, rank_every=2, prefetch_cases=0
)
STEPS = SETTINGS.epochs * SETTINGS.steps_per_epoch
BREAKS = 3
"""Kills of an attempt, at most."""
LONGEST = 0.3
"""Seconds after a step until the kill, at most: saves, tests and rankings come behind steps."""
SCRIPT = """
import json, sys
from napari_alnt.events import StepDone
from napari_alnt.session import Session
from napari_alnt.settings import Settings

with Session.open(sys.argv[1]) as session:
    for event in session.train():
        if isinstance(event, StepDone):
            print(event.step, flush=True)
"""
"""What the process does whose end takes the training with it."""


def run(count: int, seed: int, first: int = 0) -> Result:
    """Break off the trainings ``first`` to ``first + count - 1``."""
    tally = Tally(seed, KINDS)
    with folder() as work:
        changed = {FOLDER: str(work / "config"), MARK: str(work), "OMP_NUM_THREADS": "1"}
        with mock.patch.dict(os.environ, changed):
            for index in range(first, first + count):
                tally.tried()
                rng = np.random.default_rng([seed, index])
                try:
                    _attempt(work / f"{index}", rng, index, tally)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                    tally.fail("untyped", index, without(work, error))
                finally:
                    end_all(str(work))
    return tally.result()


def _attempt(place: Path, rng: np.random.Generator, index: int, tally: Tally) -> None:
    project = _make(place)
    for number in range(int(rng.integers(1, BREAKS, endpoint=True))):
        # later breaks may come at an earlier step, which a resumed training has passed
        step, after = int(rng.integers(STEPS)), rng.uniform(0, LONGEST)
        who = (break_child, break_parent)[(index + number) % 2]
        tally.count("breaks", int(who(project, step, after)))
        if lasting(os.environ[MARK]):
            raise AlntError("The training has outlived its end.")
    if not _finish(project):
        tally.fail("not taken up", index)
        return
    whole, found = _whole(), observe(project)
    for kind, value in whole.items():
        if found[kind] != value:
            tally.fail(kind, index, _difference(value, found[kind]))


def _make(place: Path) -> Path:
    return make_balls(place, settings=SETTINGS).folder


@cache
def _whole() -> dict[str, object]:
    """What a training ends with that nobody breaks off."""
    with folder() as work:
        project = _make(work / "whole")
        if not _finish(project):
            raise AlntError("The training does not end well even when nobody breaks it off.")
        return observe(project)


def _finish(project: Path) -> bool:
    """Train to the end; whether that is reached."""
    with Session.open(project) as session:
        last = [*session.train()][-1] if not _is_done(session.project) else Finished(STEPS)
    return last == Finished(STEPS)


def _is_done(project: Project) -> bool:
    # another training would go on from there
    return any(run.state == "done" for run in project.runs.all)


def break_child(project: Path, step: int, after: float) -> bool:
    """Kill the child some seconds after a step; whether it was still at work."""
    with Session.open(project) as session:
        if _is_done(session.project):
            return False
        engine = session.start("train")
        kill = _Kill(engine.pid, step, after)
        for event in engine.events():
            session.apply(event)
            if isinstance(event, StepDone):
                kill(event.step)
        return not isinstance(event, Finished)


def break_parent(project: Path, step: int, after: float) -> bool:
    """Kill the process that has started the training; whether it was still at work."""
    with Project.open(project, write=False) as opened:
        if _is_done(opened):
            return False
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(project)], env=environment(),
        stdout=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        kill = _Kill(parent.pid, step, after)
        for line in parent.stdout:
            kill(int(line))
        return parent.wait() < 0


@dataclasses.dataclass
class _Kill:
    """Kills a process once a step is done."""

    process: int
    step: int
    after: float
    done: bool = False

    def __call__(self, step: int) -> None:
        if self.done or step < self.step:
            return
        self.done = True
        time.sleep(self.after)
        os.kill(self.process, signal.SIGKILL)


def observe(project: Path) -> dict[str, object]:
    """What a training has ended with; by :data:`KINDS`."""
    with Project.open(project, write=False) as opened:
        runs, student = opened.runs, last_student(opened)
        assert student is not None
        lineage = runs.lineage(student)
        weights = load_file(student.checkpoint)
        ledger = [entry for entry in runs.ledger() if entry.run in lineage]
        without_run: Callable[..., object] = dataclasses.replace
        return {
            "weights": {name: _bits(value) for name, value in weights.items()},
            "curve": [repr(result) for result in runs.test_results(lineage)],
            # the number of the run is another where the first broke off before its checkpoint
            "ledger": [repr(without_run(entry, run=0)) for entry in ledger],
            "scores": [repr(score) for score in runs.scores(latest=False, runs=lineage)],
        }


def _bits(value: np.ndarray) -> tuple[str, tuple[int, ...], bytes]:
    return str(value.dtype), value.shape, value.tobytes()


def _difference(expected: object, found: object) -> str:
    """The first part that differs."""
    if isinstance(expected, dict) and isinstance(found, dict):
        names = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
        return f"{len(names)} of {len(expected)}: {names[0]}"
    assert isinstance(expected, list)
    assert isinstance(found, list)
    both = enumerate(zip(expected, found, strict=False))
    first = next((f"{number}: {one} {two}" for number, (one, two) in both if one != two), "")
    return f"{len(expected)} expected, {len(found)} found; {first}"
