"""How quick a window is while a user goes through it and a student learns."""

from __future__ import annotations

import math
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmark import queue_speed
from benchmark.gui_calls import FIRST, Call, GuiCalls, Watcher, functions_of, timed_application
from benchmark.lateness import measured
from benchmark.results import Row, append
from benchmark.window_project import Sizes, make_project
from napari_alnt.errors import AlntError

NO_DISPLAY = (
    "There is no display to open a window on; put 'xvfb-run -a -s \"-screen 0 1600x1000x24\"'"
    " before the command, or run it where there is one."
)
NOTE = (
    "No timer comes while the canvas is painted. Without a graphics card the processor does that,"
    " as under Xvfb: such painting is shown apart, and is part of all that is measured."
)
STILL = 10.0
"""Seconds for which nobody touches the window while the student learns."""
LIMITS = {"read ahead": 0.15, "not read ahead": 1.5}
"""Seconds from the click to the picture of a large case."""


@dataclass
class Measured:
    """All that was measured of a window.

    Attributes
    ----------
    calls : every call on its thread
    late : seconds by which the event loop was late while the student learned, nobody touching it
    late_in_tour : the same, while somebody did
    pictures, veiled : as of :class:`~benchmark.window_tour.Tour`
    """

    calls: list[Call] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    late_in_tour: list[float] = field(default_factory=list)
    pictures: dict[str, list[float]] = field(default_factory=dict)
    veiled: list[bool] = field(default_factory=list)


def window(
    work: Path | None, rounds: int, sizes: Sizes, still: float = STILL
) -> tuple[list[Row], list[Row]]:
    """Take the tour so many times; the table of limits, and the functions of slow calls.

    Parameters
    ----------
    work : folder of the project, which is kept; None for a temporary one
    rounds : how many times everything is done
    sizes : of the project
    still : seconds for which nobody touches the window

    Raises
    ------
    AlntError
        If there is no display, or the window does not do what it should.
    """
    if not has_display():
        raise AlntError(NO_DISPLAY)
    with ExitStack() as stack:
        folder = work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        project = make_project(folder, sizes)
        # what a window keeps for its user is not to be touched
        os.environ["NAPARI_ALNT_CONFIG"] = str(folder / "config")
        os.environ["NAPARI_CONFIG"] = str(folder / "napari.yaml")
        found = _measure(project, rounds, still)
    return list(table(found)), functions_of(found.calls)


def has_display() -> bool:
    """Whether a window can be opened here."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _measure(project: Path, rounds: int, still: float) -> Measured:
    calls, found = GuiCalls(), Measured()
    app = timed_application(calls)

    import napari

    from benchmark.window_steps import close, learn, take_tour
    from benchmark.window_tour import live
    from napari_alnt.widgets import dock

    viewer = napari.Viewer(show=False)
    viewer.window._qt_window.resize(1600, 1000)
    viewer.show()
    app.canvas = viewer.window._qt_viewer.canvas.native
    widget = dock(viewer)
    live(1.0)
    calls.calls.clear()  # the opening of napari's own window is not the plugin's
    with Watcher(calls):
        tour = learn(viewer, widget, calls, project)
        with measured(found.late_in_tour):
            for _ in range(rounds):
                take_tour(tour)
    calls.stage = "nobody touches the window"
    with measured(found.late):
        live(still)
    with Watcher(calls):
        close(tour, viewer)
    found.calls, found.pictures, found.veiled = calls.calls, tour.pictures, tour.veiled
    return found


def table(found: Measured) -> Iterator[Row]:
    """A row for each limit: what was asked, what was measured, and whether it holds."""
    first = [call.seconds for call in found.calls if FIRST in call.marks]
    other = [call.seconds for call in found.calls if FIRST not in call.marks]
    painting = [call.painting for call in found.calls if call.painting]
    yield row("call on the window's thread", other, worst=0.05)
    working = [call.worked for call in found.calls if FIRST not in call.marks]
    yield row("of it, the processor at work", working)
    yield row("first display of a case", first, worst=0.1)
    yield row("painting of the canvas, which both contain", painting)
    yield row("event loop late, while training", found.late, worst=0.033, p99=0.005)
    yield row("event loop late, while training and in the tour", found.late_in_tour)
    for kind, seconds in found.pictures.items():
        yield row(f"click to picture, {kind}", seconds, worst=LIMITS.get(kind))
    if found.veiled:
        never = found.veiled.count(False)
        yield _row(
            "the case before is veiled, and not named, until then",
            count=len(found.veiled),
            holds="NO" if never else "yes",
        )


def row(
    what: str, seconds: Sequence[float], worst: float | None = None, p99: float | None = None
) -> Row:
    """What was asked of some times and what they are, in milliseconds; without any, that is said.

    Parameters
    ----------
    what : what took these seconds
    seconds : each time that was measured
    worst, p99 : the most seconds that are asked for, of all and of 99 in 100
    """
    limits = {"p99": p99, "worst": worst}
    asked = [f"{name} ≤ {1000 * one:g}" for name, one in limits.items() if one is not None]
    if not len(seconds):
        return _row(what, asked=", ".join(asked), count=0, holds="not measured")
    middle, high, most = (float(one) for one in np.percentile(seconds, (50, 99, 100)))
    holds = most <= (worst or math.inf) and high <= (p99 or math.inf)
    return _row(
        what,
        asked=", ".join(asked),
        count=len(seconds),
        holds=("yes" if holds else "NO") if asked else "",
        **{"median ms": _ms(middle), "p99 ms": _ms(high), "worst ms": _ms(most)},
    )


def _row(what: str, **values: Any) -> Row:
    """A row with all columns of the table, of which those not named are empty."""
    empty = dict.fromkeys(("asked", "median ms", "p99 ms", "worst ms", "count", "holds"), "")
    return {"what": what} | empty | values


def queue_rows(rows: Iterable[Row], cases: int) -> Iterator[Row]:
    """The measurements of the long queue, as rows of the same table."""
    for one in rows:
        values = {name: one[name] for name in ("median ms", "worst ms")}
        limit = one["limit ms"]
        yield _row(
            f"queue of {cases:,} cases: {one['action']}",
            asked=f"worst ≤ {limit}",
            count=queue_speed.REPEATS,
            holds="yes" if one["worst ms"] <= limit else "NO",
            **values,
        )


def keep(path: Path, rows: Sequence[Row], functions: Sequence[Row]) -> None:
    """Append both tables to a file of JSON lines, with the machine and the day."""
    here = {"machine": machine(), "day": time.strftime("%Y-%m-%d")}
    kinds = {"window": rows, "slow": functions}
    append(path, [{"kind": kind, **one, **here} for kind, some in kinds.items() for one in some])


def machine() -> str:
    """Name the machine, and all that draws the window on it."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("napari", "vispy", "numpy"))
    return f"{os.cpu_count()} cores, {_processor()}, {_qt()}, {versions}"


def _qt() -> str:
    from qtpy import API_NAME, QT_VERSION

    return f"{API_NAME} with Qt {QT_VERSION}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
