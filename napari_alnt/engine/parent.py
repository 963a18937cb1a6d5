"""The child process ends when the process that started it is gone, however that one ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time

PARENT = "NAPARI_ALNT_PARENT"
"""Environment variable by which a parent says its process id; :mod:`napari_alnt.session.engine` has
it too, as the fewer modules are imported here the earlier the parent is watched.
"""
INTERVAL = 0.2
"""Seconds between two looks at the parent."""

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """End this process at once when its parent is gone; to be called before torch is imported.

    What it was writing stays whole, as files are replaced and never changed. Where the system
    cannot say that a parent is gone, as on Windows, the end of standard input alone ends a job.
    """
    parent = os.getppid()
    _die_with(os.environ.pop(PARENT, ""))
    threading.Thread(target=_watch, args=(parent,), name="alnt-parent", daemon=True).start()


def become(command: list[str]) -> None:
    """Turn into another program, a launcher, that is killed when the parent of this process ends.

    A launcher knows nothing of the window; the processes that it starts watch the launcher.
    """
    _die_with(os.environ.pop(PARENT, ""))
    os.execvp(command[0], command)


def _die_with(expected: str) -> None:
    """Ask the system to kill this process with the thread that started it; ``expected`` is the
    parent's process id, or "" where the parent is somebody else.
    """
    if not expected.isdigit() or os.name != "posix":
        return
    if sys.platform == "linux":
        # an import may hold Python's lock for seconds, in which no thread can look
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # it may have died before the call above
    if not _is_above(int(expected)):
        os._exit(1)


def _is_above(process: int) -> bool:
    """Whether a process is the parent of this one, or the parent's parent and so on."""
    above = os.getppid()
    try:
        while above not in (0, 1, process):
            with open(f"/proc/{above}/stat", encoding="utf-8", errors="replace") as file:
                # after the name, which may hold anything: the state, and then the parent
                above = int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        # an orphan's parent is 1 where there is no /proc; where there is, one above has just ended
        return sys.platform != "linux" and above != 1
    return above == process


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(INTERVAL)
    os._exit(1)


if __name__ == "__main__":
    become(sys.argv[1:])
