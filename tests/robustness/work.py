"""Where a harness puts its files: in memory if there is room for that, else on the disk."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder that is deleted afterwards."""
    parent = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="alnt-", dir=parent) as name:
        yield Path(name)


def without(folder: Path, error: object) -> str:
    """The text of an error without the folder's name; results are shown to others."""
    return f"{type(error).__name__}: {error}".replace(f"{folder}{os.sep}", "").replace(
        str(folder), ""
    )


class Memory:
    """How far the memory of this process has grown at most; only Linux tells, others say 0."""

    _status = Path("/proc/self/status")
    _reset = Path("/proc/self/clear_refs")

    def start(self) -> None:
        """Measure from now on."""
        with contextlib.suppress(OSError):
            self._reset.write_text("5")  # sets the peak to what is held now
        self._before = self._peak()

    def grown(self) -> int:
        """Most bytes held since the start, above those held then."""
        return self._peak() - self._before

    def _peak(self) -> int:
        if not os.access(self._reset, os.W_OK):
            return 0
        lines = self._status.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
