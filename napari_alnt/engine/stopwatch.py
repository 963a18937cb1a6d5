"""How far a stage of a job is, and how long the rest will take."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from napari_alnt.events import Progress, Stage


@dataclass(frozen=True)
class Stopwatch:
    """The time of a stage of ``total`` pieces that take about equally long.

    It runs from when it is made; ``first`` pieces were done before.
    """

    stage: Stage
    total: int
    first: int = 0
    start: float = field(default_factory=time.monotonic)

    def seconds_left(self, done: int) -> float:
        """Estimated seconds for the pieces that are not done; nan while there is none to go by."""
        if done >= self.total:
            return 0.0
        timed = done - self.first
        seconds = time.monotonic() - self.start
        return seconds / timed * (self.total - done) if timed else math.nan

    def progress(self, done: int) -> Progress:
        """The event that says so."""
        return Progress(self.stage, done, self.total, self.seconds_left(done))
