"""What is added in one place is known everywhere else without another line."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from napari_alnt.events import CaseScored
from napari_alnt.ranking import CaseScores
from napari_alnt.session import Session

ONE_MORE_RANKING = """
import dataclasses, sys
from napari_alnt.ranking import rules

def by_number(scores):
    return [float(name[-1]) for name in scores.cases]

rules.RANKINGS["by_number"] = by_number  # the one place
from napari_alnt.cli import main
from napari_alnt.session import Session

with Session.open(sys.argv[1]) as session:
    settings = dataclasses.replace(session.project.settings, ranking="by_number")
    session.project.save_settings(settings)
    print([row.case for row in session.queue()])
try:
    main(["train", "--help"])
except SystemExit:
    pass
"""


def scored(session: Session, name: str) -> list[CaseScored]:
    """A ranking of the pool with one score, written to the project's table."""
    run = session.project.runs.start("train", session.project.settings)
    run.checkpoint.parent.mkdir(parents=True)
    run.checkpoint.touch()
    scores = [
        CaseScored(case.name, 1, case.label_sha256, "experts", {name: place / 4})
        for place, case in enumerate(session.project.by_role("pool"))
    ]
    session.project.runs.add_scores(run.number, scores)
    return scores


def test_a_ranking_is_one_entry(balls):
    """Settings, command line, project and queue know it."""
    with Session.open(balls.folder) as session:
        scored(session, "loss")
    command = [sys.executable, "-c", ONE_MORE_RANKING, str(balls.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    queue, helped = done.stdout.split("\n", 1)
    assert queue == "['ball_07', 'ball_06', 'ball_05', 'ball_04']"
    assert "by_number" in helped


def test_a_new_score_reaches_the_rules_through_the_table_untouched(balls):
    with Session.open(balls.folder) as session:
        written = scored(session, "roughness")
    with Session.open(balls.folder) as again:
        scores = CaseScores.of(again.history.scores)
        np.testing.assert_array_equal(scores.column("roughness"), [0, 0.25, 0.5, 0.75])
        assert list(scores.newest) == written
