"""Where a case stands in the pool."""

from __future__ import annotations

import pytest

from napari_alnt.events import CaseScored, StructureCounts
from napari_alnt.ranking import CaseScores, trust
from napari_alnt.session.standing import NAMES, PoolStandings


def score(case: str, dice: float, step: int = 1) -> CaseScored:
    scores = {"loss": 1 - dice, "self_informativeness": dice / 2}
    return CaseScored(
        case, step, scores=scores, structures=(StructureCounts(100, 100, round(100 * dice)),)
    )


PAST = {
    "a": [score("a", 0.9), score("a", 0.8, 2)],
    "b": [score("b", 0.2), score("b", 0.6, 2)],
    "c": [score("c", 0.5, 2)],
    "d": [],
}


def of(case: str) -> dict:
    return {one.name: one for one in PoolStandings(PAST).of(case)}


def test_the_values_are_the_queues():
    scores = CaseScores.of(PAST)
    found = [of(case) for case in scores.cases]
    assert [one["trust"].value for one in found] == trust(scores).tolist()
    assert [one["agreement"].value for one in found] == scores.agreement.tolist()
    assert [one["loss"].value for one in found] == scores.mean_loss.tolist()
    assert [one["informativeness"].value for one in found] == [0.4, 0.3, 0.25]
    assert tuple(found[0]) == NAMES


def test_other_cases_are_counted_and_equal_ones_are_neither_higher_nor_lower():
    places = [of(case)["agreement"] for case in "bca"]
    assert [(one.lower_than, one.higher_than) for one in places] == [(2, 0), (1, 1), (0, 2)]
    assert {one.others for one in places} == {2}
    same = PoolStandings({name: [score(name, 0.5)] for name in "xyz"}).of("x")
    assert [(one.lower_than, one.higher_than, one.others) for one in same] == [(0, 0, 2)] * 4


def test_the_spread_is_that_of_single_rankings():
    found = of("b")["agreement"]
    assert (found.low, found.high, found.rankings) == (pytest.approx(0.2), pytest.approx(0.6), 2)
    assert of("b")["loss"].low == pytest.approx(0.4)
    assert of("c")["agreement"].rankings == 1
    # trust is a place among the cases of that ranking: last of two, then in the middle of three
    assert (of("b")["trust"].low, of("b")["trust"].high) == (0, 0.5)


def test_what_was_never_scored_has_none():
    assert PoolStandings(PAST).of("d") == ()
    assert PoolStandings(PAST).of("unknown") == ()
    assert PoolStandings({}).of("a") == ()
