"""When the queue will be ranked."""

from __future__ import annotations

import math

import pytest

from napari_alnt.events import Progress, Started, StepDone
from napari_alnt.ranking import RANKINGS
from napari_alnt.session.job_status import JobStatus
from napari_alnt.session.next_ranking import (
    RULES,
    ranking_sentence,
    rule_sentence,
    steps_to_ranking,
)
from napari_alnt.settings import Settings

SETTINGS = Settings(epochs=20, steps_per_epoch=25, rank_every=5)


def status(step=0, epoch=1, seconds_left=math.nan, **changes):
    started = Started(1, "cpu", "unet", 1, 0, 500, 4, 2, 2)
    made = StepDone(step, epoch, 0.5, 0.5, 1e-3, seconds_left) if step else None
    given = {"state": "running", "job": "train", "started": started, "step": made}
    return JobStatus(**(given | changes))


def test_before_the_training_it_says_what_to_press():
    said = ranking_sentence(JobStatus(), SETTINGS, ranked=False)
    assert said == "No ranking yet: press Start training; the first comes after about 125 steps."
    # the end of a training is followed by a ranking in any case
    short = Settings(epochs=2, steps_per_epoch=25, rank_every=5)
    assert "about 50 steps" in ranking_sentence(JobStatus(), short, ranked=False)
    assert ranking_sentence(JobStatus(), SETTINGS, ranked=True) == ""


@pytest.mark.parametrize(
    ("step", "epoch", "left"),
    [(1, 1, 124), (25, 1, 100), (26, 2, 99), (125, 5, 0), (126, 6, 124), (480, 20, 20)],
)
def test_steps_until_the_next_ranking(step, epoch, left):
    assert steps_to_ranking(status(step, epoch), SETTINGS) == left


def test_the_last_epoch_is_followed_by_a_ranking():
    settings = Settings(epochs=20, steps_per_epoch=25, rank_every=7)
    assert steps_to_ranking(status(460, 19), settings) == 40


def test_while_training_it_says_how_long_it_takes():
    # 475 steps are left, 2 seconds each, of which 100 come before the ranking
    said = ranking_sentence(status(25, 1, seconds_left=950), SETTINGS, ranked=False)
    assert said == "The first ranking comes in about 3 min."
    said = ranking_sentence(status(25, 1, seconds_left=950), SETTINGS, ranked=True)
    assert said == "The next ranking comes in about 3 min."


def test_after_the_last_step_before_a_ranking_no_time_is_said():
    one = status(125, 5, seconds_left=750)
    assert ranking_sentence(one, SETTINGS, ranked=False) == "The first ranking comes now."
    assert ranking_sentence(one, SETTINGS, ranked=True) == ""


def test_until_the_steps_can_be_timed_it_counts_them():
    for one in (status(started=None, state="starting"), status(), status(25, 1)):
        assert "comes after about 1" in ranking_sentence(one, SETTINGS, ranked=False)


def test_while_ranking_it_says_how_far_that_is():
    one = status(125, 5, progress=Progress("ranking", 3, 40))
    said = ranking_sentence(one, SETTINGS, ranked=False)
    assert said == "The first ranking is being made: 3 of 40 cases."


def test_a_training_that_ranks_never_says_so():
    never = Settings(rank_every=0)
    assert math.isnan(steps_to_ranking(status(25, 1), never))
    for one in (JobStatus(), status(25, 1)):
        assert "rank_every" in ranking_sentence(one, never, ranked=False)
    assert ranking_sentence(status(25, 1), never, ranked=True) == ""


def test_a_pause_and_a_teacher_hold_the_ranking_up():
    assert "paused" in ranking_sentence(status(25, 1, state="paused"), SETTINGS, ranked=False)
    assert "teacher" in ranking_sentence(status(job="teach"), SETTINGS, ranked=False)


def test_each_ranking_of_ours_says_what_it_puts_first():
    assert RULES.keys() == RANKINGS.keys()
    assert rule_sentence("alnt") == "Highest priority: the masks that can be trusted least."
    assert "'theirs'" in rule_sentence("theirs")
