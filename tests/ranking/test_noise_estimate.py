"""The label-noise estimate: what must hold for any reviews, and its error on simulated pools."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from napari_alnt.events import NAN
from napari_alnt.ranking.noise_estimate import Reviews, estimate, merge_ranking, select_informative


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
    result = estimate(priority, wrong)
    found, unseen = sum(wrong.values()), len(priority) - len(wrong)
    assert result.low <= result.share <= result.high
    assert found <= result.low * len(priority) + 1e-9
    assert result.high * len(priority) <= found + unseen + 1e-9
    assert (result.reviewed, result.pool) == (len(wrong), len(priority))


@settings(max_examples=40, deadline=None)
@given(pools(), st.randoms(use_true_random=False))
def test_the_order_in_which_cases_are_named_does_not_matter(pool, random):
    priority, wrong = pool
    order = list(range(len(priority)))
    random.shuffle(order)
    result = estimate(priority, wrong)
    again = estimate(priority[order], {order.index(index): value for index, value in wrong.items()})
    assert again.share == pytest.approx(result.share)
    assert (again.low, again.high) == pytest.approx(
        (result.low, result.high), abs=1.01 / len(priority)
    )


def test_with_all_reviewed_the_share_is_exact():
    priority = np.random.default_rng(0).random(30)
    result = estimate(priority, {index: index % 5 == 0 for index in range(30)})
    assert result.share == result.low == result.high == pytest.approx(0.2)
    assert str(result) == (
        "20 % of the teacher's masks are wrong, with all 30 cases reviewed; wrong means Dice below"
        " 0.7."
    )


def test_the_sentence():
    result = dataclasses.replace(
        estimate(np.arange(40.0), {39: True}), share=0.244, low=0.15, high=0.35, reviewed=12
    )
    assert str(result) == (
        "About 24 % of the teacher's masks are wrong (90 % interval 15–35 %), from 12 of 40 cases"
        " reviewed; wrong means Dice below 0.7."
    )


def test_few_reviews_say_little_and_more_say_more():
    priority = np.arange(60.0)
    widths = [
        result.high - result.low
        for count in (1, 10, 25)
        for result in [
            estimate(priority, {i: i >= 42 for i in select_informative(priority, count)})
        ]
    ]
    assert widths[0] > 0.4
    assert widths[0] > widths[1] > widths[2]


def test_wrong_masks_at_the_top_are_not_the_share_of_the_pool():
    top = {index: index >= 52 for index in range(45, 60)}  # 15 cases, 8 of them wrong
    result = estimate(np.arange(60.0), top)
    assert result.low <= 8 / 60 <= result.share < 0.2  # the share of those reviewed is 0.53


def test_cases_to_review_are_named_once_and_no_more_than_there_are():
    priority = np.random.default_rng(1).random(12)
    seen = {0: True, 5: False}
    reviews = select_informative(priority, 50, seen)
    assert sorted(reviews) == [index for index in range(12) if index not in seen]
    assert reviews[:3] == select_informative(priority, 3, seen)
    assert select_informative(priority, 0) == ()


def test_the_next_case_to_review_lies_where_right_and_wrong_meet():
    priority = np.arange(60.0)
    (index,) = select_informative(
        priority, 1, {0: False, 20: False, 30: False, 42: True, 50: True, 59: True}
    )
    assert 30 < index < 42


def _pool(rng, number, share, auroc):
    wrong = np.arange(number) < round(share * number)
    return rng.normal(size=number) + np.sqrt(2) * norm.ppf(auroc) * wrong, wrong


def _errors(design, count=15, repeats=8):
    """Error and whether the interval holds the truth, over pools of both sizes, shares and
    skills.
    """
    rng, rows = np.random.default_rng(7), []
    for number, share, auroc in [
        (n, s, a) for n in (30, 60) for s in (0.2, 0.35) for a in (0.8, 0.9, 0.97)
    ] * repeats:
        priority, wrong = _pool(rng, number, share, auroc)
        result = estimate(priority, design(priority, wrong, count))
        truth = wrong.mean()
        rows.append((abs(result.share - truth), result.low - 1e-9 <= truth <= result.high + 1e-9))
    return np.mean(rows, axis=0)


def _by_selection(priority, wrong, count):
    seen = {}
    while len(seen) < count:
        seen |= {index: bool(wrong[index]) for index in select_informative(priority, 5, seen)}
    return seen


def _from_the_top(priority, wrong, count):
    return {int(index): bool(wrong[index]) for index in np.argsort(-priority)[:count]}


def test_fifteen_reviews_come_within_five_points_and_the_interval_holds():
    error, coverage = _errors(_by_selection)
    assert error < 0.045
    assert coverage > 0.85


def test_the_interval_of_reviews_at_the_top_alone_mostly_holds_though_the_estimate_is_worse():
    error, coverage = _errors(_from_the_top)
    assert error > _errors(_by_selection)[0]
    assert coverage > 0.8


def test_a_later_ranking_sorts_what_it_scored_among_the_places_held():
    places = merge_ranking({}, {"a": 1, "b": 2, "c": 3, "d": 4})
    assert sorted(places, key=places.__getitem__) == ["a", "b", "c", "d"]
    again = merge_ranking(
        places, {"a": 90, "b": 80, "c": 70}
    )  # d was accepted; another student's scores are larger
    assert sorted(again, key=again.__getitem__) == ["c", "b", "a", "d"]
    assert again["d"] == places["d"]
    assert sorted(again.values()) == sorted(places.values())
    assert 0 < merge_ranking(again, {"new": 0.5})["new"] < 1


def test_reviews_need_a_review_and_a_ranking():
    unranked = np.full(3, NAN)
    assert Reviews(("a", "b", "c"), unranked, {0: True}, 0.7).estimate() is None
    assert Reviews(("a", "b", "c"), unranked, {0: True}, 0.7).next(2) == ()
    unseen = Reviews(("a", "b", "c"), np.array([NAN, 0.5, 0.2]), {}, 0.7)
    assert unseen.estimate() is None
    assert len(unseen.next(5)) == 3


def test_reviews_name_cases_as_the_estimate_numbers_them():
    priority = np.arange(4.0)
    reviews = Reviews(("a", "b", "c", "d"), priority, {3: True}, 0.6)
    assert reviews.estimate() == estimate(priority, {3: True}, 0.6)
    indices = select_informative(priority, 2, {3: True})
    assert reviews.next(2) == tuple("abcd"[index] for index in indices)
