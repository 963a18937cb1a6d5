"""A project's reviews: what counts as one, and where each case stood in the queue."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from napari_alnt.cli.main import main
from napari_alnt.errors import AlntError
from napari_alnt.session import session as session_module
from napari_alnt.session import write_report
from napari_alnt.session.reviews import reviews_of
from napari_alnt.settings import Settings
from napari_alnt.simulation import Radiologist


@pytest.fixture(autouse=True)
def by_disagreement(session):
    """Sort by disagreement: the lowest Dice comes first."""
    settings = Settings.from_dict({"ranking": "disagreement"}, session.project.settings)
    session.project.save_settings(settings)


def test_there_is_no_estimate_before_a_ranking_and_a_review(session, rank):
    assert session.noise_estimate() is None
    assert session.next_to_review() == ()
    session.confirm("ball_04")
    assert session.noise_estimate() is None
    session.revert("ball_04")
    rank()
    assert session.noise_estimate() is None
    assert len(session.next_to_review()) == 4


def test_reviews_are_counted_with_the_mask_they_judged(session, balls, rank):
    rank()
    Radiologist(balls.truth).correct(session, "ball_07")
    one = session.noise_estimate()
    assert (one.reviewed, one.pool) == (1, 4)
    assert one.low >= 0.25
    assert "ball_07" not in session.next_to_review()
    session.confirm("ball_04")
    assert session.noise_estimate().share < one.share
    for name in ("ball_05", "ball_06"):
        Radiologist(balls.truth).correct(session, name)
    assert session.noise_estimate().share == 0.5 == len(balls.wrong) / 4
    session.revert("ball_04")
    assert session.noise_estimate().reviewed == 3


def test_what_counts_as_wrong_is_a_setting(session, balls, rank):
    rank()
    Radiologist(balls.truth).correct(session, "ball_07")
    assert session.noise_estimate().low >= 0.25
    session.project.save_settings(
        Settings.from_dict({"wrong_below": 0.0}, session.project.settings)
    )
    estimate = session.noise_estimate()
    assert estimate.low == 0
    assert "below 0." in str(estimate)
    with pytest.raises(AlntError, match="wrong_below"):
        Settings(wrong_below=1.2)


def test_corrections_of_reference_cases_are_no_reviews(session, balls, rank):
    rank()
    reference = session.project.by_role("reference")[0]
    session.accept(reference.name, balls.true_labels(reference.name))
    assert session.noise_estimate() is None


def test_places_last_from_ranking_to_ranking(session, balls, rank):
    rank()
    Radiologist(balls.truth).correct(session, "ball_07")
    lower_than_all_before = {"ball_04": 0.05, "ball_05": 0.06, "ball_06": 0.07}
    rank(lower_than_all_before, step=2)
    rankings = session.project.runs.rankings()
    assert [sorted(score.case for score in scored) for scored in rankings.values()] == [
        ["ball_04", "ball_05", "ball_06", "ball_07"],
        ["ball_04", "ball_05", "ball_06"],
    ]
    reviews = reviews_of(session.project)
    assert [reviews.cases[i] for i in np.argsort(-reviews.priority)] == [
        "ball_07",
        "ball_04",
        "ball_05",
        "ball_06",
    ]
    assert reviews.wrong == {3: True}


def test_places_of_another_student_do_not_rest_on_this_ones_scores(session, rank):
    rank()
    project = session.project
    other = project.runs.start("train", project.settings)
    scores = project.runs.rankings()[1, 1]
    swapped = [dataclasses.replace(one, scores={"dice": 1 - one.score("dice")}) for one in scores]
    project.runs.add_scores(other.number, swapped)
    reviews = reviews_of(project)
    best = [reviews.cases[index] for index in np.argsort(-reviews.priority)]
    assert best == ["ball_04", "ball_06", "ball_05", "ball_07"]


def test_past_rankings_are_read_once_for_estimate_and_next_cases(session, rank, monkeypatch):
    rank()
    session.confirm("ball_04")
    reviews = session.reviews()
    asked = []
    monkeypatch.setattr(session_module, "reviews_of", lambda _: asked.append(1) or reviews)
    again = session.reviews()
    assert again.estimate() == session.noise_estimate()
    assert again.next(2) == session.next_to_review(2)
    assert len(asked) == 3


def test_status_says_it_to_people_and_programs(balls, session, rank, capsys):
    rank()
    assert main(["status", str(balls.folder)]) == 0
    assert "masks are wrong" not in capsys.readouterr().out
    session.confirm("ball_04")
    estimate = session.noise_estimate()
    assert main(["status", str(balls.folder)]) == 0
    output = capsys.readouterr().out
    assert str(estimate) in output
    assert f"narrow this most: {session.next_to_review()[0]}" in output
    assert main(["status", str(balls.folder), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (row,) = [row for row in rows if "wrong_below" in row]
    assert row == {
        "kind": "NoiseEstimate",
        **dataclasses.asdict(estimate),
        "next_to_review": list(session.next_to_review(3)),
    }


def test_the_report_says_it(session, rank):
    rank()
    assert "masks are wrong" not in write_report(session).read_text(encoding="utf-8")
    session.confirm("ball_04")
    assert "of 4 cases reviewed; wrong means" in write_report(session).read_text(encoding="utf-8")
