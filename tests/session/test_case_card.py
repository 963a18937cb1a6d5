"""The card as a whole: nothing is on it that was not measured."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_alnt.correction import Difference, Kind, differences
from napari_alnt.session.case_card import CardFacts, Series, case_card, slices_to_see
from napari_alnt.session.mask_traits import MaskTraits, StructureTraits
from napari_alnt.session.minutes import MinutesModel, Work
from napari_alnt.session.standing import Standing


def marks(**ml: float) -> MaskTraits:
    return MaskTraits({int(label[1:]): StructureTraits(value, 1) for label, value in ml.items()})


def regions(*counts: int, label: int = 1) -> tuple[Difference, ...]:
    """The regions of a student who sees so many voxels in each slice that the mask lacks."""
    mask = np.zeros((len(counts), 20, 20), np.uint8)
    student = mask.copy()
    for place, count in zip(student, counts, strict=True):
        place.ravel()[:count] = label
    return differences(mask, student, (5, 2, 2))


FULL = CardFacts(
    case="x7",
    names={1: "lung", 2: "airway"},
    standings=(Standing("agreement", 0.3, 46, 4, 50, 0.2, 0.4, 3),),
    regions=regions(0, 0, 0, 30, 50, 42, 0, 0, 40, 0),
    thickness=5.0,
    mask=marks(_1=100),
    student=marks(_1=100, _2=2),
    experts={"e1": marks(_1=110, _2=2), "e2": marks(_1=200, _2=4), "e3": marks(_1=100, _2=3)},
    trust=Series((25, 50), (0.2, 0.3)),
    informativeness=Series((25, 50), (0.1, 0.1)),
    minutes=MinutesModel().estimate(Work(2, 4, 12)),
)


def test_a_card_says_what_was_measured():
    card = case_card(FULL)
    assert card.sentence == (
        "The student sees 2 regions the teacher lacks; the largest, 2.4 ml of lung, at slices 4–6."
        " Agreement is lower than in 92 % of the pool."
        " All 3 expert cases mark lung and airway; this mask marks no airway."
    )
    assert card.question.startswith("Perhaps wrong")
    assert card.slices == (4, 8)
    assert card.nearest is not None
    assert card.nearest.case == "e1"
    kept = (card.case, card.standings, card.trust, card.informativeness, card.minutes)
    assert kept == ("x7", FULL.standings, FULL.trust, FULL.informativeness, FULL.minutes)


@pytest.mark.parametrize(
    ("left_out", "gone"),
    [
        ({"regions": None}, "The student sees"),
        ({"standings": ()}, "Agreement"),
        ({"mask": None}, "expert case"),
        ({"experts": {}}, "expert case"),
    ],
)
def test_what_is_not_known_is_not_said(left_out, gone):
    assert gone in case_card(FULL).sentence
    assert gone not in case_card(dataclasses.replace(FULL, **left_out)).sentence


def test_without_a_students_mask_there_is_no_neighbour_and_no_question():
    card = case_card(dataclasses.replace(FULL, student=None))
    assert (card.nearest, card.question) == (None, "")


def test_a_card_of_a_case_of_which_nothing_is_known_is_empty():
    card = case_card(CardFacts("x7", {1: "lung"}))
    assert (card.sentence, card.question, card.slices) == ("", "", ())
    assert (card.nearest, card.minutes, card.trust.values) == (None, None, ())


def test_the_slices_lie_in_regions_and_apart():
    found = regions(0, 0, 45, 99, 98, 97, 96, 94, 93, 42, 0, 0, 0, 0, 0, 41, 0)
    assert slices_to_see(found, thickness=3.0) == (3, 7, 15)
    assert slices_to_see(found, thickness=30.0) == (3, 4, 5)
    assert slices_to_see(found, thickness=50.0) == (3, 4, 5)
    assert slices_to_see((), thickness=3.0) == ()


def test_several_regions_in_one_slice_count_together():
    mask = np.zeros((9, 30, 30), np.uint8)
    student = mask.copy()
    student[1, :6, :6] = 1
    student[7, :5, :5] = student[7, 20:25, 20:25] = 1
    assert slices_to_see(differences(mask, student, (5, 2, 2)), 5.0) == (7, 1)
    assert {one.kind for one in differences(mask, student, (5, 2, 2))} == {Kind.MISSED}
