"""Rankings: their formulas, and what holds for all of them."""

import dataclasses

import numpy as np
import pytest

from napari_alnt.events import CaseScored
from napari_alnt.session.ranking import RANKINGS, CaseScores


def scored(case: str, **values: float) -> CaseScored:
    known = dict.fromkeys(("trust", "cosine", "head_cosine", "informativeness", "loss", "entropy", "dice"), 0.5)
    return CaseScored(case=case, step=1, foreground=int(values.pop("foreground", 10)), **{**known, **values})


def many(seed: int, n: int = 12) -> list[CaseScored]:
    rng = np.random.default_rng(seed)
    names = ("trust", "cosine", "head_cosine", "informativeness", "loss", "entropy", "dice")
    return [scored(f"case_{i:02d}", **dict(zip(names, rng.random(7), strict=True))) for i in range(n)]


@pytest.mark.parametrize("name", RANKINGS)
def test_every_ranking_gives_one_finite_priority_a_case_whatever_their_order(name):
    cases = many(3)
    cases[4] = dataclasses.replace(cases[4], head_cosine=float("nan"), entropy=float("nan"), dice=float("nan"))
    forward, backward = CaseScores.of(cases), CaseScores.of(cases[::-1])
    priority = RANKINGS[name](forward)
    assert priority.shape == (12,)
    assert np.isfinite(priority).all()
    assert forward.cases == backward.cases
    np.testing.assert_array_equal(priority, RANKINGS[name](backward))


def test_alnt_puts_low_trust_and_high_informativeness_first():
    cases = [
        scored("trusted", head_cosine=0.9, informativeness=0.1),
        scored("doubted", head_cosine=-0.5, informativeness=0.2),
        scored("doubted_and_telling", head_cosine=-0.5, informativeness=0.9),
    ]
    scores = CaseScores.of(cases)
    order = [scores.cases[i] for i in np.argsort(-RANKINGS["alnt"](scores))]
    assert order == ["doubted_and_telling", "doubted", "trusted"]


def test_alnt_is_the_formula_in_its_docstring():
    scores = CaseScores.of(many(5))
    ranks = lambda values: np.argsort(np.argsort(values)) / (len(values) - 1)  # noqa: E731
    expected = 0.9 * (1 - ranks(scores.head_cosine)) + 0.1 * ranks(scores.informativeness)
    np.testing.assert_allclose(RANKINGS["alnt"](scores), expected)


def test_trust_is_averaged_over_the_ledger_by_how_loud_the_gradients_were():
    loud = scored("a", head_cosine=-1.0, trust=3.0, cosine=0.5)  # ‖G‖‖g‖ = 6
    faint = scored("a", head_cosine=1.0, trust=0.5, cosine=0.25)  # 2
    broken = scored("a", head_cosine=9.0, trust=0.1, cosine=float("nan"))
    averaged = CaseScores.of([faint], {"a": [loud, broken, faint]}).head_cosine
    np.testing.assert_allclose(averaged, [(6 * -1 + 2 * 1) / 8])
    assert CaseScores.of([broken], {"a": [broken]}).head_cosine.tolist() == [9.0]


def test_simple_rankings_follow_their_score():
    scores = CaseScores.of(many(7))
    for name, values in (("disagreement", 1 - scores.dice), ("entropy", scores.entropy), ("loss", scores.loss)):
        assert np.argsort(RANKINGS[name](scores)).tolist() == np.argsort(values).tolist()


def test_foreground_random_puts_empty_cases_last_and_changes_with_the_seed():
    cases = [scored(f"c{i:02d}", foreground=i % 3) for i in range(30)]
    orders = []
    for seed in (0, 1):
        scores = CaseScores.of(cases, seed=seed)
        order = np.argsort(-RANKINGS["foreground_random"](scores))
        assert (scores.foreground[order][:20] > 0).all()
        orders.append(order.tolist())
    assert orders[0] != orders[1]
