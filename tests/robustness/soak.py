"""A window in which cases are opened for hours holds no more memory, threads and files at the end.

An attempt is a case that is opened in a napari window; every third is painted on, so that the next
one makes a draft of it. A run is one window, in a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import psutil
from conftest import make_balls

from napari_alnt.data import Project
from napari_alnt.data.local import FOLDER
from napari_alnt.errors import AlntError
from robustness.children import environment
from robustness.result import Result, Tally
from robustness.work import folder, without

KINDS = ("memory grows", "threads grow", "files grow", "stopped early", "no draft")
LIMIT = 0.5 * 2**20
"""Bytes that an attempt may keep, in the mean behind the first quarter."""
FEWEST = 40
"""Attempts from which on growth is judged; in fewer, caches are still being filled."""
PATIENCE = 120.0
"""Seconds in which a case must be shown."""
SERVER = "from robustness.soak import serve; serve()"


@dataclass(frozen=True)
class Held:
    """What a process holds after an attempt: bytes, threads, open files."""

    memory: int
    threads: int
    files: int

    @classmethod
    def now(cls, process: psutil.Process) -> Held:
        """What it holds at this moment."""
        with process.oneshot():
            files = getattr(process, "num_fds", process.num_handles if os.name == "nt" else int)
            return cls(process.memory_info().rss, process.num_threads(), files())


def run(count: int, seed: int, first: int = 0) -> Result:
    """Open ``count`` cases in one window."""
    tally = Tally(seed, KINDS)
    with folder() as work, mock.patch.dict(os.environ, settings(work)):
        project = make_balls(work / "balls").folder
        held, error = _window(project, seed, count)
        for _ in held:
            tally.tried()
        if len(held) < count:
            tally.fail("stopped early", first + len(held), without(work, AlntError(error)))
            return tally.result()
        judge(held, first, tally)
        with Project.open(project, write=False) as opened:
            drafts = sum(opened.drafts.file(case.name) is not None for case in opened.cases)
        tally.count("drafts", drafts)
        if not drafts:
            tally.fail("no draft", first)
    return tally.result()


def settings(work: Path) -> dict[str, str]:
    """Neither the user's settings nor napari's are touched."""
    return {FOLDER: str(work / "config"), "NAPARI_CONFIG": str(work / "napari.yaml")}


def judge(held: Sequence[Held], first: int, tally: Tally) -> None:
    """Compare what was held late with what was held behind the first quarter."""
    if len(held) < FEWEST:
        return
    quarter = len(held) // 4
    early, late = held[quarter : 2 * quarter], held[-quarter:]
    for name in ("threads", "files"):
        before = max(getattr(one, name) for one in early)
        after = min(getattr(one, name) for one in late)
        if after > before:
            tally.fail(f"{name} grow", first, f"from {before} to {after}")
    memory = [one.memory for one in held[quarter:]]
    grown = float(np.polyfit(range(len(memory)), memory, 1)[0])
    tally.count("KiB kept an attempt", max(0, round(grown / 1024)))
    if grown > LIMIT:
        tally.fail("memory grows", first, f"{grown / 2**20:.2f} MiB an attempt")


def _window(project: Path, seed: int, count: int) -> tuple[list[Held], str]:
    """What the process of a window has held after each case, and the end of its errors."""
    command = [*screen(), sys.executable, "-c", SERVER, json.dumps([str(project), seed, count])]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as window:
        out, errors = window.communicate()
    lines = [line for line in out.splitlines() if line.startswith("{")]
    return [Held(**json.loads(line)) for line in lines], errors[-250:]


def screen() -> list[str]:
    """What gives a window its screen where there is none."""
    has_one = sys.platform != "linux" or {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)
    if has_one:
        return []
    if shutil.which("xvfb-run") is None:
        raise AlntError("There is no screen for a window; install xvfb, or run this on a desktop.")
    return ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24"]


# the process of the window ------------------------------------------------------------------------


def serve() -> None:
    """Open cases in a window, and say after each what is held."""
    project, seed, count = json.loads(sys.argv[1])
    process = psutil.Process()
    for _ in _switches(Path(project), np.random.default_rng(seed), count):
        sys.stdout.write(json.dumps(asdict(Held.now(process))) + "\n")
        sys.stdout.flush()


def _switches(project: Path, rng: np.random.Generator, count: int) -> Iterator[str]:
    """The cases, each when it is shown."""
    import napari

    from napari_alnt.widgets import dock

    viewer = napari.Viewer()
    window = dock(viewer)
    assert window.open_project(project)
    loop = window.loop
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
    assert window.close_project()
    viewer.close()


def until(holds: Callable[[], bool]) -> None:
    """Let the window work until something holds."""
    from qtpy.QtCore import QEvent
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise AlntError("The window does not go on.")
        QApplication.processEvents()
        time.sleep(0.002)
    QApplication.processEvents()
    # what is to be deleted waits for a loop of events, which only the product has
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
