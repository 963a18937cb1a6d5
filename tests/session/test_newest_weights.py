"""What the newest steps made of each case."""

from __future__ import annotations

import math

import pytest

from napari_alnt.events import EpochDone, SampleWeighed, Started, StepDone
from napari_alnt.session.newest_weights import NewestWeights


def step(number, *samples):
    made = tuple(SampleWeighed(case, *values, 0.5) for case, *values in samples)
    return StepDone(number, 1, 0.5, 0.5, 1e-3, 10.0, samples=made)


@pytest.fixture
def weights():
    made = NewestWeights()
    assert made.take(
        step(
            3,
            ("a", 0.9, 2.0, 0.5),
            ("b", 0.3, 1.0, 0.5),
            ("c", 0.0, 1.0, 0.0),
            ("a", 0.6, 4.0, 0.0),
        )
    )
    return made


def test_one_is_the_mean_of_the_step(weights):
    one = weights.cases["b"]
    assert (one.step, one.samples) == (3, 1)
    assert one.trust == pytest.approx(0.3 * 4 / 1.8)
    assert one.informativeness == pytest.approx(0.5)
    assert one.weight == pytest.approx(2.0)


def test_several_patches_of_a_case_are_averaged(weights):
    one = weights.cases["a"]
    assert (one.samples, one.dropped, one.is_dropped) == (2, 1, False)
    assert one.trust == pytest.approx((0.9 + 0.6) / 2 * 4 / 1.8)
    assert one.weight == pytest.approx(1.0)
    assert "1 of its 2 patches had no weight" in one.explanation("RGSM_AL")


def test_a_case_that_was_left_out_says_why(weights):
    one = weights.cases["c"]
    assert one.is_dropped
    assert "the rule RGSM_AL left it out" in one.explanation("RGSM_AL")
    assert "no weight in this step" in one.explanation("RGS")


def test_the_newest_step_counts(weights):
    assert weights.take(step(9, ("a", 0.5, 1.0, 1.0)))
    assert (weights.cases["a"].step, weights.cases["a"].weight) == (9, 1.0)
    assert weights.cases["b"].step == 3


def test_what_is_not_finite_or_negative_counts_nowhere():
    weights = NewestWeights()
    assert weights.take(
        step(1, ("a", math.nan, 1.0, 0.0), ("b", -0.4, 1.0, 0.5), ("c", 0.2, 1.0, 0.5))
    )
    assert weights.cases.keys() == {"b", "c"}
    assert (weights.cases["b"].trust, weights.cases["c"].trust) == (0.0, 2.0)
    assert not weights.take(step(2, ("a", math.nan, 1.0, 0.0)))


def test_another_training_begins_with_none(weights):
    assert not weights.take(Started(2, "cpu", "unet", 1, 0, 10, 3, 1, 1))
    assert not weights.cases


def test_other_events_say_nothing():
    assert not NewestWeights().take(EpochDone(1, 1, 0.5, 0.5))
    assert not NewestWeights().take(step(1))
