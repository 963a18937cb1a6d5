"""How long the queue of a window takes to open, to sort and to filter."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import TYPE_CHECKING
from unittest.mock import patch

from benchmark.results import Row
from napari_alnt.session import QueueRow

if TYPE_CHECKING:
    from napari_alnt.widgets.queue.queue import QueueView

STATUSES = ("new", "new", "new", "draft", "flagged", "skipped", "accepted")
REPEATS = 7
"""Times each thing is done; the table has the median and the worst, and for a machine that is busy
with other things the median of the processor's time."""


def rows(cases: int, seed: int = 0) -> tuple[QueueRow, ...]:
    """A queue of so many cases with names, statuses and values drawn at random."""
    random = Random(seed)
    numbers = list(range(1, cases + 1))
    random.shuffle(numbers)
    return tuple(
        QueueRow(
            f"radiopaedia_org_covid-19-pneumonia-{number % 97}_{number}",
            number,
            random.choice(STATUSES),
            *(random.random() for _ in range(6)),
        )
        for number in numbers
    )


def queue(cases: int) -> Iterator[Row]:
    """Measure a queue of so many cases: a row for each thing that a user does with it."""
    from qtpy.QtWidgets import QApplication

    # a window that nobody sees: what is measured is the work, not the screen. Programs that are
    # started later do want one
    with patch.dict(os.environ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        app = QApplication.instance() or QApplication([])
    first, other = rows(cases), rows(cases, seed=1)
    view = _opened(first)
    opened = [_seconds(lambda: _opened(first).close(), app.processEvents) for _ in range(REPEATS)]
    yield _row("open", opened, 1.0)
    for action, limit, act in _actions(view, first, other):
        taken = [_seconds(act, app.processEvents) for _ in range(REPEATS)]
        yield _row(action, taken, limit)
    view.close()


def _opened(first: tuple[QueueRow, ...]) -> QueueView:
    from napari_alnt.widgets.queue.queue import QueueView

    view = QueueView()
    view.resize(520, 600)
    view.set_rows(first)
    view.show()
    return view


def _actions(
    view: QueueView, first: tuple[QueueRow, ...], other: tuple[QueueRow, ...]
) -> Iterator[tuple[str, float, Callable[[], None]]]:
    from qtpy.QtCore import Qt

    from napari_alnt.widgets.queue.queue_model import COLUMNS
    from napari_alnt.widgets.queue.queue_rows import Filter

    turns = iter(range(10**6))
    orders = (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder)
    filters = (Filter.of("pneumonia-1"), Filter.of("flagged"), Filter())
    names = [row.case for row in first]

    def sort() -> None:
        turn = next(turns)
        view.sortByColumn(turn % len(COLUMNS), orders[turn % 2])

    def choose() -> None:
        view.set_filter(filters[next(turns) % len(filters)])

    def step() -> None:
        view.select(view.neighbour(names[next(turns) % len(names)], 1))

    yield "sort by a column", 0.05, sort
    yield "filter", 0.05, choose
    view.set_filter(Filter())
    yield "go to the next case", 0.05, step
    yield "take new values", 0.05, lambda: view.set_rows((first, other)[next(turns) % 2])


def _seconds(act: Callable[[], object], draw: Callable[[], object]) -> tuple[float, float]:
    """How long something takes until it is drawn, and how much of that the processor worked."""
    start, worked = time.perf_counter(), time.thread_time()
    act()
    draw()
    return time.perf_counter() - start, time.thread_time() - worked


def _row(action: str, seconds: list[tuple[float, float]], limit: float) -> Row:
    taken, worked = zip(*seconds, strict=True)
    return {
        "action": action,
        "median ms": round(1000 * statistics.median(taken), 1),
        "worst ms": round(1000 * max(taken), 1),
        "processor ms": round(1000 * statistics.median(worked), 1),
        "limit ms": round(1000 * limit),
    }
