"""``napari-alnt demo``: the whole loop on synthetic CTs, in a window or, without a display, in the
terminal.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from napari_alnt.cli.terminal import Terminal
from napari_alnt.session import Session, write_report
from napari_alnt.simulation import SOUND, Corrections, make_demo
from napari_alnt.simulation import Demo as Demonstration


@dataclass(frozen=True)
class Demo:
    """Make a project of synthetic CTs with damaged masks and run the loop on it, in a window or
    headless.
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
        folder = _free(self.folder or Path("napari-alnt-demo"))
        terminal.say(f"Making {self.cases} synthetic chest CTs (nobody's patients) in {folder} …")
        demo = make_demo(folder, cases=self.cases)
        if self.headless or not has_display():
            self._run(terminal, demo)
        else:
            terminal.say("Opening napari …")
            subprocess.run(
                [sys.executable, "-m", "napari", str(demo.folder / "alnt.sqlite")], check=False
            )

    def _run(self, terminal: Terminal, demo: Demonstration) -> None:
        with Session.open(demo.folder) as session:
            settings = session.project.settings
            if self.epochs is not None:
                settings = dataclasses.replace(settings, epochs=self.epochs)
            corrections = Corrections(session, demo)
            terminal.follow(session, corrections.watch(session.train(settings)))
            _tell(terminal, session, corrections)
            report = write_report(session, notes=["All images and masks are synthetic."])
        terminal.say(
            f"Report: {report}\nThe project, for the window or the other commands: {demo.folder}"
        )


def _tell(terminal: Terminal, session: Session, corrections: Corrections) -> None:
    picked = corrections.picked
    columns = [
        "corrected case",
        "damage",
        "trust",
        "informativeness",
        "Dice with teacher",
        "priority",
    ]
    rows = [
        (
            row.case,
            corrections.demo.damage[row.case],
            row.trust,
            row.informativeness,
            row.dice,
            row.priority,
        )
        for row in picked
    ]
    terminal.table("Top of the queue, corrected by the simulated radiologist", columns, rows)
    damaged = sum(name != SOUND for name in corrections.demo.damage.values())
    facts = [
        ("audit Dice before the corrections", corrections.before),
        (f"audit Dice after {len(picked)} corrections (and more training)", corrections.after),
        (f"damaged masks among the top {len(picked)}", f"{corrections.damaged} of {len(picked)}"),
        ("damaged masks in the pool", f"{damaged} of {len(corrections.demo.damage)}"),
    ]
    terminal.table("Demo", ["", "result"], facts)


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
