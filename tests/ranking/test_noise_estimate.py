"""The noise audit: what the estimate must hold whatever the looks, and where a project's looks come
from.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from napari_alnt.events import NAN
from napari_alnt.ranking.noise_estimate import estimate, sort_again, spread


@st.composite
def pools(draw):
    """A pool's priorities, some unknown or tied, and what was found at some of its cases."""
    number = draw(st.integers(2, 25))
    value = st.one_of(st.sampled_from([0.0, 0.5, NAN]), st.floats(-1e6, 1e6))
    priority = np.array(draw(st.lists(value, min_size=number, max_size=number)))
    return priority, draw(st.dictionaries(st.integers(0, number - 1), st.booleans()))


@settings(max_examples=60, deadline=None)
@given(pools())
def test_the_share_lies_in_its_interval_and_between_what_is_possible(pool):
    priority, wrong = pool
    audit = estimate(priority, wrong)
    found, unseen = sum(wrong.values()), len(priority) - len(wrong)
    assert audit.low <= audit.share <= audit.high
    assert found <= audit.low * len(priority) + 1e-9
    assert audit.high * len(priority) <= found + unseen + 1e-9
    assert (audit.looked, audit.pool) == (len(wrong), len(priority))


@settings(max_examples=40, deadline=None)
@given(pools(), st.randoms(use_true_random=False))
def test_the_order_in_which_cases_are_named_does_not_matter(pool, random):
    priority, wrong = pool
    order = list(range(len(priority)))
    random.shuffle(order)
    audit = estimate(priority, wrong)
    again = estimate(priority[order], {order.index(index): value for index, value in wrong.items()})
    assert again.share == pytest.approx(audit.share)
    assert (again.low, again.high) == pytest.approx(
        (audit.low, audit.high), abs=1.01 / len(priority)
    )


def test_with_all_looked_at_the_share_is_exact():
    priority = np.random.default_rng(0).random(30)
    audit = estimate(priority, {index: index % 5 == 0 for index in range(30)})
    assert audit.share == audit.low == audit.high == pytest.approx(0.2)
    assert str(audit) == (
        "20 % of the teacher's masks are wrong, with all 30 cases looked at; wrong means Dice below"
        " 0.7."
    )


def test_the_sentence():
    audit = dataclasses.replace(
        estimate(np.arange(40.0), {39: True}), share=0.244, low=0.15, high=0.35, looked=12
    )
    assert str(audit) == (
        "About 24 % of the teacher's masks are wrong (90 % interval 15–35 %), from 12 of 40 cases"
        " looked at;"
        " wrong means Dice below 0.7."
    )


def test_few_looks_say_little_and_more_say_more():
    priority = np.arange(60.0)
    widths = [
        audit.high - audit.low
        for count in (1, 10, 25)
        for audit in [estimate(priority, {i: i >= 42 for i in spread(priority, count)})]
    ]
    assert widths[0] > 0.4
    assert widths[0] > widths[1] > widths[2]


def test_wrong_masks_at_the_top_are_not_the_share_of_the_pool():
    audit = estimate(
        np.arange(60.0), {i: i >= 52 for i in range(45, 60)}
    )  # looks at the top 15, 8 of them wrong
    assert audit.low <= 8 / 60 <= audit.share < 0.2  # the share of those looked at is 0.53


def test_spread_names_others_each_once_and_no_more_than_there_are():
    priority = np.random.default_rng(1).random(12)
    seen = {0: True, 5: False}
    looks = spread(priority, 50, seen)
    assert sorted(looks) == [index for index in range(12) if index not in seen]
    assert looks[:3] == spread(priority, 3, seen)
    assert spread(priority, 0) == ()


def test_spread_goes_to_where_right_and_wrong_meet():
    priority = np.arange(60.0)
    (look,) = spread(priority, 1, {0: False, 20: False, 30: False, 42: True, 50: True, 59: True})
    assert 30 < look < 42


def _pool(rng, number, share, auroc):
    wrong = np.arange(number) < round(share * number)
    return rng.normal(size=number) + np.sqrt(2) * norm.ppf(auroc) * wrong, wrong


def _audits(design, count=15, repeats=8):
    """Error and whether the interval holds the truth, over pools of both sizes, shares and
    skills.
    """
    rng, rows = np.random.default_rng(7), []
    for number, share, auroc in [
        (n, s, a) for n in (30, 60) for s in (0.2, 0.35) for a in (0.8, 0.9, 0.97)
    ] * repeats:
        priority, wrong = _pool(rng, number, share, auroc)
        audit = estimate(priority, design(priority, wrong, count))
        truth = wrong.mean()
        rows.append((abs(audit.share - truth), audit.low - 1e-9 <= truth <= audit.high + 1e-9))
    return np.mean(rows, axis=0)


def _by_spread(priority, wrong, count):
    seen = {}
    while len(seen) < count:
        seen |= {index: bool(wrong[index]) for index in spread(priority, 5, seen)}
    return seen


def _from_the_top(priority, wrong, count):
    return {int(index): bool(wrong[index]) for index in np.argsort(-priority)[:count]}


def test_fifteen_looks_come_within_five_points_and_the_interval_holds():
    error, coverage = _audits(_by_spread)
    assert error < 0.045
    assert coverage > 0.85


def test_the_interval_of_looks_at_the_top_alone_mostly_holds_though_the_estimate_is_worse():
    error, coverage = _audits(_from_the_top)
    assert error > _audits(_by_spread)[0]
    assert coverage > 0.8


def test_a_later_ranking_sorts_what_it_scored_among_the_places_held():
    places = sort_again({}, {"a": 1, "b": 2, "c": 3, "d": 4})
    assert sorted(places, key=places.__getitem__) == ["a", "b", "c", "d"]
    again = sort_again(
        places, {"a": 90, "b": 80, "c": 70}
    )  # d was looked at; another student's scores are larger
    assert sorted(again, key=again.__getitem__) == ["c", "b", "a", "d"]
    assert again["d"] == places["d"]
    assert sorted(again.values()) == sorted(places.values())
    assert 0 < sort_again(again, {"new": 0.5})["new"] < 1
