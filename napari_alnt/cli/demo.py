"""``napari-alnt demo``: the whole loop on synthetic CTs, in a window or in the terminal."""

from __future__ import annotations

import dataclasses
import itertools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_alnt.cli.terminal import Terminal
from napari_alnt.data import TABLE
from napari_alnt.session import QueueRow, Session, write_report
from napari_alnt.session.queue import HEADINGS
from napari_alnt.session.report import words
from napari_alnt.simulation import Corrections, make_demo
from napari_alnt.simulation import Demo as Demonstration


@dataclass(frozen=True)
class Demo:
    """Make a project of synthetic CTs whose teacher masks are partly wrong, and run the loop on it,
    in a window or headless.
    """

    folder: Path | None = None
    """Where to make it; by default the new folder napari-alnt-demo here (a later demo gets a
    number).
    """
    headless: bool = False
    """No window: a simulated radiologist corrects the four top cases, and a table and a report tell
    the rest.
    """
    cases: int = 16
    """Synthetic CTs."""
    epochs: int | None = None
    """Epochs of the headless run; by default the demo's own."""
    json: bool = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Make the project, and open it in a window or run it here."""
        folder = _free(self.folder or Path("napari-alnt-demo"))
        terminal.say(f"Making {self.cases} synthetic chest CTs (nobody's patients) in {folder} …")
        demo = make_demo(folder, cases=self.cases)
        if self.headless or not has_display():
            self._run(terminal, demo)
        else:
            terminal.say("Opening napari …")
            # a process of its own, as this one knows no Qt; the table, as napari would ask which
            # reader a folder is for
            command = [sys.executable, "-m", "napari", str(demo.folder / TABLE)]
            subprocess.run(command, check=False)

    def _run(self, terminal: Terminal, demo: Demonstration) -> None:
        with Session.open(demo.folder) as session:
            settings = session.project.settings
            # the project keeps what it is trained with, so that train goes on in the same way
            if self.epochs is not None:
                settings = dataclasses.replace(settings, epochs=self.epochs)
            corrections = Corrections(session, demo)
            terminal.follow(session, corrections.watch(session.train(settings)))
            report = write_report(session, notes=["All images and masks are synthetic."])
        _tell(terminal, corrections, report)


def _tell(terminal: Terminal, corrections: Corrections, report: Path) -> None:
    """What was corrected, and what came of it."""
    demo = corrections.demo
    picked = corrections.picked
    rows = [_correction(row, demo) for row in picked]
    title = "Top of the queue, corrected by the simulated radiologist"
    terminal.table(title, "Correction", rows, HEADINGS)
    values = {
        "dice_before": corrections.before,
        "dice_after": corrections.after,
        "corrections": len(picked),
        "corrected_wrong": corrections.corrupted,
        "pool": len(demo.corruption),
        "pool_wrong": len(demo.corrupted),
        "project": str(demo.folder),
        "report": str(report),
    }
    # one sentence for people, the same numbers by name for programs
    terminal.fact(
        f"Test Dice {words(corrections.before)} before and {words(corrections.after)} after"
        f" {len(picked)} corrections and more training; {corrections.corrupted} of these"
        f" {len(picked)} masks were wrong, and {len(demo.corrupted)} of {len(demo.corruption)} in"
        " the pool.",
        "DemoResult",
        values,
    )
    terminal.say(f"Report: {report}")
    terminal.say(f"The project, for the window or the other commands: {demo.folder}")


def _correction(row: QueueRow, demo: Demonstration) -> dict[str, Any]:
    """A corrected case as it was ranked, and what only the simulation knows of its mask."""
    names = ("trust", "informativeness", "dice", "priority")
    ranked = {name: getattr(row, name) for name in names}
    return {"case": row.case, "corruption": demo.corruption[row.case], **ranked}


def _free(folder: Path) -> Path:
    """The folder if it is new, else the same name with the next number."""
    names = itertools.chain(
        [folder], (folder.with_name(f"{folder.name}-{n}") for n in itertools.count(2))
    )
    return next(name for name in names if not name.exists())


def has_display() -> bool:
    """Whether a window can open: always where the system has one screen system of its own."""
    return sys.platform in ("win32", "darwin") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
