"""Rankings: their formulas, and what holds for all of them."""

import dataclasses

import numpy as np
import pytest

from napari_alnt.events import CaseScored
from napari_alnt.ranking.rules import RANKINGS, CaseScores, Judged, look_back


def scored(case: str, **values: float) -> CaseScored:
    known = dict.fromkeys(
        ("trust", "cosine", "head_cosine", "informativeness", "loss", "entropy", "dice"), 0.5
    )
    return CaseScored(
        case=case, step=1, foreground=int(values.pop("foreground", 10)), **{**known, **values}
    )


def many(seed: int, n: int = 12) -> list[CaseScored]:
    rng = np.random.default_rng(seed)
    names = ("trust", "cosine", "head_cosine", "informativeness", "loss", "entropy", "dice")
    return [
        scored(f"case_{i:02d}", **dict(zip(names, rng.random(7), strict=True))) for i in range(n)
    ]


@pytest.mark.parametrize("name", RANKINGS)
def test_every_ranking_gives_one_finite_priority_a_case_whatever_their_order(name):
    cases = many(3)
    cases[4] = dataclasses.replace(
        cases[4], head_cosine=float("nan"), entropy=float("nan"), dice=float("nan")
    )
    forward, backward = CaseScores.of(cases), CaseScores.of(cases[::-1])
    priority = RANKINGS[name](forward)
    assert priority.shape == (12,)
    assert np.isfinite(priority).all()
    assert forward.cases == backward.cases
    np.testing.assert_array_equal(priority, RANKINGS[name](backward))


def test_alnt_puts_low_trust_first_and_among_like_trust_the_informative():
    cases = [
        scored(
            "trusted", marked=(100,), drawn=(100,), shared=(90,), loss=0.2, self_informativeness=0.1
        ),
        scored(
            "doubted", marked=(100,), drawn=(100,), shared=(30,), loss=0.9, self_informativeness=0.2
        ),
        scored(
            "doubted_and_telling",
            marked=(100,),
            drawn=(100,),
            shared=(30,),
            loss=0.9,
            self_informativeness=0.9,
        ),
    ]
    scores = CaseScores.of(cases)
    order = [scores.cases[i] for i in np.argsort(-RANKINGS["alnt"](scores))]
    assert order == ["doubted_and_telling", "doubted", "trusted"]


def test_alnt_is_the_formula_in_its_docstring():
    rng = np.random.default_rng(5)
    counts = [
        {"marked": (90, 0), "drawn": (80, 10), "shared": (int(n), 0)}
        for n in rng.permutation(70)[:12]
    ]
    cases = [
        dataclasses.replace(case, **extra) for case, extra in zip(many(5), counts, strict=True)
    ]
    cases = [dataclasses.replace(case, self_informativeness=float(rng.random())) for case in cases]
    scores = CaseScores.of(cases)
    ranks = lambda values: np.argsort(np.argsort(values)) / (len(values) - 1)  # noqa: E731
    trust = (
        2 * ranks([case.shared[0] for case in cases]) + ranks([-case.loss for case in cases])
    ) / 3
    expected = 0.95 * (1 - trust) + 0.05 * ranks(scores.self_informativeness)
    np.testing.assert_allclose(RANKINGS["alnt"](scores), expected)


def test_agreement_is_the_dice_of_what_the_mask_marks_by_the_students_skill():
    cases = [scored(f"c{n}", marked=(60, 40), drawn=(50, 50), shared=(n, 40)) for n in (10, 20, 45)]
    first, second = [2 * n / 110 for n in (10, 20, 45)], 2 * 40 / 90
    skill = first[1], second
    expected = [(one * skill[0] + second * skill[1]) / sum(skill) for one in first]
    judged = Judged.of(cases)
    np.testing.assert_allclose(judged.agreement, expected)
    assert judged.skill == pytest.approx(sum(skill) / 2)


def test_an_empty_mask_is_believed_where_they_are_common_and_the_student_draws_no_more_than_usual():
    usual = [scored(f"c{n}", marked=(100,), drawn=(100,), shared=(90,)) for n in range(9)]
    few = scored("few", marked=(0,), drawn=(5,), shared=(0,))
    much = dataclasses.replace(few, case="much", drawn=(95,))
    rare = Judged.of([*usual, much]).agreement[-1]
    common = Judged.of([*usual, few, few, few, few, much]).agreement
    assert rare < common[-1] < common[-2] < 1
    assert Judged.of([*usual, dataclasses.replace(few, drawn=(0,))]).agreement[-1] == 1


def test_a_structure_that_the_student_cannot_draw_yet_says_nothing():
    usual = [scored(f"c{n}", marked=(100, 50), drawn=(100, 0), shared=(90, 0)) for n in range(9)]
    left_out = scored("x", marked=(100, 0), drawn=(100, 0), shared=(90, 0))
    agreement = Judged.of([*usual, left_out]).agreement
    assert agreement[-1] == pytest.approx(agreement[0], abs=1e-6)


def test_trust_looks_back_over_the_ledger_and_rankings_count_by_the_students_skill():
    old = scored("a", marked=(10,), drawn=(10,), shared=(2,), loss=0.9)
    new = dataclasses.replace(old, step=2, shared=(8,), loss=0.3)
    broken = dataclasses.replace(old, step=3, loss=float("nan"))
    agreement, path = look_back({"a": [old, new]})
    assert (agreement[0], path[0]) == pytest.approx((0.2 * 0.2 + 0.8 * 0.8, -0.9 * 0.2 - 0.3 * 0.8))
    assert look_back({"a": [old, broken]})[1].tolist() == pytest.approx([-0.9])
    assert np.isnan(look_back({"a": [broken]})[1][0])


def test_scores_that_counted_no_voxels_fall_back_to_dice():
    cases = [scored("a", dice=0.25), scored("b", dice=0.75, marked=(9,), drawn=(9,), shared=(1,))]
    assert Judged.of(cases).agreement.tolist() == [0.25, 0.75]


def test_simple_rankings_follow_their_score():
    scores = CaseScores.of(many(7))
    for name, values in (
        ("disagreement", 1 - scores.dice),
        ("entropy", scores.entropy),
        ("loss", scores.loss),
    ):
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
