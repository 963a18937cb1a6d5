"""Every baseline sorts by the score that it is named after, and gaps come in the middle."""

import numpy as np
import pytest
from benchmark.baselines import HIGH, LOW, priorities, until
from benchmark.tests.examples import scored

from napari_alnt.ranking import RANKINGS

NAMES = ("a", "b", "c")


def _order(priority):
    return "".join(NAMES[index] for index in np.argsort(-priority, kind="stable"))


@pytest.mark.parametrize("name", [*LOW, *HIGH])
def test_a_baseline_follows_its_score(name):
    score = {**LOW, **HIGH}[name]
    past = {
        case: [scored(case, size=100 + value, **{score: float(value)})]
        for case, value in zip(NAMES, (2, 1, 3), strict=True)
    }
    assert _order(priorities(past, 0)[name]) == ("bac" if name in LOW else "cab")


def test_means_are_over_all_past_rankings():
    past = {
        "a": [scored("a", 1, loss=9.0, dot=1.0), scored("a", 2, loss=1.0, dot=3.0)],
        "b": [scored("b", 1, loss=2.0, dot=1.5), scored("b", 2, loss=2.0, dot=1.5)],
        "c": [scored("c", 1, loss=1.0, dot=1.0), scored("c", 2, loss=3.0, dot=1.0)],
    }
    found = priorities(past, 0)
    assert _order(found["loss"]) == "cba"
    assert found["loss, over past rankings"].tolist() == [5, 2, 2]
    assert found["dot trust, over past rankings"].tolist() == [-2, -1.5, -1]
    assert _order(priorities(until(past, 1), 0)["loss"]) == "abc"


def test_what_could_not_be_scored_comes_in_the_middle():
    past = {"a": [scored("a", dot=1.0)], "b": [scored("b")], "c": [scored("c", dot=2.0)]}
    assert priorities(past, 0)["dot trust"].tolist() == [-1, -1.5, -2]
    assert priorities(past, 0)["gradient norm"].tolist() == [0, 0, 0]


def test_every_ranking_of_the_product_takes_part():
    past = {case: [scored(case)] for case in NAMES}
    assert priorities(past, 0).keys() >= RANKINGS.keys()
