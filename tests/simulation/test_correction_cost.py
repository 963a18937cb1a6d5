"""The minutes of a correction, checked by hand on boxes."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_alnt.data import mask_dice
from napari_alnt.errors import AlntError
from napari_alnt.simulation.correction_cost import DEFAULT_COST, CostModel, cost_of_correction

SPACING = (3.0, 1.5, 1.0)


def box(
    low: tuple[int, int, int],
    high: tuple[int, int, int],
    value: int = 1,
    labels: np.ndarray | None = None,
):
    labels = np.zeros((24, 26, 28), np.uint8) if labels is None else labels.copy()
    labels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = value
    return labels


CUBE = box((8, 8, 8), (16, 16, 16))


def test_a_perfect_mask_costs_opening_and_review():
    work = cost_of_correction(CUBE, CUBE, SPACING)
    assert work.minutes == DEFAULT_COST.open + DEFAULT_COST.review
    assert (work.components, work.cm2, work.ml, work.dice) == (0, 0, 0, 1)


def test_a_missed_box_costs_its_faces_by_hand():
    truth = box((4, 5, 6), (8, 10, 12), labels=None)  # 4 x 5 x 6 voxels: 12 x 7.5 x 6 mm
    work = cost_of_correction(np.zeros_like(truth), truth, SPACING)
    area = 2 * (12 * 7.5 + 12 * 6 + 7.5 * 6) / 100
    assert work.cm2 == pytest.approx(area)
    assert work.ml == pytest.approx(12 * 7.5 * 6 / 1000)
    assert (work.components, work.dice) == (1, 0)
    assert work.minutes == pytest.approx(
        DEFAULT_COST.open + DEFAULT_COST.review + DEFAULT_COST.component + DEFAULT_COST.cm2 * area
    )


def test_a_hallucinated_box_costs_the_same_as_a_missed_one():
    nothing = np.zeros_like(CUBE)
    assert cost_of_correction(CUBE, nothing, SPACING) == cost_of_correction(nothing, CUBE, SPACING)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_edge_one_voxel_off_costs_nothing_and_a_side_far_off_its_faces(axis: int):
    high = [16, 16, 16]
    high[axis] += 1
    wobbled = cost_of_correction(box((8, 8, 8), tuple(high)), CUBE, SPACING)
    assert (wobbled.components, wobbled.cm2) == (0, 0)
    assert wobbled.ml > 0
    high[axis] += 3
    far = cost_of_correction(box((8, 8, 8), tuple(high)), CUBE, SPACING)
    sides = [8 * step for step in SPACING]
    face = math.prod(sides) / sides[axis]
    # the old side goes, but for its rim, where the new outline passes (6 x 6 of 8 x 8 voxels are
    # left); the new side is
    # drawn, and so are the edges of three of the four new layers, as the first is one voxel from
    # the cube
    around = 2 * sum(sides[other] for other in range(3) if other != axis) * SPACING[axis]
    assert far.components == 1
    assert far.cm2 == pytest.approx((face * 36 / 64 + face + 3 * around) / 100)


def test_two_places_are_two_components_and_a_crumb_is_none():
    truth = box((2, 2, 2), (8, 8, 8), labels=CUBE)
    truth = box((2, 18, 18), (8, 24, 24), labels=truth)
    assert cost_of_correction(CUBE, truth, SPACING).components == 2
    crumb = box((20, 20, 20), (21, 21, 22), labels=CUBE)
    assert cost_of_correction(crumb, CUBE, SPACING).components == 0
    assert cost_of_correction(crumb, CUBE, SPACING).cm2 > 0


def test_a_wrong_label_in_a_right_outline_costs_half_its_faces():
    work = cost_of_correction(np.where(CUBE == 1, 2, 0).astype(np.uint8), CUBE, SPACING)
    other = cost_of_correction(np.zeros_like(CUBE), CUBE, SPACING)
    # the outline of label 1 goes and that of label 2 comes, each for half, as background's is right
    assert work.cm2 == pytest.approx(other.cm2)
    assert work.components == 2
    assert work.dice == 0


def test_the_face_between_two_labels_counts_once():
    truth = box((8, 8, 12), (16, 16, 16), 2, CUBE)
    nothing = np.zeros_like(truth)
    depth, height, width = (8 * step for step in SPACING)
    outline = 2 * (depth * height + depth * width + height * width)
    work = cost_of_correction(nothing, truth, SPACING)
    assert work.cm2 == pytest.approx((outline + depth * height) / 100)


def test_unknown_voxels_count_nowhere():
    truth = box((0, 4, 4), (24, 12, 12))
    teacher = truth.copy()
    teacher[12:] = 255
    assert (
        cost_of_correction(teacher, truth, SPACING, ignore_label=255).minutes
        == DEFAULT_COST.open + DEFAULT_COST.review
    )
    assert cost_of_correction(teacher, truth, SPACING, ignore_label=255).dice == 1
    assert cost_of_correction(teacher, truth, SPACING).ml > 0
    teacher[:12] = 0  # all is missed in the slices that are known; their border is no contour
    work = cost_of_correction(teacher, truth, SPACING, ignore_label=255)
    assert work.cm2 == pytest.approx(2 * (8 * 1.5 + 8 * 1.0) * 12 * 3.0 / 100)
    assert work.components == 1
    assert teacher[12:].min() == 255


def test_dice_is_the_mean_over_labels_in_either():
    teacher = box((8, 8, 8), (12, 16, 16))  # half of the cube
    assert mask_dice(teacher, CUBE) == pytest.approx(2 / 3)
    assert mask_dice(box((0, 0, 0), (2, 2, 2), 7, teacher), CUBE) == pytest.approx(1 / 3)
    assert math.isnan(mask_dice(np.zeros_like(CUBE), np.zeros_like(CUBE)))
    assert math.isnan(cost_of_correction(np.zeros_like(CUBE), np.zeros_like(CUBE), SPACING).dice)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([0, 1, 2]), st.integers(0, 3), st.integers(1, 3))
def test_a_bigger_error_never_costs_less(axis: int, small: int, more: int):
    def missing(slices: int) -> float:
        part = [slice(None)] * 3
        part[axis] = slice(16 - slices, None)
        teacher = CUBE.copy()
        teacher[tuple(part)] = 0
        return cost_of_correction(teacher, CUBE, SPACING).minutes

    less, bigger = missing(small), missing(small + more)
    assert bigger >= less
    assert bigger > DEFAULT_COST.open + DEFAULT_COST.review or small + more < 2


def test_the_prices_are_the_callers():
    cost = CostModel(open=1, review=2, component=10, cm2=100)
    truth = box((2, 2, 2), (8, 8, 8), labels=CUBE)
    work = cost_of_correction(CUBE, truth, SPACING, cost=cost)
    assert work.minutes == pytest.approx(3 + 10 * work.components + 100 * work.cm2)
    assert {item.name for item in dataclasses.fields(work)} == {
        "minutes",
        "components",
        "cm2",
        "ml",
        "dice",
    }


def test_masks_of_two_grids_are_refused():
    with pytest.raises(AlntError, match="one grid"):
        cost_of_correction(CUBE, CUBE[1:], SPACING)
