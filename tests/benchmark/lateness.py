"""How late a window's event loop is, by a timer that is due every few milliseconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERVAL = 0.005
"""Seconds between two times at which the timer is due."""


class Lateness:
    """Collects by how many seconds each tick came too late.

    A tick that comes more than one interval too late takes the place of those it has missed.
    """

    def __init__(
        self, interval: float = INTERVAL, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.seconds: list[float] = []
        self._interval = interval
        self._clock = clock
        self._due = clock() + interval

    def tick(self) -> None:
        """The timer has come."""
        now = self._clock()
        self.seconds.append(max(now - self._due, 0.0))
        # Qt counts on from when the timer was due, and leaves out what is past
        missed = max(int((now - self._due) // self._interval), 0)
        self._due += (missed + 1) * self._interval


@contextmanager
def measured(into: list[float]) -> Iterator[None]:
    """Watch the event loop meanwhile, and add by how many seconds it was late."""
    from qtpy.QtCore import Qt, QTimer

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(round(1000 * INTERVAL))
    late = Lateness()
    timer.timeout.connect(late.tick)
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        into.extend(late.seconds)
