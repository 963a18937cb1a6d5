"""What a process holds after each attempt, and whether that grows."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import psutil

    from robustness.result import Tally

GROWS = ("memory grows", "threads grow", "files grow")
LIMIT = 0.5 * 2**20
"""Bytes that an attempt may keep, in the mean of the second half."""
FEWEST = 40
"""Attempts from which on growth is judged; in fewer, caches are still being filled."""


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

    @classmethod
    def kept(cls, process: psutil.Process) -> Held:
        """What this process cannot give back: its garbage is collected, and free pages let go."""
        gc.collect()
        if sys.platform == "linux":
            ctypes.CDLL(None).malloc_trim(0)
        return cls.now(process)


def judge(held: Sequence[Held], first: int, tally: Tally, every: int = 1) -> None:
    """Compare what was held late with what was held early.

    The bytes that an attempt keeps are the slope of a line through the second half: the first one
    fills caches, and a difference between two single moments is mostly noise. Both are counted.

    Parameters
    ----------
    held : after every attempt, or after every few of them
    first : index of the first attempt
    tally : where it is counted
    every : attempts from one measuring to the next
    """
    if len(held) * every < FEWEST:
        return
    quarter = len(held) // 4
    early, late = held[quarter : 2 * quarter], held[-quarter:]
    for name in ("threads", "files"):
        before = max(getattr(one, name) for one in early)
        after = min(getattr(one, name) for one in late)
        if after > before:
            tally.fail(f"{name} grow", first, f"from {before} to {after}")
    memory = [one.memory for one in held[len(held) // 2 :]]
    grown = float(np.polyfit(range(len(memory)), memory, 1)[0]) / every
    tally.count("KiB kept an attempt", max(0, round(grown / 1024)))
    overall = (held[-1].memory - held[0].memory) / every / (len(held) - 1)
    tally.count("KiB an attempt with the warm-up", max(0, round(overall / 1024)))
    if grown > LIMIT:
        tally.fail("memory grows", first, f"{grown / 2**20:.2f} MiB an attempt")
