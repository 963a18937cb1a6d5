"""A run of a harness: split into slices, spread over processes, written as it goes."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from napari_alnt.errors import AlntError
from robustness import results
from robustness.harnesses import HARNESSES, attempt
from robustness.result import Result


@dataclass(frozen=True)
class Run:
    """Attempts ``first`` to ``first + count - 1`` of a harness.

    Attributes
    ----------
    path : file of the results, or None for a run that is only shown
    jobs : processes side by side; 1 runs in this one
    """

    name: str
    count: int
    seed: int = 0
    first: int = 0
    jobs: int = 1
    path: Path | None = None

    def make(self, done: Result, say: Callable[[str], None]) -> Result:
        """Run what is missing after ``done``, with at most one line a second."""
        said = time.monotonic()
        for part in self._parts(done.tried):
            done += part
            if self.path is not None:
                results.write(self.path, self.name, self.count, self.seed, done)
            if time.monotonic() - said >= 1:
                said = time.monotonic()
                say(f"{self.name}: {done.tried} of {self.count}, {done.failed} failures")
        return done

    def earlier(self) -> Result:
        """What an earlier run of the same seed has written.

        Raises
        ------
        AlntError
            If there is none, or it is of another seed.
        """
        if self.path is None or not self.path.exists():
            return Result()
        row = results.read(self.path)
        if row["seed"] != self.seed or self.first:
            raise AlntError(
                f"'{self.path.name}' has results of seed {row['seed']}; resume with that seed and"
                " from the first attempt, or begin anew without --resume."
            )
        return Result.of(row)

    def _parts(self, tried: int) -> Iterator[Result]:
        """The results of the slices, in their order."""
        size = HARNESSES[self.name].slice
        starts = range(tried, self.count, size)
        counts = [min(size, self.count - start) for start in starts]
        firsts = [self.first + start for start in starts]
        fixed = ([self.name] * len(starts), counts, [self.seed] * len(starts), firsts)
        if self.jobs == 1:
            yield from map(attempt, *fixed)
            return
        # spawned, as a forked process would share what the libraries have open
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.jobs, mp_context=context) as pool:
            yield from pool.map(attempt, *fixed)
