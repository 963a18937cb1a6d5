"""What the commands print of a project: one row is one record, with the keys that JSON has."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, get_args

from napari_alnt.cli.terminal import Terminal
from napari_alnt.data import Project, Role
from napari_alnt.events import NAN
from napari_alnt.session import Session
from napari_alnt.session.queue import HEADINGS


def print_roles(terminal: Terminal, project: Project) -> None:
    """How many cases have which role."""
    rows = [{"role": role, "cases": len(project.by_role(role))} for role in get_args(Role)]
    terminal.table(f"Project '{project.name}'", "Role", rows)


def print_runs(terminal: Terminal, project: Project) -> None:
    """Every run, oldest first."""
    rows = [
        {"run": run.number, "job": run.job, "state": run.state, "step": run.step}
        for run in project.runs.all
    ]
    terminal.table("Runs", "Run", rows)


def print_tests(terminal: Terminal, session: Session) -> None:
    """What the teacher and then the student reached on the test cases, oldest first."""
    # a teacher by command or folder was never tested
    rows: list[dict[str, Any]] = []
    if math.isfinite(dice := session.teacher_dice()):
        rows.append({"model": "teacher", "step": None, "dice": dice, "hd95": NAN})
    for result in session.test_results():
        scores = {"dice": result.dice, "hd95": result.hd95}
        rows.append({"model": "student", "step": result.step, **scores})
    headings = {"dice": "Dice", "hd95": "HD95 mm"}
    terminal.table("Held-out test cases", "TestResult", rows, headings)


def print_noise(terminal: Terminal, session: Session) -> None:
    """The label-noise estimate, and which reviews would make it sharper."""
    noise = session.noise_estimate()
    if noise is None:
        return
    following = session.next_to_review(3)
    values = {**dataclasses.asdict(noise), "next_to_review": following}
    terminal.fact(str(noise), "NoiseEstimate", values)
    if following:
        terminal.say(f"Reviews that would narrow this most: {', '.join(following)}.")


def print_queue(terminal: Terminal, session: Session, top: int, by: str | None = None) -> None:
    """The first ``top`` rows of the queue, sorted by a ranking, by default the project's."""
    rows = [dataclasses.asdict(row) for row in session.queue(by)[:top]]
    terminal.table("Queue", "QueueRow", rows, HEADINGS)
