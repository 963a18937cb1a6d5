"""A window in which cases are opened for hours holds no more memory, threads and files at the end.

An attempt is a case that is opened in a napari window; every third is painted on, so that the next
one makes a draft of it. A run is one window, in a process of its own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from unittest import mock

import numpy as np
import psutil
from conftest import make_balls

from napari_alnt.data import Project
from napari_alnt.errors import AlntError
from robustness import window
from robustness.held import GROWS, Held, judge
from robustness.result import Result, Tally
from robustness.window import say, until
from robustness.work import folder, without

KINDS = (*GROWS, "stopped early", "no draft")
MEASURED = 5
"""Attempts from one measuring of the memory to the next, as collecting garbage takes long."""
SERVER = "from robustness.soak import serve; serve()"


def run(count: int, seed: int, first: int = 0) -> Result:
    """Open ``count`` cases in one window."""
    tally = Tally(seed, KINDS)
    with folder() as work, mock.patch.dict(os.environ, window.settings(work)):
        project = make_balls(work / "balls").folder
        said = window.hear("soak", SERVER, (str(project), seed, count), count)
        for _ in said.rows:
            tally.tried()
        if len(said.rows) < count:
            tally.fail(
                "stopped early", first + len(said.rows), without(work, AlntError(said.error))
            )
            return tally.result()
        held = [Held(**row["held"]) for row in said.rows if row["held"]]
        judge(held, first, tally, every=MEASURED)
        with Project.open(project, write=False) as opened:
            drafts = sum(opened.drafts.file(case.name) is not None for case in opened.cases)
        tally.count("drafts", drafts)
        if not drafts:
            tally.fail("no draft", first)
    return tally.result()


# the process of the window ------------------------------------------------------------------------


def serve() -> None:
    """Open cases in a window, and say after each what is held."""
    project, seed, count = json.loads(sys.argv[1])
    process = psutil.Process()
    rng = np.random.default_rng(seed)
    for number, case in enumerate(_switches(Path(project), rng, count), start=1):
        is_measured = number % MEASURED == 0
        say({"case": case, "held": asdict(Held.kept(process)) if is_measured else None})


def _switches(project: Path, rng: np.random.Generator, count: int) -> Iterator[str]:
    """The cases, each when it is shown."""
    import napari

    from napari_alnt.widgets import dock

    viewer = napari.Viewer()
    widget = dock(viewer)
    assert widget.open_project(project)
    loop = widget.loop
    assert loop is not None
    for number in range(count):
        open_case = loop.correction.case
        others = [row.case for row in loop.queue.in_order() if row.case != open_case]
        case = others[rng.integers(len(others))]
        loop.open_case(case)
        until(lambda case=case: loop.correction.case == case and not loop.correction.loading)
        if number % 3 == 0:
            layer = loop.layers.correction
            layer.paint(tuple(int(rng.integers(size)) for size in layer.data.shape), 1)
        until(lambda: not (loop.correction.files.busy or loop.redraw.files.busy))
        yield case
    assert widget.close_project()
    viewer.close()
