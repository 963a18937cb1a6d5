"""Patches made ahead of the step that needs them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import torch

T = TypeVar("T")


class Loader(Generic[T]):
    """Makes the patches of coming steps in ``threads`` threads; with none, each when it is asked
    for.

    ``make`` draws a step's patches from the step's number alone, so it does not matter when it is
    called. Threads are enough: cutting and turning a patch happens outside Python's lock.
    """

    def __init__(self, make: Callable[[int], T], threads: int) -> None:
        self._make = make
        self._ahead = threads
        self._threads = ThreadPoolExecutor(threads, "alnt-loader", _one_core) if threads else None
        self._coming: dict[int, Future[T]] = {}
        self.waited = 0.0
        """Seconds that steps have waited for their patches so far."""

    def take(self, step: int, last: int) -> T:
        """What is made for a step; that of the steps after it, before ``last``, is begun."""
        start = time.monotonic()
        coming = self._coming.pop(step, None)
        # what failed in a thread is raised here
        made = coming.result() if coming else self._make(step)
        self.waited += time.monotonic() - start
        # after its own, so that it does not wait behind them
        if self._threads is not None:
            for later in range(step + 1, min(step + 1 + self._ahead, last)):
                if later not in self._coming:
                    self._coming[later] = self._threads.submit(self._make, later)
        return made

    def forget(self) -> None:
        """Drop what is made already: the cases have changed."""
        for future in self._coming.values():
            future.cancel()
        self._coming.clear()

    def close(self) -> None:
        """End the threads."""
        self.forget()
        if self._threads is not None:
            self._threads.shutdown()


def _one_core() -> None:
    torch.set_num_threads(1)  # of this thread alone; the step keeps its own
