"""How far the human's work is, and how long the rest takes."""

from __future__ import annotations

import dataclasses
import math

import pytest

from napari_alnt.session.progress import Overview, WorkProgress, rough


@pytest.fixture
def cases(session):
    """Four cases of a pool, and four that were never in it."""
    return {case.name: case for case in session.project.cases}


def accepted(cases, *names):
    changed = {
        name: dataclasses.replace(cases[name], status="accepted", version=1, role="reference")
        for name in names
    }
    return [changed.get(name, case) for name, case in cases.items()]


def test_nothing_is_invented_before_two_cases_are_done(cases):
    before = WorkProgress.of(cases.values(), {})
    assert (before.done, before.total, before.sentence) == (0, 4, "0 of 4 done")
    one = WorkProgress.of(accepted(cases, "ball_04"), {"ball_04": 180})
    assert one.sentence == "1 of 4 done"
    assert math.isnan(one.left)
    assert "when 2 cases are done" in one.explanation
    # the time of a draft says nothing of a case that is done
    assert WorkProgress.of(cases.values(), {"ball_05": 60, "ball_06": 60}).sentence == "0 of 4 done"


def test_the_rest_is_reckoned_from_the_median(cases):
    seconds = {"ball_04": 60, "ball_05": 180, "ball_06": 6000, "ball_07": 240}
    two = WorkProgress.of(accepted(cases, "ball_04", "ball_05"), {"ball_04": 120, "ball_05": 240})
    assert two.sentence == "2 of 4 done · 3 min each · about 6 min left"
    three = WorkProgress.of(accepted(cases, "ball_04", "ball_05", "ball_06"), seconds)
    assert three.each == 180
    assert three.spent == 6480
    assert "Time spent on this project so far: 1 h 50 min." in three.explanation


def test_masks_from_files_took_no_time(cases):
    done = accepted(cases, "ball_04", "ball_05")
    assert math.isnan(WorkProgress.of(done, {"ball_04": 100}).each)


def test_skipped_cases_are_not_reckoned_with(cases):
    done = accepted(cases, "ball_04", "ball_05")
    done[-1] = dataclasses.replace(done[-1], status="skipped")
    progress = WorkProgress.of(done, {"ball_04": 180, "ball_05": 180})
    assert progress.sentence.endswith("about 3 min left")
    assert "1 skipped" in progress.explanation


def test_when_all_is_done_nothing_is_left(cases):
    done = accepted(cases, "ball_04", "ball_05", "ball_06", "ball_07")
    assert WorkProgress.of(done, dict.fromkeys(cases, 60)).sentence == "4 of 4 done · 1 min each"


def test_the_overview_is_that_of_the_project(session):
    session.confirm("ball_05", seconds=90)
    session.confirm("ball_06", seconds=90)
    overview = Overview.of(session.project)
    assert overview.roles == {"pool": 2, "reference": 4, "test": 2}
    assert overview.work.sentence == "2 of 4 done · 2 min each · about 3 min left"
    assert [row.case for row in overview.held_out] == [
        case.name for case in session.project.by_role("test")
    ]
    assert {row.case: row.version for row in overview.experts}["ball_05"] == 1
    assert overview.settings == session.project.settings


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (4, "4 s"),
        (44, "40 s"),
        (58, "1 min"),
        (185, "3 min"),
        (3569, "59 min"),
        (3580, "1 h"),
        (4830, "1 h 20 min"),
        (43_000, "12 h"),
    ],
)
def test_times_are_rounded_as_estimates_are(seconds, words):
    assert rough(seconds) == words
