"""A process that trains is killed at a random instant; its child is gone a second later."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
from conftest import make_balls

from napari_alnt.data import Project
from napari_alnt.data.local import FOLDER
from robustness import projects
from robustness.children import environment
from robustness.engine import MARK, end_all, marked
from robustness.result import Result, Tally
from robustness.work import folder, without

KINDS = ("child alive", "not started", "cannot be opened", "said to run")
LONGEST = 10.0
"""Seconds after the start until the kill, at most: imports, preparation and training."""
AFTER = 1.0
SCRIPT = """
import dataclasses, sys
from napari_alnt.session import Session

session = Session.open(sys.argv[1])
settings = dataclasses.replace(session.project.settings, epochs=5000, rank_every=0, test_every=5000)
engine = session.start("train", settings)
print(engine.pid, flush=True)
for event in engine.events():
    session.apply(event)
"""
"""What the process does until it is killed, as a window does it."""


def run(count: int, seed: int, first: int = 0) -> Result:
    """Kill the processes ``first`` to ``first + count - 1``."""
    tally = Tally(seed, KINDS)
    for index in range(first, first + count):
        tally.tried()
        rng = np.random.default_rng([seed, index])
        with folder() as work:
            changed = {MARK: str(work), FOLDER: str(work / "config")}
            with mock.patch.dict(os.environ, changed):
                try:
                    _attempt(work, rng.uniform(0, LONGEST), index, tally)
                finally:
                    end_all(str(work))
    return tally.result()


def _attempt(work: Path, until: float, index: int, tally: Tally) -> None:
    project = make_balls(work / "balls").folder
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(project)], env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        if not parent.stdout.readline():
            tally.fail("not started", index)
            return
        time.sleep(until)
        started = len(marked(str(work)))
        killed = time.monotonic()
        parent.kill()
        time.sleep(max(0.0, killed + AFTER - time.monotonic()))
        left = marked(str(work))
    tally.count("children", started - 1)
    if started < 2:
        tally.fail("not started", index, "no child is there")
    if left:
        tally.fail("child alive", index, f"{len(left)} of {started - 1}, killed at {until:.2f} s")
    _open(project, work, index, tally)
    projects.remove(work / "balls")


def _open(project: Path, work: Path, index: int, tally: Tally) -> None:
    """The project can be opened again, and says of no run that it is at work."""
    try:
        with Project.open(project) as opened:
            states = [run.state for run in opened.runs.all]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
        tally.fail("cannot be opened", index, without(work, error))
        return
    if "running" in states:
        tally.fail("said to run", index)
