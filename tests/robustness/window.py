"""A napari window in a process of its own: how it is started, and what it says as it goes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_alnt.data.local import FOLDER
from napari_alnt.errors import AlntError
from robustness.children import environment

PATIENCE = 120.0
"""Seconds in which a window must do what is waited for."""
OFTEN = 50
"""Attempts from one line of progress to the next."""


@dataclass(frozen=True)
class Said:
    """What a window has said after each attempt, how it ended, and the end of its errors."""

    rows: list[dict[str, Any]]
    code: int
    error: str


def settings(work: Path) -> dict[str, str]:
    """Neither the user's settings nor napari's are touched."""
    return {FOLDER: str(work / "config"), "NAPARI_CONFIG": str(work / "napari.yaml")}


def hear(name: str, server: str, arguments: Sequence[Any], count: int) -> Said:
    """Start a window that runs the code ``server``, and hear it to its end.

    What it says goes line by line into a file as well, so that a run that is broken off has not
    been for nothing.
    """
    command = [*screen(), sys.executable, "-c", server, json.dumps(list(arguments))]
    rows: list[dict[str, Any]] = []
    log = Path(tempfile.gettempdir()) / f"alnt-{name}.jsonl"
    with tempfile.TemporaryFile("w+") as errors, log.open("w") as kept:
        with subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=errors, text=True
        ) as window:
            assert window.stdout is not None
            for line in window.stdout:
                if not line.startswith("{"):
                    continue
                rows.append(json.loads(line))
                kept.write(line)
                kept.flush()
                if len(rows) % OFTEN == 0:
                    sys.stderr.write(f"{name}: {len(rows)} of {count}, all in {log}\n")
        errors.seek(0)
        return Said(rows, window.returncode, errors.read()[-250:])


def say(row: dict[str, Any]) -> None:
    """Say something from the process of a window, at once."""
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def screen() -> list[str]:
    """What gives a window its screen where there is none."""
    has_one = sys.platform != "linux" or {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)
    if has_one:
        return []
    if shutil.which("xvfb-run") is None:
        raise AlntError("There is no screen for a window; install xvfb, or run this on a desktop.")
    return ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24"]


def until(holds: Callable[[], bool]) -> None:
    """Let the window work until something holds."""
    from qtpy.QtCore import QEvent
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise AlntError("The window does not go on.")
        QApplication.processEvents()
        time.sleep(0.001)
    QApplication.processEvents()
    # what is to be deleted waits for a loop of events, which only the product has
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def wave_away() -> int:
    """Close the notes of napari, as it does itself in a window that is in use; how many."""
    from napari._qt.dialogs.qt_notification import NapariQtNotification

    notes = list(NapariQtNotification._instances)
    for note in notes:
        note.close()
    return len(notes)
