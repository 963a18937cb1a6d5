"""Measures against independent ones, and intervals that count patients."""

import math

import numpy as np
import pytest
from benchmark.metrics import (
    area,
    auroc,
    mean_known,
    minutes_to,
    paired,
    precision_at,
    rank_correlation,
    within_strata,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

flags = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30)


@given(flags)
def test_auroc_is_the_mann_whitney_statistic(pairs):
    priority, wrong = (np.array(column) for column in zip(*pairs, strict=True))
    priority, wrong = priority.astype(float), wrong.astype(bool)
    if wrong.all() or not wrong.any():
        assert np.isnan(auroc(priority, wrong))
        return
    u = mannwhitneyu(priority[wrong], priority[~wrong]).statistic
    assert auroc(priority, wrong) == pytest.approx(u / (wrong.sum() * (~wrong).sum()))


def test_precision_counts_what_could_be_there():
    wrong = np.array([True, False, True, False, False])
    assert precision_at(np.array([5.0, 4, 3, 2, 1]), wrong, 2) == 0.5
    assert precision_at(np.array([5.0, 4, 3, 2, 1]), wrong, 5) == 1
    assert precision_at(np.array([1.0, 2, 3, 4, 5]), wrong, 2) == 0


def test_within_strata_a_ranking_by_size_alone_is_worth_little():
    rng = np.random.default_rng(0)
    size = rng.random(300)
    wrong = rng.random(300) < 1 - size
    assert auroc(-size, wrong) > 0.75
    assert within_strata(-size, wrong, size) < auroc(-size, wrong) - 0.15
    assert within_strata(wrong.astype(float), wrong, size) == 1


def test_rank_correlation_leaves_out_what_is_not_known():
    assert rank_correlation(
        np.array([1.0, 2, 3, 9]), np.array([2.0, 4, 6, np.nan])
    ) == pytest.approx(1)
    assert np.isnan(rank_correlation(np.ones(4), np.arange(4.0)))


def test_intervals_count_patients_and_seeds_and_not_their_repeats():
    rng = np.random.default_rng(1)
    effects = rng.normal(0.02, 0.05, 12)
    once = paired([(0, str(i), effect) for i, effect in enumerate(effects)])
    often = paired([(0, str(i), effect) for i, effect in enumerate(effects) for _ in range(8)])
    naive = paired([(0, f"{i} {k}", effect) for i, effect in enumerate(effects) for k in range(8)])
    assert (often.low, often.high, often.patients) == pytest.approx((once.low, once.high, 12))
    assert naive.high - naive.low < 0.6 * (once.high - once.low)
    assert once.low < once.mean < once.high
    assert (paired([]).seeds, paired([]).patients) == (0, 0)


@pytest.mark.parametrize("run", [0.0, 0.03])
def test_intervals_cover_the_truth_though_all_cases_of_a_seed_share_a_student(run):
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(150):
        patients, runs = rng.normal(0.02, 0.03, 60), rng.normal(0, run, 8)
        seen = [
            (s, str(p), patients[p] + runs[s])
            for s in range(8)
            for p in rng.choice(60, 20, replace=False)
        ]
        found = paired(seen, draws=400)
        inside += found.low <= 0.02 <= found.high
    assert inside >= 0.84 * 150


def test_minutes_to_a_target_and_the_area_of_a_curve():
    curve = [[0, 0.0, 0.5], [4, 10.0, 0.7], [8, 30.0, 0.7], [12, 40.0, 0.9]]
    assert minutes_to(curve, 0.4) == 0
    assert minutes_to(curve, 0.6) == pytest.approx(5)
    assert minutes_to(curve, 0.8) == pytest.approx(35)
    assert math.isinf(minutes_to(curve, 0.95))
    assert area(curve, 10) == pytest.approx(0.6, abs=1e-6)
    assert area(curve, 30) == pytest.approx((0.6 * 10 + 0.7 * 20) / 30, abs=1e-3)


def test_means_leave_out_what_is_not_known():
    assert mean_known([1.0, None, math.nan, math.inf, 3.0]) == 2
    assert math.isnan(mean_known([math.nan]))
