"""An open project, rankings without a student, and a child process without a network."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_alnt.codec import to_line
from napari_alnt.events import CaseScored, Event, StructureCounts
from napari_alnt.session import Session
from napari_alnt.session import engine as engine_module

POOL = ("ball_04", "ball_05", "ball_06", "ball_07")
FIRST = dict(zip(POOL, (0.9, 0.2, 0.8, 0.1), strict=True))
"""Dice of student and teacher in a ranking, low where the teacher's mask is wrong."""


@pytest.fixture
def session(balls):
    """The small project, open, with one training run."""
    with Session.open(balls.folder) as opened:
        opened.project.runs.start("train", opened.project.settings)
        yield opened


@pytest.fixture
def score_of(session) -> Callable[..., CaseScored]:
    """Makes one case's scores by a student of some step."""

    def score_of(case: str, dice: float, step: int = 1) -> CaseScored:
        scores = {"dice": dice, "loss": 1 - dice, "self_informativeness": dice / 2, "entropy": 0.1}
        counts = StructureCounts(100, 100, round(100 * dice))
        sha256 = session.project.case(case).label_sha256
        return CaseScored(case, step, sha256, "reference", scores, (counts,))

    return score_of


@pytest.fixture
def rank(session, score_of) -> Callable[..., None]:
    """Writes a ranking of the pool to the table, as the session does."""

    def rank(dice: dict[str, float] = FIRST, step: int = 1) -> None:
        scores = [score_of(case, value, step) for case, value in dice.items()]
        session.project.runs.add_scores(1, scores)
        session.history.take_scores(scores)

    return rank


@pytest.fixture
def child(tmp_path: Path, monkeypatch) -> Callable[..., None]:
    """Puts a shell script in the place of the engine; it prints events, and then does the rest."""
    python = sys.executable

    def child(*events: Event, then: str = "") -> None:
        script = tmp_path / "child.sh"
        lines = [f"echo '{to_line(event)}'" for event in events]
        # what stands before a launcher is no engine
        guard = f'[ "$3" = napari_alnt.engine.parent ] && exec {python} "$@"'
        script.write_text("\n".join(["#!/bin/sh", guard, *lines, then, ""]))
        script.chmod(0o700)
        monkeypatch.setattr(engine_module.sys, "executable", str(script))

    return child
