"""Starts the child process that trains, sends it commands, reads its events, and ends it."""

from __future__ import annotations

import contextlib
import math
import os
import queue
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Literal, cast

from napari_alnt.codec import to_line
from napari_alnt.data import Run
from napari_alnt.errors import AlntError
from napari_alnt.events import Command, Event, Failed, Finished, Paused, Stalled, StepDone
from napari_alnt.session.engine_log import EngineLog
from napari_alnt.session.received import Receiver

Job = Literal["train", "teach", "rank", "predict", "propagate"]
QUIET_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Idle threads of the child sleep: spinning, they made steps 2 to 6 times slower beside another
busy process.
"""
PARENT = "NAPARI_ALNT_PARENT"
"""Environment variable by which the child learns this process's id."""
SILENCE = 300.0
"""Seconds without an event after which :class:`~napari_alnt.events.Stalled` is one."""
SILENCE_AFTER_STOP = 10.0
"""The same, once the child has been asked to stop."""
LAST_SECONDS = 20.0
"""How long a child may go on after its last event, or after it has closed its output."""
WAITING = 1000
"""Events that may wait to be taken in; a child that says more waits until some are."""


class Engine:
    """The child process at work on one run of a project.

    Iterate over :meth:`events` once; the last event is always ``Finished`` or ``Failed``, however
    the child ended. The child stops when its standard input is closed, and the system ends it with
    this process, so it cannot outlive it.

    Attributes
    ----------
    log : file that holds what the child wrote to standard error
    ended : whether :meth:`events` has given its last event

    Raises
    ------
    AlntError
        If the launcher cannot be read or started.
    """

    def __init__(
        self,
        project: Path,
        run: Run,
        job: Job,
        *,
        cases: Sequence[str] = (),
        asked: Command | None = None,
        launcher: str = "",
        known: Collection[str] | None = None,
    ) -> None:
        """``cases`` are to be predicted, ``asked`` is the propagation to make; ``known`` are all
        cases that an event may name, None for any.
        """
        command = [*_launch(launcher), *_module("napari_alnt.engine"), str(project)]
        command += ["--run", str(run.number), "--job", job]
        if asked is not None:
            cases = asked.cases
            command += [f"--axis={asked.axis}"]
            command += [f"--slice={number}" for number in asked.slices]
        command += [f"--case={case}" for case in cases]
        self.log = run.log
        self.ended = False
        self._stopping = False
        self._closed = False
        self._step = run.step
        # a queue, as only that can be waited for with a limit; a command in it is a stop just sent
        self._arrived: queue.Queue[Event | Command | None] = queue.Queue()
        receiver = Receiver(project, known)
        started: Future[subprocess.Popen[bytes]] = Future()
        # the system ends a child with the *thread* that started it; this one waits for its end
        threading.Thread(
            target=self._attend,
            args=(command, started, receiver),
            name="alnt-engine-pipe",
            daemon=True,
        ).start()
        self._child = _result(started, launcher or command[0])
        self._input = cast("IO[bytes]", self._child.stdin)
        self._errors = EngineLog(self.log, cast("IO[bytes]", self._child.stderr))

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the child is alive."""
        return self._child.poll() is None

    def send(self, command: Command) -> None:
        """Send a command to the child; one that has just ended does not receive it."""
        if command.name == "stop":
            self._stopping = True
            self._arrived.put(command)
        with contextlib.suppress(OSError, ValueError):
            self._input.write(to_line(command).encode() + b"\n")
            self._input.flush()

    def events(self) -> Iterator[Event]:
        """Every event of the child, until it ends."""
        silence: float | None = SILENCE
        while not self.ended and (event := self._next(silence)) is not None:
            # a paused child has nothing to report
            silence = None if isinstance(event, Paused) else SILENCE
            silence = SILENCE_AFTER_STOP if self._stopping else silence
            if isinstance(event, Command):
                continue
            if isinstance(event, StepDone):
                self._step = event.step
            self.ended |= isinstance(event, (Finished, Failed))
            yield event
        if self.ended:
            self._outlast()
        else:
            self.ended = True
            yield self._ending()
        self.close()

    def close(self, patience: float = 1.5) -> None:
        """End the child: ask it to stop, wait ``patience`` seconds, then kill it.

        Its checkpoint is whole in either case.
        """
        if self.running:
            self.send(Command("stop"))
        self._closed = True
        with contextlib.suppress(OSError):
            self._input.close()
        try:
            self._child.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            self._child.wait()
        self._errors.end()

    def kill(self) -> None:
        """End the child at once, also one that hangs; what it has learned since its last checkpoint
        is lost. :meth:`events` ends as after a stop.
        """
        self._stopping = True
        self._closed = True
        _kill(self._child)
        # a process that is left over may hold the pipe open
        self._arrived.put(None)

    def _attend(
        self, command: list[str], started: Future[subprocess.Popen[bytes]], receiver: Receiver
    ) -> None:
        """Start the child, take in what it says, and wait for its end."""
        try:
            child = _start(command)
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            started.set_exception(error)
            return
        started.set_result(child)
        try:
            with cast("IO[bytes]", child.stdout) as lines:
                for event in receiver.events(lines):
                    while self._arrived.qsize() >= WAITING and not self._closed:
                        time.sleep(0.05)
                    self._arrived.put(event)
        except AlntError as error:
            self._arrived.put(Failed(str(error)))
            _kill(child)
        finally:
            self._arrived.put(None)
        child.wait()

    def _next(self, silence: float | None) -> Event | Command | None:
        """What comes next, ``Stalled`` after ``silence`` seconds, None when the pipe is closed."""
        try:
            return self._arrived.get(timeout=silence)
        except queue.Empty:
            return Stalled(silence or math.inf)

    def _outlast(self) -> None:
        """Read on after the last event, as the child may still be ending; no word counts more."""
        end = time.monotonic() + LAST_SECONDS
        while (left := end - time.monotonic()) > 0 and self._next(left) is not None:
            pass

    def _ending(self) -> Event:
        """The last event for a child that has closed its output without giving one."""
        code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._child.wait(LAST_SECONDS)
        if code is None:
            _kill(self._child)
        if self._stopping:
            return Finished(self._step, "stopped")
        if code is None:
            return Failed(
                "The training could not be heard any more, so it was ended; train again, it resumes"
                " from the last checkpoint."
            )
        if code == -signal.SIGKILL:
            return Failed(
                "The training was ended from outside (signal 9); often this is the system when"
                " memory runs out: train again, it resumes from the last checkpoint, and make the"
                " patch or batch smaller if it happens again."
            )
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Failed(
            f"The training ended without a word ({how}); train again, it resumes from the last"
            f" checkpoint, and see {self.log.name} in the run's folder if it happens again.",
            detail=self._errors.end(),
        )


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # what the user has set wins
        env=QUIET_THREADS | os.environ | {PARENT: str(os.getpid())},
    )


def _result(started: Future[subprocess.Popen[bytes]], name: str) -> subprocess.Popen[bytes]:
    try:
        return started.result()
    except (OSError, ValueError) as error:
        raise _not_started(name, getattr(error, "strerror", None) or str(error)) from error


def _not_started(name: str, reason: str) -> AlntError:
    return AlntError(
        f"The training could not be started with '{name}' ({reason}); check the launcher setting."
    )


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill a child and all that it has started: a launcher's processes may hang like itself."""
    others = _descendants(child.pid)
    child.kill()
    for process in others:
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)


def _descendants(process: int) -> list[int]:
    """The processes that a process has started, and those that they have, where Linux says so."""
    found: list[int] = []
    for tasks in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError, ValueError):
            children = [int(word) for word in tasks.read_text().split()]
            found += [one for child in children for one in (child, *_descendants(child))]
    return found


def _module(name: str) -> list[str]:
    # -P: Python would look for modules in the current folder first, which anybody may have filled
    return [sys.executable, "-P", "-m", name]


def _launch(launcher: str) -> list[str]:
    """The words before the engine's command."""
    words = launched(launcher)
    if words and shutil.which(words[0]) is None:
        raise _not_started(words[0], "there is no such program")
    # the launcher is ended with this process, and those that it starts are ended with it
    is_guarded = words and sys.platform == "linux"
    return [*_module("napari_alnt.engine.parent"), *words] if is_guarded else words


def launched(launcher: str) -> list[str]:
    """The words to put before the engine's command; torchrun gets its options to run a program.

    Raises
    ------
    AlntError
        If a quotation mark is not closed.
    """
    words = split_command(launcher)
    is_torchrun = any(word.endswith(("torchrun", "torch.distributed.run")) for word in words)
    # after -- torchrun takes no word of the engine's command for an option of its own
    return [*words, "--no-python", "--"] if is_torchrun and "--no-python" not in words else words


def split_command(words: str) -> list[str]:
    """A command as a shell would split it.

    Raises
    ------
    AlntError
        If a quotation mark is not closed.
    """
    try:
        return shlex.split(words)
    except ValueError as error:
        raise AlntError(
            f"The command '{words}' cannot be read ({error}); check its quotation marks."
        ) from error
