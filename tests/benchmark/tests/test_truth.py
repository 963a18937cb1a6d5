"""Which masks are wrong, and from which Dice down, follows from the truth alone."""

import json
import math

import pytest
from benchmark.truth import CaseTruth, wrong_below, wrong_masks

from napari_alnt.simulation.correction_cost import CorrectionCost


def case(dice, corruption="none"):
    cost = CorrectionCost(minutes=2.0, components=1, cm2=3.0, ml=4.0, dice=dice)
    return CaseTruth("p", corruption, cost, 5.0)


def test_natural_noise_takes_the_fifth_of_lowest_dice():
    truth = {f"c{n}": case(0.5 + n / 20) for n in range(9)} | {"empty": case(math.nan)}
    wrong = wrong_masks(truth, "natural")
    assert [name for name, is_wrong in wrong.items() if is_wrong] == ["c0", "c1"]
    assert wrong_below(truth, wrong) == pytest.approx((0.55 + 0.6) / 2)


def test_planted_noise_is_wrong_where_it_was_planted():
    truth = {"a": case(0.9, "missed"), "b": case(0.5), "c": case(0.94)}
    wrong = wrong_masks(truth, "planted")
    assert wrong == {"a": True, "b": False, "c": False}
    # the right mask below the wrong one sets no limit
    assert wrong_below(truth, wrong) == pytest.approx(0.92)


def test_one_mask_at_least_is_wrong_and_none_need_be_right():
    truth = {"a": case(0.4)}
    assert wrong_masks(truth, "natural") == {"a": True}
    assert wrong_below(truth, {"a": True}) == pytest.approx(0.7)


def test_what_is_known_of_a_case_survives_json():
    known = case(0.5, "missed")
    assert CaseTruth.from_dict(json.loads(json.dumps(known.to_dict()))) == known
