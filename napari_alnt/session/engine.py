"""Starts the child process that trains, sends it commands, reads its events, and ends it."""

from __future__ import annotations

import contextlib
import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Literal, cast

from napari_alnt.codec import from_line, to_line
from napari_alnt.data import Run
from napari_alnt.errors import AlntError
from napari_alnt.events import Command, Event, Failed, Finished, Paused, Stalled, StepDone, Warned

Job = Literal["train", "teach", "rank", "predict"]
QUIET_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Idle threads of the child sleep: spinning, they made steps 2 to 6 times slower beside another
busy process.
"""
SILENCE = 300.0
"""Seconds without an event after which :class:`~napari_alnt.events.Stalled` is one."""


class Engine:
    """The child process at work on one run of a project.

    Iterate over :meth:`events` once; the last event is always ``Finished`` or ``Failed``, however
    the child ended. The child stops when its standard input is closed, so it cannot outlive this
    process.

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
        self, project: Path, run: Run, job: Job, *, cases: Sequence[str] = (), launcher: str = ""
    ) -> None:
        command = [*launched(launcher), sys.executable, "-m", "napari_alnt.engine", str(project)]
        command += ["--run", str(run.number), "--job", job, *(f"--case={case}" for case in cases)]
        self.log = run.log
        self.ended = False
        self._child = _start(command, self.log)
        self._input = cast("IO[str]", self._child.stdin)
        self._stopping = False
        self._step = run.step
        # a thread of its own reads the pipe, as only a queue can be waited for with a limit
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, name="alnt-engine-pipe", daemon=True).start()

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
        self._stopping |= command.name == "stop"
        with contextlib.suppress(OSError, ValueError):
            self._input.write(to_line(command) + "\n")
            self._input.flush()

    def events(self) -> Iterator[Event]:
        """Every event of the child, until it ends."""
        silence: float | None = SILENCE
        while (event := self._next(silence)) is not None:
            # a paused child has nothing to report
            silence = None if isinstance(event, Paused) else SILENCE
            if isinstance(event, StepDone):
                self._step = event.step
            self.ended |= isinstance(event, (Finished, Failed))
            yield event
        # the pipe is read to its end even after the last event: the child may still be ending
        if not self.ended:
            self.ended = True
            yield self._ending(self._child.wait())
        self.close()

    def close(self, patience: float = 1.5) -> None:
        """End the child: ask it to stop, wait ``patience`` seconds, then kill it.

        Its checkpoint is whole in either case.
        """
        if self.running:
            self.send(Command("stop"))
        with contextlib.suppress(OSError):
            self._input.close()
        try:
            self._child.wait(patience)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _listen(self) -> None:
        with contextlib.suppress(ValueError), cast("IO[str]", self._child.stdout) as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(None)

    def _next(self, silence: float | None) -> Event | None:
        """The next event, ``Stalled`` after ``silence`` seconds, None when the pipe is closed."""
        try:
            line = self._lines.get(timeout=silence)
        except queue.Empty:
            return Stalled(SILENCE)
        if line is None:
            return None
        try:
            event: Event = from_line(line)
        except AlntError as error:
            return Warned(str(error))
        return event

    def _ending(self, code: int) -> Event:
        """The last event for a child that ended without giving one."""
        if self._stopping:
            return Finished(self._step, "stopped")
        if code == -signal.SIGKILL:
            return Failed(
                "The system ended the training (signal 9), most likely because memory ran out; make"
                " the patch or batch smaller and train again, it resumes from the last checkpoint."
            )
        detail = self.log.read_text(encoding="utf-8", errors="replace")[-4000:]
        return Failed(
            f"The training ended without a word (exit code {code}); train again, it resumes from"
            f" the last checkpoint, and see {self.log.name} in the run's folder if it happens"
            " again.",
            detail=detail,
        )


def _start(command: list[str], log: Path) -> subprocess.Popen[str]:
    try:
        # a file, as nobody would read a second pipe, and a full one blocks the child
        with log.open("ab") as errors:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                env=QUIET_THREADS | os.environ,  # what the user has set wins
            )
    except OSError as error:
        raise AlntError(
            f"The training could not be started with '{command[0]}' ({error.strerror}); check the"
            " launcher setting."
        ) from error


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
