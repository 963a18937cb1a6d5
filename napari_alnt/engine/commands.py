"""What the engine is told while it works."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from typing import TextIO

from napari_alnt.engine.distributed import Ranks
from napari_alnt.errors import AlntError
from napari_alnt.events import Command, Event, from_line

ANSWER = 5.0
"""Seconds to wait for the answer to a ranking; a window that is busy for longer asks for its
pictures later.
"""


class Mailbox:
    """Commands read from a stream in a thread; its end means stop, so no engine outlives its
    window.
    """

    def __init__(self, stream: TextIO) -> None:
        self._asked: queue.Queue[tuple[str, ...]] = queue.Queue()
        self._resumed = threading.Event()
        self._resumed.set()
        self.stopped = False
        threading.Thread(
            target=self._listen, args=(stream,), name="alnt-mailbox", daemon=True
        ).start()

    @property
    def paused(self) -> bool:
        """Whether training is to wait."""
        return not self._resumed.is_set()

    def sync(self) -> None:
        """Hear the same as the others; here there are none."""

    def wait(self, seconds: float) -> None:
        """Sleep until resumed or stopped, ``seconds`` at most."""
        self._resumed.wait(seconds)

    def asked(self) -> Iterator[str]:
        """Cases whose pictures were asked for since the last call."""
        while not self._asked.empty():
            yield from self._asked.get()

    def answer(self) -> tuple[str, ...]:
        """The cases named in answer to a ranking; none if no answer comes."""
        try:
            return self._asked.get(timeout=ANSWER) if not self.stopped else ()
        except queue.Empty:
            return ()

    def until_stopped(self, events: Iterator[Event]) -> Iterator[Event]:
        """The events up to the first after a stop."""
        for event in events:
            yield event
            if self.stopped:
                return

    def _listen(self, stream: TextIO) -> None:
        for line in stream:
            try:
                self._take(from_line(line))
            except AlntError:
                continue
        self._take(Command("stop"))

    def _take(self, command: Command) -> None:
        match command.name:
            case "predict":
                self._asked.put(command.cases)
            case "pause":
                self._resumed.clear()
            case "resume":
                self._resumed.set()
            case "stop":
                self.stopped = True
                self._asked.put(())
                self._resumed.set()


class SharedMailbox:
    """What rank 0 is told, as all ranks hear it: at the same step each, so that none waits for
    another for ever.

    A mailbox for those who train together; only rank 0 has one of its own. A look at the cases,
    once begun, is ended.
    """

    def __init__(self, ranks: Ranks, own: Mailbox | None) -> None:
        self._ranks, self._own = ranks, own
        self.stopped = self.paused = False

    def sync(self) -> None:
        """Hear what rank 0 has heard."""
        heard = self._own and [self._own.stopped, self._own.paused]
        self.stopped, self.paused = self._ranks.collect(heard)[0]

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def asked(self) -> Iterator[str]:
        """Cases whose pictures rank 0 makes."""
        return self._own.asked() if self._own else iter(())

    def answer(self) -> tuple[str, ...]:
        """The answer to a ranking, which rank 0 hears."""
        return self._own.answer() if self._own else ()

    def until_stopped(self, events: Iterator[Event]) -> Iterator[Event]:
        """All events."""
        return events
