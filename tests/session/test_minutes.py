"""Minutes learnt from a user's timings."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from napari_alnt.data import read_labels
from napari_alnt.session.mask_work import work_between
from napari_alnt.session.minutes import (
    ENOUGH,
    LEVEL,
    PRIOR,
    Estimate,
    MinutesModel,
    Timing,
    Work,
    error_sentence,
    mean_error,
    minutes_words,
    said_error,
)
from napari_alnt.simulation.correction_cost import DEFAULT_COST, cost_of_correction


def user(prices=(2.0, 0.6, 0.1, 0.02), count=12, noise=0.2, seed=0) -> list[Timing]:
    """A user who works at these prices, give or take."""
    rng = np.random.default_rng(seed)
    found = []
    for index in range(count):
        work = Work(rng.integers(0, 6), rng.integers(0, 30), rng.uniform(0, 60))
        exact = np.array(prices) @ [1, work.regions, work.slices, work.cm2]
        found.append(Timing(f"case_{index}", work, float(exact * rng.lognormal(0, noise))))
    return found


def test_the_prior_gives_about_what_the_cost_model_of_the_simulation_does(phantoms):
    assert PRIOR[0] == DEFAULT_COST.open + DEFAULT_COST.review
    parts = []
    for phantom in phantoms:
        teacher, truth = (read_labels(path) for path in (phantom.teacher, phantom.truth))
        spacing = truth.grid.spacing
        cost = cost_of_correction(teacher.voxels, truth.voxels, spacing).minutes
        work = work_between(teacher.voxels, truth.voxels, spacing, 255)
        parts.append(MinutesModel().estimate(work).minutes / cost)
    assert 0.75 < np.median(parts) < 1.33


def test_with_too_few_timings_the_estimate_is_the_priors():
    found = MinutesModel.learnt(user(count=ENOUGH - 1)).estimate(Work(2, 8, 10))
    assert found == Estimate(pytest.approx(1.35), pytest.approx(0.675), pytest.approx(2.7), 0)


def test_the_estimate_says_what_it_rests_on():
    assert MinutesModel().estimate(Work(1)).sentence == (
        "About 0.9 min (0.5–1.8) if the student is right, by round numbers; yours are learnt from 3"
        " timed corrections on."
    )
    said = MinutesModel.learnt(user()).estimate(Work(1)).sentence
    assert said.endswith("if the student is right, learnt from 12 of your corrections.")
    assert [minutes_words(value) for value in (0.3, 9.94, 9.96, 41.2)] == [
        "0.3 min", "9.9 min", "10 min", "41 min",
    ]  # fmt: skip


def test_a_slow_users_pace_is_learnt_from_a_few_timings():
    slow = tuple(4 * price for price in PRIOR)
    model = MinutesModel.learnt(user(slow, count=4, noise=0.05))
    assert model.estimate(Work(3, 9, 20)).minutes == pytest.approx(7.2, rel=0.1)


def test_many_timings_outweigh_the_prior():
    model = MinutesModel.learnt(user(count=60, noise=0.05))
    assert model.minutes == pytest.approx((2.0, 0.6, 0.1, 0.02), rel=0.25)


def test_one_long_pause_changes_little():
    timings = user(count=15, noise=0.1)
    plain = MinutesModel.learnt(timings).estimate(Work(2, 10, 20)).minutes
    paused = [*timings[:-1], Timing("paused", timings[-1].work, 300.0)]
    assert MinutesModel.learnt(paused).estimate(Work(2, 10, 20)).minutes == pytest.approx(
        plain, rel=0.1
    )


@pytest.mark.parametrize("seed", range(5))
def test_more_work_never_takes_less_time(seed):
    rng = np.random.default_rng(seed)
    odd = [Timing("x", Work(*rng.uniform(0, 9, 3)), float(rng.uniform(0.1, 9))) for _ in range(6)]
    model = MinutesModel.learnt(odd)
    assert min(model.minutes) >= 0
    assert model.estimate(Work()).minutes > 0
    found = model.estimate(Work(1, 2, 3))
    assert 0 < found.low <= found.minutes * model.high
    assert found.low < found.high


def test_cases_of_one_kind_are_no_difficulty():
    model = MinutesModel.learnt([Timing("x", Work(), 1.5)] * 5)
    assert model.estimate(Work()).minutes == pytest.approx(1.5, rel=0.05)


def test_the_interval_covers_what_it_says():
    inside = []
    for seed in range(40):
        *known, new = user(count=20, noise=0.4, seed=seed)
        found = MinutesModel.learnt(known).estimate(new.work)
        inside.append(found.low <= new.minutes <= found.high)
    # 40 draws at 0.8 have a standard deviation of 0.06
    assert LEVEL - 0.15 <= np.mean(inside) <= 1


def test_the_error_is_that_of_estimates_made_without_the_case_itself():
    timings = user((4, 1, 0.2, 0.1), count=10, noise=0.1)
    learnt, prior = mean_error(timings)
    assert learnt < prior / 3
    shown = [dataclasses.replace(one, estimated=one.minutes + 0.5) for one in timings[:4]]
    assert said_error([*shown, *timings[4:]]) == pytest.approx(0.5)
    assert math.isnan(said_error(timings))
    by_hand = []
    for index, one in enumerate(timings):
        others = timings[:index] + timings[index + 1 :]
        by_hand.append(abs(MinutesModel.learnt(others).estimate(one.work).minutes - one.minutes))
    assert learnt == pytest.approx(np.mean(by_hand))
    assert error_sentence(timings).startswith("Over your 10 timed corrections")


def test_with_few_timings_no_error_is_known():
    assert all(map(math.isnan, mean_error(user(count=ENOUGH))))
    assert error_sentence(user(count=ENOUGH)) == ""
