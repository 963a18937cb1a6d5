"""A project's looks: what counts as one, and where each stood in the queue."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from napari_alnt.cli.main import main
from napari_alnt.errors import AlntError
from napari_alnt.events import CaseScored
from napari_alnt.session import Session, write_report
from napari_alnt.session.reviews import looks_of
from napari_alnt.settings import Settings
from napari_alnt.simulation import Radiologist


def _score(session, step, dice):
    """Write a ranking of the pool as the session would; ``dice`` is the student's with the
    teacher's mask.
    """
    project = session.project
    scores = [
        CaseScored(
            name,
            step,
            0.1,
            0.1,
            0.1,
            0.1,
            0.1,
            0.1,
            value,
            9,
            label=project.case(name).label_sha256,
        )
        for name, value in dice.items()
    ]
    project.add_scores(1, scores)


@pytest.fixture
def session(balls):
    with Session.open(balls.folder) as opened:
        opened.project.save_settings(
            Settings.from_dict({"ranking": "disagreement"}, opened.project.settings)
        )
        opened.project.start_run("train", opened.project.settings)
        yield opened


def test_there_is_no_audit_before_a_ranking_and_a_look(session, balls):
    assert session.noise_audit() is None
    assert session.next_looks() == ()
    session.confirm("ball_04")
    assert session.noise_audit() is None
    session.revert("ball_04")
    _score(session, 1, {"ball_04": 0.9, "ball_05": 0.2, "ball_06": 0.8, "ball_07": 0.1})
    assert session.noise_audit() is None
    assert len(session.next_looks()) == 4


def test_looks_are_counted_with_the_mask_they_judged(session, balls):
    _score(session, 1, {"ball_04": 0.9, "ball_05": 0.2, "ball_06": 0.8, "ball_07": 0.1})
    Radiologist(balls.truth).correct(session, "ball_07")
    one = session.noise_audit()
    assert (one.looked, one.pool) == (1, 4)
    assert one.low >= 0.25
    assert "ball_07" not in session.next_looks()
    session.confirm("ball_04")
    assert session.noise_audit().share < one.share
    for name in ("ball_05", "ball_06"):
        Radiologist(balls.truth).correct(session, name)
    assert session.noise_audit().share == 0.5 == len(balls.wrong) / 4
    session.revert("ball_04")
    assert session.noise_audit().looked == 3


def test_what_counts_as_wrong_is_a_setting(session, balls):
    _score(session, 1, {"ball_04": 0.9, "ball_05": 0.2, "ball_06": 0.8, "ball_07": 0.1})
    Radiologist(balls.truth).correct(session, "ball_07")
    assert session.noise_audit().low >= 0.25
    session.project.save_settings(
        Settings.from_dict({"wrong_below": 0.0}, session.project.settings)
    )
    audit = session.noise_audit()
    assert audit.low == 0
    assert "below 0." in str(audit)
    with pytest.raises(AlntError, match="wrong_below"):
        Settings(wrong_below=1.2)


def test_corrections_of_reference_cases_are_no_looks(session, balls):
    _score(session, 1, {"ball_04": 0.9, "ball_05": 0.2, "ball_06": 0.8, "ball_07": 0.1})
    reference = session.project.by_role("reference")[0]
    session.accept(reference.name, balls.true_labels(reference.name))
    assert session.noise_audit() is None


def test_places_last_from_ranking_to_ranking(session, balls):
    _score(session, 1, {"ball_04": 0.9, "ball_05": 0.2, "ball_06": 0.8, "ball_07": 0.1})
    Radiologist(balls.truth).correct(session, "ball_07")
    _score(session, 2, {"ball_04": 0.05, "ball_05": 0.06, "ball_06": 0.07})  # lower than all before
    rankings = session.project.rankings()
    assert [sorted(score.case for score in scored) for scored in rankings.values()] == [
        ["ball_04", "ball_05", "ball_06", "ball_07"],
        ["ball_04", "ball_05", "ball_06"],
    ]
    looks = looks_of(session.project)
    assert [looks.cases[i] for i in np.argsort(-looks.priority)] == [
        "ball_07",
        "ball_04",
        "ball_05",
        "ball_06",
    ]
    assert looks.wrong == {3: True}


def test_status_says_it_to_people_and_programs(balls, session, capsys):
    _score(session, 1, {"ball_04": 0.9, "ball_05": 0.2, "ball_06": 0.8, "ball_07": 0.1})
    assert main(["status", str(balls.folder)]) == 0
    assert "masks are wrong" not in capsys.readouterr().out
    session.confirm("ball_04")
    audit = session.noise_audit()
    assert main(["status", str(balls.folder)]) == 0
    said = capsys.readouterr().out
    assert str(audit) in said
    assert f"narrow this most: {session.next_looks()[0]}" in said
    assert main(["status", str(balls.folder), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (row,) = [row for row in rows if "wrong_below" in row]
    assert row == {**dataclasses.asdict(audit), "next_looks": list(session.next_looks(3))}


def test_the_report_says_it(session, balls):
    _score(session, 1, {"ball_04": 0.9, "ball_05": 0.2, "ball_06": 0.8, "ball_07": 0.1})
    assert "masks are wrong" not in write_report(session).read_text(encoding="utf-8")
    session.confirm("ball_04")
    assert "of 4 cases looked at; wrong means" in write_report(session).read_text(encoding="utf-8")
