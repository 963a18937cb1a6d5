"""Rankings: their formulas, what holds for all of them, and rankings of other packages."""

from __future__ import annotations

import dataclasses
from typing import get_args

import numpy as np
import pytest

from napari_alnt import extensions
from napari_alnt.core.agreement import Agreement
from napari_alnt.core.scoring import Scores
from napari_alnt.errors import AlntError
from napari_alnt.events import NAN, CaseScored, StructureCounts
from napari_alnt.ranking import gain, informativeness, names, rule, trust
from napari_alnt.ranking.rules import RANKINGS, CaseScores, RankingJudgement, average_over_rankings
from napari_alnt.settings import HINTS

NAMES = ("dot", "cosine", "head_cosine", "informativeness", "loss", "entropy", "dice")


def scored(case: str, *counts: tuple[int, int, int], step: int = 1, **scores: float) -> CaseScored:
    """One case's scores; ``counts`` are the voxels of mask, prediction and overlap of each
    structure.
    """
    known = {**dict.fromkeys(NAMES, 0.5), "foreground": 10, **scores}
    structures = tuple(StructureCounts(*one) for one in counts)
    return CaseScored(case, step, scores=known, structures=structures)


def change(score: CaseScored, **scores: float) -> CaseScored:
    """The same with other scores."""
    return dataclasses.replace(score, scores={**score.scores, **scores})


def many(seed: int, n: int = 12) -> list[CaseScored]:
    rng = np.random.default_rng(seed)
    return [
        scored(f"case_{i:02d}", **dict(zip(NAMES, rng.random(7).tolist(), strict=True)))
        for i in range(n)
    ]


def of(cases: list[CaseScored], seed: int = 0) -> CaseScores:
    """The scores of cases that were ranked once."""
    return CaseScores.of({case.case: [case] for case in cases}, seed)


def ranks(values: object) -> np.ndarray:
    """Ranks scaled to 0…1 of values without ties."""
    return np.argsort(np.argsort(values)) / (len(values) - 1)


@pytest.mark.parametrize("name", RANKINGS)
def test_every_ranking_gives_one_finite_priority_a_case_whatever_their_order(name):
    cases = many(3)
    cases[4] = change(cases[4], head_cosine=NAN, entropy=NAN, dice=NAN)
    forward, backward = of(cases), of(cases[::-1])
    priority = RANKINGS[name](forward)
    assert priority.shape == (12,)
    assert np.isfinite(priority).all()
    assert forward.cases == backward.cases
    np.testing.assert_array_equal(priority, RANKINGS[name](backward))


def test_alnt_puts_low_trust_first_and_among_like_trust_the_informative():
    cases = [
        scored("trusted", (100, 100, 90), loss=0.2, self_informativeness=0.1),
        scored("doubted", (100, 100, 30), loss=0.9, self_informativeness=0.2),
        scored("doubted_and_informative", (100, 100, 30), loss=0.9, self_informativeness=0.9),
    ]
    scores = of(cases)
    order = [scores.cases[i] for i in np.argsort(-RANKINGS["alnt"](scores))]
    assert order == ["doubted_and_informative", "doubted", "trusted"]


def _with_counts(seed: int) -> list[CaseScored]:
    """Twelve cases that differ in overlap, loss and informativeness."""
    rng = np.random.default_rng(seed)
    overlaps = [int(n) for n in rng.permutation(70)[:12]]
    return [
        dataclasses.replace(
            change(case, self_informativeness=float(rng.random())),
            structures=(StructureCounts(90, 80, overlap), StructureCounts(0, 10, 0)),
        )
        for case, overlap in zip(many(seed), overlaps, strict=True)
    ]


def test_alnt_is_the_formula_in_its_docstring():
    cases = _with_counts(5)
    scores = of(cases)
    agreement = ranks([case.structures[0].overlap_voxels for case in cases])
    expected = (2 * agreement + ranks([-case.score("loss") for case in cases])) / 3
    own = ranks([case.score("self_informativeness") for case in cases])
    np.testing.assert_allclose(trust(scores), expected)
    np.testing.assert_allclose(RANKINGS["alnt"](scores), 0.95 * (1 - expected) + 0.05 * own)


def test_trust_lies_between_0_and_1_and_what_is_unknown_in_the_middle():
    for seed in range(5):
        values = trust(of(_with_counts(seed)))
        assert values.min() >= 0
        assert values.max() <= 1
    worst = scored("a_worst", (9, 9, 0), loss=2.0)
    best = scored("b_best", (9, 9, 9), loss=0.1)
    unknown = scored("c_unknown", (9, 9, 5), loss=NAN)
    assert trust(of([worst, best, unknown])).tolist() == pytest.approx([0, 1, 0.5])
    assert trust(of([])).shape == (0,)


def test_agreement_is_a_value_of_its_own_and_trust_but_the_ranks_of_it():
    scores = of(_with_counts(2))
    agreement = 2 * np.array([one.structures[0].overlap_voxels for one in scores.newest]) / 170
    # the second structure is empty in every mask, so the student has no skill in it
    np.testing.assert_allclose(scores.agreement, agreement, atol=1e-6)
    closer = dataclasses.replace(scores, agreement=0.5 + 0.001 * scores.agreement)
    np.testing.assert_array_equal(trust(closer), trust(scores))


def test_informativeness_is_the_one_with_the_students_own_label():
    scores = of([scored("a", informativeness=0.9, self_informativeness=0.2), scored("b")])
    np.testing.assert_array_equal(informativeness(scores), [0.2, NAN])


def test_agreement_is_the_dice_of_what_the_mask_marks_by_the_students_skill():
    cases = [scored(f"c{n}", (60, 50, n), (40, 50, 40)) for n in (10, 20, 45)]
    first, second = [2 * n / 110 for n in (10, 20, 45)], 2 * 40 / 90
    skill = first[1], second
    expected = [(one * skill[0] + second * skill[1]) / sum(skill) for one in first]
    judged = RankingJudgement.of(cases)
    np.testing.assert_allclose(judged.agreement, expected)
    assert judged.skill == pytest.approx(sum(skill) / 2)


def test_an_empty_mask_is_believed_where_they_are_common_and_the_student_draws_no_more_than_usual():
    usual = [scored(f"c{n}", (100, 100, 90)) for n in range(9)]
    few, much = scored("few", (0, 5, 0)), scored("much", (0, 95, 0))
    rare = RankingJudgement.of([*usual, much]).agreement[-1]
    common = RankingJudgement.of([*usual, few, few, few, few, much]).agreement
    assert rare < common[-1] < common[-2] < 1
    assert RankingJudgement.of([*usual, scored("none", (0, 0, 0))]).agreement[-1] == 1


def test_a_structure_that_the_student_cannot_draw_yet_says_nothing():
    usual = [scored(f"c{n}", (100, 100, 90), (50, 0, 0)) for n in range(9)]
    left_out = scored("x", (100, 100, 90), (0, 0, 0))
    agreement = RankingJudgement.of([*usual, left_out]).agreement
    assert agreement[-1] == pytest.approx(agreement[0], abs=1e-6)


def test_means_over_past_rankings_count_each_by_the_students_skill():
    old = scored("a", (10, 10, 2), loss=0.9)
    new = scored("a", (10, 10, 8), loss=0.3, step=2)
    broken = scored("a", (10, 10, 2), loss=NAN, step=3)
    agreement, mean_loss = average_over_rankings({"a": [old, new]})
    expected = (0.2 * 0.2 + 0.8 * 0.8, 0.9 * 0.2 + 0.3 * 0.8)
    assert (agreement[0], mean_loss[0]) == pytest.approx(expected)
    assert average_over_rankings({"a": [old, broken]})[1].tolist() == pytest.approx([0.9])
    assert np.isnan(average_over_rankings({"a": [broken]})[1][0])


def test_scores_that_counted_no_voxels_fall_back_to_dice():
    cases = [scored("a", dice=0.25), scored("b", (9, 9, 1), dice=0.75)]
    assert RankingJudgement.of(cases).agreement.tolist() == [0.25, 0.75]


def test_simple_rankings_follow_their_score():
    scores = of(many(7))
    for name, values in (
        ("disagreement", 1 - scores.column("dice")),
        ("entropy", scores.column("entropy")),
        ("loss", scores.column("loss")),
    ):
        assert np.argsort(RANKINGS[name](scores)).tolist() == np.argsort(values).tolist()


def test_foreground_random_puts_empty_cases_last_and_changes_with_the_seed():
    cases = [scored(f"c{i:02d}", foreground=i % 3) for i in range(30)]
    orders = []
    for seed in (0, 1):
        scores = of(cases, seed)
        order = np.argsort(-RANKINGS["foreground_random"](scores))
        assert (scores.column("foreground")[order][:20] > 0).all()
        orders.append(order.tolist())
    assert orders[0] != orders[1]


def test_a_case_is_known_by_its_newest_ranking_and_left_out_before_its_first():
    old, new = scored("a", entropy=0.1), scored("a", entropy=0.7, step=2)
    scores = CaseScores.of({"b": [], "a": [old, new]})
    assert scores.cases == ("a",)
    assert scores.column("entropy").tolist() == [0.7]
    assert np.isnan(scores.column("no_such_score")).all()


@pytest.mark.parametrize("name", RANKINGS)
def test_rules_read_no_score_that_core_does_not_give(name, monkeypatch):
    read = set()
    monkeypatch.setattr(CaseScored, "score", lambda _, name: read.add(name) or 0.5)
    RANKINGS[name](of([scored("a", (9, 9, 5)), scored("b")]))
    given = {item.name for kind in (Scores, Agreement) for item in dataclasses.fields(kind)}
    assert read <= given
    assert "loss" in read


def test_the_choices_of_the_setting_are_the_rankings_there_are():
    assert get_args(HINTS["ranking"]) == names()
    assert names()[: len(RANKINGS)] == tuple(RANKINGS)
    assert [rule(name) for name in RANKINGS] == list(RANKINGS.values())


@pytest.fixture
def declare(monkeypatch):
    """Lets an installed package declare a ranking, as by its entry points."""

    def declare(name, ranking):
        monkeypatch.setattr(extensions, "names", lambda _: (name,))
        monkeypatch.setattr(extensions, "load", lambda _, asked: {name: ranking}[asked])

    return declare


def test_a_ranking_of_another_package_is_found_by_its_name(declare):
    declare("by_name", lambda scores: [int(case[-1]) for case in scores.cases])
    assert names() == (*RANKINGS, "by_name")
    priority = rule("by_name")(of([scored("c3"), scored("c1")]))
    assert priority.dtype == float
    assert priority.tolist() == [1, 3]
    assert rule("by_name")(of([])).shape == (0,)


@pytest.mark.parametrize(
    ("ranking", "words"),
    [
        (lambda scores: np.zeros(len(scores.cases) + 1), r"2 cases.*shape \(3,\)"),
        (lambda _: 0.5, r"shape \(\)"),
        (lambda _: [NAN, 0.5], "1 are finite"),
        (lambda _: ["high", "low"], "ValueError"),
        (lambda scores: scores.priority, "AttributeError"),
    ],
)
def test_a_ranking_of_another_package_that_does_not_fit_is_refused(declare, ranking, words):
    declare("odd", ranking)
    with pytest.raises(AlntError, match=rf"'odd'.*{words}.*\.$"):
        rule("odd")(of([scored("a"), scored("b")]))


def test_an_unknown_ranking_is_refused_with_those_there_are():
    with pytest.raises(AlntError, match=r"'by_smell'.*foreground_random"):
        rule("by_smell")


def test_gain_per_minute_is_the_formula_in_its_docstring():
    past = {case.case: [case] for case in _with_counts(5)}
    minutes = {case: 1.0 + index for index, case in enumerate(past)}
    scores = CaseScores.of(past, minutes=minutes)
    expected = (1 - trust(scores)) ** 2
    np.testing.assert_allclose(gain(scores), expected)
    np.testing.assert_allclose(RANKINGS["gain_per_minute"](scores), expected / np.arange(1, 13))
    # nobody has estimated any, or not of this case
    np.testing.assert_array_equal(RANKINGS["gain_per_minute"](CaseScores.of(past)), expected)
    del minutes[scores.cases[0]]
    found = RANKINGS["gain_per_minute"](CaseScores.of(past, minutes=minutes))
    assert found[0] == pytest.approx(expected[0] / 7)
