"""Commands that a job obeys while it works."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from typing import Protocol, TextIO

from napari_alnt.codec import from_line
from napari_alnt.engine.distributed import TorchProcessGroup
from napari_alnt.errors import AlntError
from napari_alnt.events import Command, Event


class Commands(Protocol):
    """What a job asks between its steps; all processes of a job are given the same answers."""

    @property
    def stopped(self) -> bool:
        """Whether the job should end."""
        ...

    @property
    def paused(self) -> bool:
        """Whether the training should wait."""
        ...

    def sync(self) -> None:
        """Take in what has arrived; to be called by all processes at the same step."""
        ...

    def wait(self, seconds: float) -> None:
        """Sleep ``seconds`` at most; a command that ends the pause may wake it earlier."""
        ...

    def requested(self) -> Iterator[str]:
        """The cases that this process should predict, asked for since the last call."""
        ...

    def propagation(self) -> Command | None:
        """The propagation that this process should make; each is given once."""
        ...

    def wants(self, propagation: Command) -> bool:
        """Whether it is neither cancelled nor replaced by another, and the job goes on."""
        ...

    def until_stopped(self, events: Iterator[Event]) -> Iterator[Event]:
        """The events, up to the first after a stop if this process can end them without others."""
        ...


class StreamCommands:
    """Commands of one process, read from a stream in a thread.

    The end of the stream means stop, so that no engine outlives its window.
    """

    def __init__(self, stream: TextIO, propagation: Command | None = None) -> None:
        """``propagation`` is what is asked for before anything is read."""
        self._requests: queue.Queue[tuple[str, ...]] = queue.Queue()
        # the newest alone: it was asked for with more slices corrected than those before
        self._propagation = propagation
        self._given: Command | None = None
        self._resumed = threading.Event()
        self._resumed.set()
        self.stopped = False
        threading.Thread(
            target=self._listen, args=(stream,), name="alnt-commands", daemon=True
        ).start()

    @property
    def paused(self) -> bool:
        """Whether the training should wait."""
        return not self._resumed.is_set()

    def sync(self) -> None:
        """Nothing to do: the thread has taken in what has arrived."""

    def wait(self, seconds: float) -> None:
        """Sleep until resumed or stopped, ``seconds`` at most."""
        self._resumed.wait(seconds)

    def requested(self) -> Iterator[str]:
        """The cases that were asked for since the last call."""
        # nobody else takes from the queue, so what is there now is there still when it is taken
        while not self._requests.empty():
            yield from self._requests.get()

    def propagation(self) -> Command | None:
        """The newest propagation that was asked for, once."""
        newest = self._propagation
        if newest is self._given:
            return None
        self._given = newest
        return newest

    def wants(self, propagation: Command) -> bool:
        """Whether it is still the newest, and the job goes on."""
        return propagation is self._propagation and not self.stopped

    def until_stopped(self, events: Iterator[Event]) -> Iterator[Event]:
        """The events, up to the first after a stop."""
        for event in events:
            yield event
            if self.stopped:
                return

    def _listen(self, stream: TextIO) -> None:
        try:
            for line in stream:
                # a stray line is no reason to end a training
                with contextlib.suppress(AlntError):
                    if isinstance(command := from_line(line), Command):
                        self._take(command)
        finally:
            self._take(Command("stop"))

    def _take(self, command: Command) -> None:
        match command.name:
            case "predict":
                self._requests.put(command.cases)
            case "propagate":
                self._propagation = command
            case "cancel":
                self._propagation = None
            case "pause":
                self._resumed.clear()
            case "resume":
                self._resumed.set()
            case "stop":
                self.stopped = True
                self._resumed.set()  # who waits should see the stop


class BroadcastCommands:
    """Commands of processes that train together; rank 0 reads them, and :meth:`sync` tells all.

    A process that stopped at a step of its own would leave the others waiting for ever.
    """

    def __init__(self, group: TorchProcessGroup, local: StreamCommands | None) -> None:
        """``local`` is what rank 0 reads; None in the other processes."""
        self._group = group
        self._local = local
        self.stopped = False
        self.paused = False

    def sync(self) -> None:
        """Take in what rank 0 has read."""
        # both in one message: a stop ends a pause, and must not arrive without it
        read = self._local and [self._local.stopped, self._local.paused]
        self.stopped, self.paused = self._group.collect(read)[0]

    def wait(self, seconds: float) -> None:
        """Sleep ``seconds``."""
        time.sleep(seconds)

    def requested(self) -> Iterator[str]:
        """The cases that were asked for since the last call; rank 0 predicts them all."""
        return self._local.requested() if self._local else iter(())

    def propagation(self) -> Command | None:
        """The newest propagation, which rank 0 makes."""
        return self._local.propagation() if self._local else None

    def wants(self, propagation: Command) -> bool:
        """Whether rank 0 still wants it; the others are told of a stop when they sync."""
        return self._local is not None and self._local.wants(propagation)

    def until_stopped(self, events: Iterator[Event]) -> Iterator[Event]:
        """All events, as an evaluation that is begun must be ended by all processes."""
        return events
