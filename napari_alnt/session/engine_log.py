"""The engine's log: what the child writes to standard error, up to a limit."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import IO

LIMIT = 10_000_000
"""Bytes of one job that are kept; a log that is larger when a job begins is begun anew."""
TAIL = 4000
"""Bytes of a job's end that are always kept."""

_BLOCK = 65536


class EngineLog:
    """Copies a child's standard error to a file in a thread, until its end.

    The pipe is read on beyond the limit and when the disk fails, as a full pipe blocks the child.

    Parameters
    ----------
    path : the log, to which is added; None keeps the end alone
    errors : the child's standard error
    """

    def __init__(self, path: Path | None, errors: IO[bytes]) -> None:
        self._path = path
        self._errors = errors
        self._tail = b""
        self._thread = threading.Thread(target=self._copy, name="alnt-engine-log", daemon=True)
        self._thread.start()

    def end(self, patience: float = 1.0) -> str:
        """Wait for the child's last words, ``patience`` seconds at most, and give them."""
        # a process that the child has left behind may hold the pipe open
        self._thread.join(patience)
        return self._tail.decode("utf-8", errors="replace")

    def _copy(self) -> None:
        with self._errors, contextlib.ExitStack() as opened:
            file: IO[bytes] | None = None
            if self._path is not None:
                with contextlib.suppress(OSError):
                    _shorten(self._path)
                    file = opened.enter_context(self._path.open("ab", buffering=0))
            kept = dropped = 0
            while block := os.read(self._errors.fileno(), _BLOCK):
                self._tail = (self._tail + block)[-TAIL:]
                room = LIMIT - kept
                _write(file, block[:room])
                kept += len(block[:room])
                dropped += len(block[room:])
            if dropped:
                _write(file, b"\n[left out, as the log was full]\n" + self._tail[-dropped:])


def _shorten(path: Path) -> None:
    """Empty a log that is too large."""
    if path.exists() and path.stat().st_size > LIMIT:
        os.truncate(path, 0)


def _write(file: IO[bytes] | None, block: bytes) -> None:
    if file is not None and block:
        with contextlib.suppress(OSError):
            file.write(block)
