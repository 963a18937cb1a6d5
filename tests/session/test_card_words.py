"""The clauses of a card: when each is said, and when not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_alnt.correction import Difference, Kind
from napari_alnt.session.card_words import (
    agreement_words,
    listed,
    ml_words,
    regions_words,
    slices_words,
    structures_words,
    unusual_or_wrong,
)
from napari_alnt.session.mask_traits import MaskTraits, Neighbour, StructureTraits
from napari_alnt.session.standing import Standing

ONE = {1: "lung"}
TWO = {1: "lung", 2: "airway"}
THREE = {**TWO, 5: "nodule"}


def region(ml=4.1, first=17, last=25, kind=Kind.MISSED, label=1, given=2) -> Difference:
    box = (slice(first, last + 1), slice(0, 1), slice(0, 1))
    voxels = np.ones((last + 1 - first, 1, 1), bool)
    return Difference(label, kind, given, label, box, voxels, ml, 1.0, first, (first, 0, 0))


def agreement(lower: int, higher: int, others: int) -> list[Standing]:
    return [Standing("agreement", 0.5, lower, higher, others, 0.4, 0.6, 3)]


def marks(*labels: int, partial: bool = False) -> MaskTraits:
    return MaskTraits({label: StructureTraits(2.0, 1) for label in labels}, partial)


def test_the_regions_of_each_kind_are_counted_and_the_largest_is_named():
    three = [region(0.3, 1, 1), region(), region(1.0)]
    assert regions_words(three, ONE) == [
        "The student sees 3 regions the teacher lacks; the largest, 4.1 ml, at slices 18–26."
    ]
    assert regions_words([region(first=25)], TWO) == [
        "The student sees 1 region the teacher lacks, 4.1 ml of lung, at slice 26."
    ]
    mixed = [
        region(2, kind=Kind.EXTRA, label=2),
        region(3, kind=Kind.EXTRA),
        region(kind=Kind.OTHER),
    ]
    assert regions_words(mixed, TWO, "accepted mask") == [
        "The accepted mask marks 2 regions the student does not see; the largest, 3.0 ml of lung,"
        " at slices 18–26.",
        "The student sees another structure than the accepted mask in 1 region, 4.1 ml of lung"
        " instead of airway, at slices 18–26.",
    ]


def test_what_there_is_most_of_comes_first_and_a_little_is_not_spoken_of():
    much = [region(100, kind=Kind.EXTRA), region(20)]
    first, second = regions_words(much, ONE)
    assert first.startswith("The teacher marks 1 region the student does not see")
    assert second.startswith("The student sees 1 region the teacher lacks")
    assert regions_words([*much[:1], region(5)], ONE) == [first]


def test_without_a_student_nothing_is_said_of_regions_and_without_regions_that_there_are_none():
    assert regions_words(None, ONE) == []
    assert regions_words([], ONE) == ["Student and teacher differ nowhere beyond the borders."]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((46, 4, 50), "Agreement is lower than in 92 % of the pool."),
        ((4, 46, 50), "Agreement is higher than in 92 % of the pool."),
        ((299, 1, 300), "Agreement is lower than in 99 % of the pool."),
        ((3, 1, 4), "Agreement is lower than in 3 of the 4 other cases of the pool."),
        ((50, 0, 50), "Agreement is lower than in every other case of the pool."),
        ((0, 1, 1), "Agreement is higher than in the other case of the pool."),
        ((0, 0, 0), ""),
        ((3, 3, 50), ""),
    ],
)
def test_the_place_of_the_agreement(counts, said):
    assert agreement_words(agreement(*counts)) == said


def test_an_agreement_that_is_not_known_is_not_spoken_of():
    assert agreement_words([]) == ""
    assert agreement_words([Standing("trust", 0.5, 4, 0, 4, 0, 1, 1)]) == ""


@pytest.mark.parametrize(
    ("mask", "experts", "names", "said"),
    [
        (marks(1), [marks(1, 2)] * 2, TWO,
         ["Both expert cases mark lung and airway; this mask marks no airway."]),
        (marks(1), [marks(1, 2, 5)] * 7, THREE,
         ["All 7 expert cases mark lung, airway and nodule; this mask marks no airway or nodule."]),
        (marks(), [marks(1)], ONE, ["The expert case marks lung; this mask marks none."]),
        (marks(1, 2), [marks(1)] * 3, TWO, ["No expert case marks airway; this mask does."]),
        (marks(2), [marks(1)], TWO,
         ["The expert case marks lung; this mask marks none.",
          "The expert case does not mark airway; this mask does."]),
        (marks(1, 2), [marks(1, 2)] * 3, TWO, []),
        # one expert case lacks it too
        (marks(1), [marks(1, 2), marks(1)], TWO, []),
        (marks(1), [], TWO, []),
        (None, [marks(1)], TWO, []),
        # what nobody has labelled may be there
        (marks(1, partial=True), [marks(1, 2)] * 2, TWO, []),
        (marks(1, 2), [marks(1, partial=True)] * 2, TWO, []),
    ],
)  # fmt: skip
def test_structures_that_only_the_experts_or_only_this_mask_marks(mask, experts, names, said):
    assert structures_words(mask, experts, names) == said


def near(distance: float, usual: float = 1.0) -> Neighbour:
    return Neighbour("x12", distance, usual)


def test_far_from_the_experts_and_agreeing_is_unusual():
    assert unusual_or_wrong(near(1.6), agreement(4, 6, 10)).startswith("Perhaps unusual rather")
    assert unusual_or_wrong(near(1.6), agreement(6, 4, 10)) == ""
    # neither far nor near
    assert unusual_or_wrong(near(1.4), agreement(4, 6, 10)) == ""
    assert unusual_or_wrong(near(1.4), agreement(9, 1, 10)) == ""


def test_near_to_the_experts_and_disagreeing_is_wrong():
    said = unusual_or_wrong(near(0.8), agreement(8, 2, 10))
    assert said.startswith("Perhaps wrong rather")
    assert "x12" in said
    assert unusual_or_wrong(near(0.8), agreement(7, 3, 10)) == ""


@pytest.mark.parametrize(
    ("neighbour", "standings"),
    [
        (None, agreement(9, 1, 10)),
        (near(0.1, math.nan), agreement(9, 1, 10)),
        (near(0.1), []),
        (near(0.1), agreement(1, 0, 1)),
    ],
)
def test_where_something_is_not_known_neither_is_said(neighbour, standings):
    assert unusual_or_wrong(neighbour, standings) == ""


def test_numbers_and_lists_read_as_they_are_spoken():
    assert [listed("abc"[:n]) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
    values = (0.001, 0.032, 0.25, 4.06, 99.96, 412.3)
    assert [ml_words(ml) for ml in values] == [
        "under 0.01 ml", "0.03 ml", "0.2 ml", "4.1 ml", "100 ml", "412 ml",
    ]  # fmt: skip
    assert (slices_words(0, 0), slices_words(17, 25)) == ("slice 1", "slices 18–26")
