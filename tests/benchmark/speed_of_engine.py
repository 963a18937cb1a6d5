"""What a step, a ranking and the data cost on this machine: the engine measures, this room asks and tabulates."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmark.tables import Table
from napari_alnt.errors import AlntError
from napari_alnt.events import Failed, StepDone
from napari_alnt.session import Session

Row = dict[str, Any]


def measure(what: str, **options: object) -> Iterator[Row]:
    """The rows of ``engine.speed`` ("step" or "rank") with these options, as they come.

    Raises
    ------
    AlntError
        If the measuring ends early.
    """
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "benchmark.speed", what, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        try:
            yield from map(json.loads, child.stdout)
        finally:
            if child.poll() is None:
                child.terminate()
        if child.wait():
            raise AlntError(f"Measuring '{what}' ended early: {child.stderr.read().strip()[-500:]}")


def data(project: Path, steps: int) -> Row:
    """Train a project on for so many steps; how long they waited for their patches, and whether memory grew.

    Raises
    ------
    AlntError
        If the training fails.
    """
    seconds: list[float] = []
    waited: list[float] = []
    memory: list[float] = []
    with Session.open(project) as session:
        few = dataclasses.replace(
            session.project.settings, epochs=1, steps_per_epoch=steps, validate_every=10**5, rank_every=0
        )
        for event in session.train(few, fresh=True):
            if isinstance(event, Failed):
                raise AlntError(event.message)
            if isinstance(event, StepDone) and event.step > 1:  # the first finds nothing prepared
                seconds.append(event.seconds)
                waited.append(event.waited)
                assert session.engine is not None
                memory.append(_resident(session.engine.pid))
    if not seconds:
        raise AlntError(f"A benchmark of {steps} steps has nothing to measure; take at least two.")
    half = len(memory) // 2
    return {
        "project": project.resolve().name,
        "steps": len(seconds),
        "seconds": statistics.median(seconds),
        "waited": math.fsum(waited) / math.fsum(seconds),
        "MiB, first half": max(memory[: half or 1]),
        "MiB, second half": max(memory[half:]),
    }


def keep(path: Path, key: Row, rows: list[Row]) -> None:
    """Append rows to a file of JSON lines, each with its key, the machine and the day."""
    here = {"machine": machine(), "day": time.strftime("%Y-%m-%d")}
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(key | row | here) + "\n" for row in rows)


def machine() -> str:
    """The machine in a few words."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, PyTorch {version('torch')}"


def _resident(pid: int) -> float:
    """A process's memory (MiB); nan where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return math.nan
    return next(
        (float(line.split()[1]) / 1024 for line in status.read_text().splitlines() if "VmRSS" in line), math.nan
    )


def table(title: str, rows: list[Row]) -> Table:
    """Rows as a table."""
    return Table(title, list(rows[0]), [list(row.values()) for row in rows])
