"""Where a training runs, what it takes, and how long it will: the numbers of its one line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from napari_alnt.session.job_status import JobStatus

UNKNOWN = "–"
GIGABYTE = 1e9


@dataclass(frozen=True)
class TrainingFacts:
    """What is said of a training beside its bar; – where it is not known.

    Attributes
    ----------
    device : where it computes
    memory : what it has in use there, or in the main memory
    step : how long a step takes
    left : how long the rest will take
    """

    device: str = UNKNOWN
    memory: str = UNKNOWN
    step: str = UNKNOWN
    left: str = UNKNOWN

    @classmethod
    def of(cls, status: JobStatus, memory: float = math.nan) -> TrainingFacts:
        """The facts of a job; ``memory`` are the bytes of main memory it has in use."""
        if status.state == "idle":
            return cls()
        seconds = status.step.seconds if status.step else math.nan
        # that of a graphics card runs out first
        if status.step is not None and math.isfinite(status.step.memory):
            memory = status.step.memory
        return cls(
            device=status.started.device if status.started else UNKNOWN,
            memory=f"{memory / GIGABYTE:.1f} GB" if math.isfinite(memory) else UNKNOWN,
            step=_step_time(seconds),
            left=time_left(status.seconds_left),
        )


def used_memory(process: int | None, is_launcher: bool = False) -> float:
    """Bytes of main memory that a process has in use, or those that a launcher has started.

    nan where the process is gone, or another user's.
    """
    if process is None:
        return math.nan
    try:
        own = psutil.Process(process)
        # to find them, all processes of the machine are looked at
        others = own.children(recursive=True) if is_launcher else []
        return float(sum(one.memory_info().rss for one in (own, *others)))
    except psutil.Error:
        return math.nan


def time_left(seconds: float) -> str:
    """Seconds in words: 45 s, 3 min, 1 h 20 min; – where they are not known."""
    if not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 60:
        return f"{max(round(seconds), 0)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _step_time(seconds: float) -> str:
    if not math.isfinite(seconds):
        return UNKNOWN
    return f"{seconds:.2f} s" if seconds < 10 else time_left(seconds)
