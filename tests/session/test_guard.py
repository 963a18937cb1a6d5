"""The question after accepting."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from napari_alnt.events import Tested, TestedCase
from napari_alnt.session import Session
from napari_alnt.session.guard import ANSWERS, FEWEST, guard, question_of, student_dice
from napari_alnt.session.mask_traits import MaskTraits, StructureTraits, TraitsReader

NAMES = {1: "lung", 2: "airway"}


def traits(ml=20.0, mean=-700.0, pieces=1, airway: float | None = 2.0) -> MaskTraits:
    found = {1: StructureTraits(ml, pieces, mean)}
    if airway is not None:
        found[2] = StructureTraits(airway, 1, -900.0)
    return MaskTraits(found)


EXPERTS = [
    traits(ml, mean)
    for ml, mean in zip((15, 18, 20, 25, 30), (-720, -700, -690, -710, -680), strict=True)
]


def ordinary(rng: np.random.Generator) -> MaskTraits:
    return MaskTraits(
        {
            label: StructureTraits(
                float(20 * label * rng.lognormal(0, 0.5)),
                int(1 + rng.poisson(1)),
                float(rng.normal(-600, 40)),
            )
            for label in NAMES
        }
    )


def test_no_expert_case_is_asked_about_beside_the_others_and_few_ordinary_ones_are():
    asked = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        experts = [ordinary(rng) for _ in range(8)]
        asked += guard(ordinary(rng), experts, NAMES) is not None
    assert asked <= 6
    assert guard(traits(), EXPERTS, NAMES) is None


@pytest.mark.parametrize(
    ("mask", "reason", "said"),
    [
        (traits(ml=400), "volume",
         "Here lung has 400 ml; in the 5 expert cases 15.0 ml to 30.0 ml."),
        (traits(ml=0.5), "volume", "Here lung has 0.5 ml;"),
        (traits(mean=40), "grey value",
         "Here lung has a mean of 40 HU; in the 5 expert cases -720 to -680 HU."),
        (traits(pieces=40), "pieces", "Here lung is in 40 pieces; in the 5 expert cases in 1."),
        (traits(airway=None), "missing",
         "All 5 expert cases mark airway; this correction does not."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_asked_about(mask, reason, said):
    found = guard(mask, EXPERTS, NAMES)
    assert found.reason == reason
    assert found.sentence.startswith(said)
    assert found.sentence.endswith("Is it a slip, a new rule, or rare anatomy?")
    assert ANSWERS == ("slip", "new rule", "rare anatomy")


def test_the_strongest_conflict_is_the_one_that_is_asked_about():
    assert guard(traits(ml=100, mean=900), EXPERTS, NAMES).reason == "grey value"
    assert guard(traits(ml=900, mean=-500, airway=None), EXPERTS, NAMES).reason == "missing"


def test_what_the_experts_do_not_agree_on_is_not_asked_about():
    varied = [*EXPERTS, traits(airway=None)]
    assert guard(traits(airway=None), varied, NAMES) is None
    wide = [traits(ml) for ml in (1, 4, 20, 90, 400, 1500)]
    assert guard(traits(ml=3000), wide, NAMES) is None
    # a structure that one expert case has is no range
    assert guard(traits(airway=900), [traits(), *[traits(airway=None)] * 6], NAMES) is None


def test_nothing_is_asked_with_too_few_cases_or_where_something_is_not_known():
    assert guard(traits(ml=900), EXPERTS[: FEWEST - 1], NAMES) is None
    assert guard(traits(airway=None), EXPERTS[: FEWEST - 1], NAMES) is None
    unknown = dataclasses.replace(traits(airway=None), partial=True)
    assert guard(unknown, EXPERTS, NAMES) is None
    grey = [traits(mean=math.nan)] * 6
    assert guard(traits(mean=900), grey, NAMES) is None


def held_out(*dice: float) -> list[TestedCase]:
    return [TestedCase(f"t{index}", one, 1.0, (one, 0.9)) for index, one in enumerate(dice)]


def test_a_student_that_fits_the_held_out_cases_alone_is_asked_about():
    dices = held_out(0.85, 0.9, 0.88, 0.92, 0.9)
    found = guard(traits(), EXPERTS, NAMES, {1: 0.3, 2: 0.9}, dices)
    assert (found.reason, found.label) == ("student", 1)
    assert found.sentence.startswith(
        "The student's lung has a Dice of 0.30 with this correction; in the 5 held-out cases 0.85"
        " to 0.92."
    )
    assert guard(traits(), EXPERTS, NAMES, {1: 0.8, 2: 0.9}, dices) is None
    assert guard(traits(), EXPERTS, NAMES, {}, dices) is None
    assert guard(traits(), EXPERTS, NAMES, {1: 0.3}, dices[:4]) is None
    weak = held_out(0.5, 0.9, 0.88, 0.92, 0.9)
    assert guard(traits(), EXPERTS, NAMES, {1: 0.1}, weak) is None


def test_the_dice_leaves_out_what_nobody_labelled():
    mask = np.array([[[1, 1, 2, 255, 0]]])
    student = np.array([[[1, 0, 0, 1, 0]]])
    assert student_dice(mask, student, {1: "a", 2: "b", 3: "c"}, 255) == {
        1: pytest.approx(2 / 3), 2: 0,
    }  # fmt: skip


def test_a_correction_of_a_project_is_compared_with_its_own_experts(new_balls):
    balls = new_balls(pool=2, experts=7, reference=5, test=2)
    with Session.open(balls.folder) as session:
        project, history = session.project, session.history
        truth = balls.true_labels("ball_07")
        ask = (project, history, TraitsReader(project), "ball_07")
        assert question_of(*ask, truth) is None
        assert question_of(*ask, np.zeros_like(truth)).reason == "missing"
        found = question_of(*ask, np.ones_like(truth))
        assert found.reason in ("volume", "grey value")
        history.test_results.append(Tested(1, 1, 0.9, 1.0, tuple(held_out(*[0.9] * 5))))
        found = question_of(*ask, truth, np.roll(truth, 9, axis=2))
        assert found.reason == "student"
