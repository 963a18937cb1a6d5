"""Starts, feeds, hears and ends the child process that trains."""

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
from typing import Literal

from napari_alnt.errors import AlntError
from napari_alnt.events import Command, Event, Failed, Finished, Paused, Warned, from_line, to_line

Job = Literal["train", "teach", "rank", "predict"]
QUIET_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Idle threads of the child sleep: spinning, they made steps 2 to 6 times slower beside another
busy process.
"""
SILENCE = 300.0
"""Seconds without a word after which the user is told."""


class Engine:
    """One run of the training child.

    Iterate over :meth:`events` to hear it; the last event is always ``Finished`` or ``Failed``,
    however the child ended. Closing its standard input stops it, so it cannot outlive this process.
    """

    def __init__(
        self, project: Path, run: int, job: Job, *, cases: Sequence[str] = (), launcher: str = ""
    ) -> None:
        command = [*launched(launcher), sys.executable, "-m", "napari_alnt.engine", str(project)]
        command += ["--run", str(run), "--job", job, *(f"--case={case}" for case in cases)]
        log = project / "runs" / f"{run:04d}" / "engine.log"
        try:
            with log.open("ab") as errors:
                self._child = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    encoding="utf-8",
                    env=QUIET_THREADS | os.environ,
                )
        except OSError as error:
            raise AlntError(
                f"The training could not be started with '{command[0]}' ({error.strerror}); check"
                " the launcher setting."
            ) from error
        self.log = log
        self._stopping = False
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
        """Say something to the child; a child that has just ended does not hear it."""
        self._stopping |= command.name == "stop"
        with contextlib.suppress(OSError, ValueError):
            assert self._child.stdin is not None
            self._child.stdin.write(to_line(command) + "\n")
            self._child.stdin.flush()

    def events(self) -> Iterator[Event]:
        """Everything the child says, until it ends."""
        last: Event | None = None
        while (
            line := self._next_line(silence=None if isinstance(last, Paused) else SILENCE)
        ) is not None:
            last = self._read(line)
            yield last
        if not isinstance(last, (Finished, Failed)):
            yield self._ending(self._child.wait())
        self.close()

    def close(self, patience: float = 1.5) -> None:
        """End the child: ask, wait ``patience`` seconds, then kill it. Checkpoints are whole in
        either case.
        """
        if self.running:
            self.send(Command("stop"))
        with contextlib.suppress(OSError):
            assert self._child.stdin is not None
            self._child.stdin.close()
        try:
            self._child.wait(patience)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        with contextlib.suppress(ValueError), self._child.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(None)

    def _next_line(self, silence: float | None) -> str | None:
        try:
            return self._lines.get(timeout=silence)
        except queue.Empty:
            text = f"The training has said nothing for {SILENCE / 60:.0f} minutes; stop it if its step time is shorter."
            return to_line(Warned(text))

    def _read(self, line: str) -> Event:
        try:
            event: Event = from_line(line)
            return event
        except AlntError as error:
            return Warned(str(error))

    def _ending(self, code: int) -> Event:
        """What is said for a child that ended without a last word."""
        if self._stopping:
            return Finished(-1, "stopped")
        if code == -signal.SIGKILL:
            return Failed(
                "The system ended the training (signal 9), most likely because memory ran out; make"
                " the patch or batch"
                " smaller and train again, it takes up from the last checkpoint."
            )
        return Failed(
            f"The training ended without a word (exit code {code}); train again, it takes up from"
            " the last checkpoint,"
            f" and see {self.log.name} in the run's folder if it happens again.",
            detail=self._last_words(),
        )

    def _last_words(self, size: int = 4000) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-size:]


def launched(launcher: str) -> list[str]:
    """The words before the engine's command; torchrun is told that a program follows, and no
    options of its own.
    """
    words = split_command(launcher)
    is_torchrun = any(word.endswith(("torchrun", "torch.distributed.run")) for word in words)
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
