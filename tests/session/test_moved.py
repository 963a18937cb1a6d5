"""What is different since a correction."""

from __future__ import annotations

import math

import pytest

from napari_alnt.events import EpochDone, LedgerRow, Tested, TestedCase
from napari_alnt.session.moved import Move, Moved, what_moved


def of_test(step: int, *dice: float) -> Tested:
    cases = tuple(TestedCase(f"t{index}", one, 1.0) for index, one in enumerate(dice))
    return Tested(step, step, sum(dice) / len(dice), 1.0, cases)


@pytest.fixture
def corrected(session, rank, balls):
    """A case that was corrected after a ranking, and taken up at step 3."""
    rank(step=3)
    session.accept("ball_05", balls.true_labels("ball_05"))
    for epoch, version in ((1, "teacher"), (2, "0001")):
        row = LedgerRow("ball_05", "pool", version, 1)
        session.history.apply(EpochDone(epoch, 3 * epoch, 0.5, 0.5, (row,)))
    return session


def moved(session) -> Moved | None:
    return what_moved(session.project, session.history, "ball_05")


def test_before_the_training_has_taken_it_up_nothing_is_said(session, rank, balls):
    rank()
    session.accept("ball_05", balls.true_labels("ball_05"))
    assert moved(session) is None


def test_without_a_test_or_ranking_since_there_is_no_sentence(corrected):
    corrected.history.test_results += [of_test(3, 0.5, 0.6)]
    found = moved(corrected)
    assert (found.sentence, found.similar, math.isnan(found.change)) == ("", (), True)


def test_the_held_out_cases_are_compared_case_by_case(corrected):
    corrected.history.test_results += [
        of_test(1, 0.1, 0.1), of_test(3, 0.5, 0.6), of_test(6, 0.55, 0.66),
    ]  # fmt: skip
    found = moved(corrected)
    assert (found.dice_before, found.dice_since) == (pytest.approx(0.55), pytest.approx(0.605))
    assert found.change == pytest.approx(0.055)
    # the two differences are all that the mean can be of
    assert (found.low, found.high) == (pytest.approx(0.05), pytest.approx(0.06))
    assert found.sentence == (
        "Since the correction of ball_05: Dice on 2 held-out cases 0.550 before and 0.605 now"
        " (+0.055, 95 % interval +0.050 to +0.060)."
    )


def test_a_case_that_was_tested_once_is_left_out_and_one_case_has_no_interval(corrected):
    corrected.history.test_results += [of_test(3, 0.5), of_test(6, 0.4, 0.9)]
    found = moved(corrected)
    assert (found.held_out, found.change) == (1, pytest.approx(-0.1))
    assert found.sentence.endswith("Dice on 1 held-out case 0.500 before and 0.400 now (-0.100).")


def test_like_cases_are_followed_among_those_that_were_ranked_both_times(corrected, rank):
    rank({"ball_04": 0.3, "ball_06": 0.95, "ball_07": 0.9}, step=6)
    found = moved(corrected)
    by_case = {move.case: (move.before, move.since) for move in found.similar}
    # before: ball_07 was worst, then ball_06, then ball_04
    assert {case: places[0] for case, places in by_case.items()} == {
        "ball_07": 1, "ball_06": 2, "ball_04": 3,
    }  # fmt: skip
    assert sorted(places[1] for places in by_case.values()) == [1, 2, 3]
    assert by_case["ball_04"][1] < 3
    assert found.sentence.startswith(
        "Since the correction of ball_05: of the 3 like cases in the queue "
    )


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ([Move("a", 5, 2), Move("b", 1, 1)],
         "of the 2 like cases in the queue 1 rose (a from 5 to 2)"),
        ([Move("a", 5, 2), Move("b", 1, 4)],
         "of the 2 like cases in the queue 1 rose (a from 5 to 2) and 1 fell (b from 1 to 4)"),
        ([Move("a", 2, 2)], "of the like case in the queue none moved"),
    ],
)  # fmt: skip
def test_moves_in_words(moves, said):
    assert Moved("x", similar=tuple(moves)).sentence == f"Since the correction of x: {said}."
