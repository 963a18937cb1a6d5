"""A session planned into the minutes there are."""

from __future__ import annotations

import math

import pytest

from napari_alnt.session.gain import Offer
from napari_alnt.session.plan_session import Step, plan_session


def offer(case: str, gain: float, minutes: float) -> Offer:
    return Offer(case, gain, minutes, gain / minutes)


OFFERS = [offer("slow", 0.9, 20), offer("quick", 0.4, 4), offer("poor", 0.1, 5), offer("b", 0.4, 4)]


def test_cases_are_taken_by_gain_per_minute_until_the_clock_is_full():
    plan = plan_session(OFFERS, 25)
    assert plan.steps == (Step("b", 0, 4), Step("quick", 4, 8), Step("poor", 8, 13))
    assert (plan.minutes, plan.left, plan.left_minutes) == (13, ("slow",), 20)
    assert plan.gain == pytest.approx(0.9 / 1.8)
    assert plan.sentence == (
        "In 25 min: 3 cases, about 13 min, for 50 % of the expected gain. 1 case is left, about"
        " 20 min."
    )


def test_with_time_enough_nothing_is_left():
    plan = plan_session(OFFERS, 33)
    assert len(plan.steps) == 4
    assert plan.sentence.endswith("for 100 % of the expected gain. Nothing is left.")


def test_where_nothing_fits_it_says_what_is_left():
    assert plan_session(OFFERS, 3).sentence == (
        "No case fits into 3.0 min; 4 cases would be left, which take about 33 min."
    )
    assert "1 case would be left, which takes" in plan_session(OFFERS[:1], 3).sentence
    assert plan_session([], 25).sentence.startswith("There is no case to plan with")


def test_cases_without_any_gain_leave_it_unsaid():
    plan = plan_session([offer("a", 0, 2), offer("b", 0, 2)], 2)
    assert math.isnan(plan.gain)
    assert plan.sentence == "In 2.0 min: 1 case, about 2.0 min. 1 case is left, about 2.0 min."


@pytest.mark.parametrize("budget", [0, 5, 9, 14, 29])
def test_a_plan_never_takes_longer_and_loses_no_case(budget):
    plan = plan_session(OFFERS, budget)
    assert plan.minutes <= budget
    assert sorted([*(step.case for step in plan.steps), *plan.left]) == [
        "b",
        "poor",
        "quick",
        "slow",
    ]
    assert [step.begins for step in plan.steps] == [0, *(step.ends for step in plan.steps)][:-1]
