"""The interval of the held-out Dice."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_alnt.events import NAN, Tested, TestedCase
from napari_alnt.session.dice_interval import dice_interval


def result(*dice):
    cases = tuple(TestedCase(f"case_{n}", one, 3.0) for n, one in enumerate(dice))
    known = [one for one in dice if math.isfinite(one)]
    return Tested(10, 1, float(np.mean(known)) if known else NAN, 3.0, cases)


def test_it_holds_the_mean_and_is_that_of_normal_theory_for_many_cases():
    dice = np.random.default_rng(1).normal(0.7, 0.1, 300)
    low, high = dice_interval(result(*dice))
    error = 1.96 * dice.std() / math.sqrt(len(dice))
    assert low == pytest.approx(dice.mean() - error, abs=0.2 * error)
    assert high == pytest.approx(dice.mean() + error, abs=0.2 * error)


def test_equal_cases_have_no_spread():
    low, high = dice_interval(result(0.5, 0.5, 0.5))
    assert low == pytest.approx(0.5)
    assert high == pytest.approx(0.5)


def test_what_is_not_known_is_left_out():
    assert dice_interval(result(0.4, NAN, 0.8)) == dice_interval(result(0.4, 0.8))


@pytest.mark.parametrize("dice", [(), (0.5,), (0.5, NAN)])
def test_of_fewer_than_two_cases_nothing_is_known(dice):
    assert all(map(math.isnan, dice_interval(result(*dice))))
