"""Two readers' masks compared."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from napari_alnt.errors import AlntError
from napari_alnt.session.readers import compare_readers, pairs_of_readers, structure_agreements

NAMES = {1: "lung", 2: "airway", 7: "nodule"}


def masks(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    one = np.zeros((9, 14, 12), np.uint8)
    one[1:7, 2:11, 3:10] = 1
    one[3:6, 4:7, 4:7] = 2
    other = np.roll(one, tuple(rng.integers(-1, 3, 3)), (0, 1, 2))
    return one, other


def surface(mask: np.ndarray) -> list[tuple[int, ...]]:
    padded = np.pad(mask, 1)
    found = []
    for place in np.argwhere(mask):
        z, y, x = place + 1
        near = [
            (z - 1, y, x),
            (z + 1, y, x),
            (z, y - 1, x),
            (z, y + 1, x),
            (z, y, x - 1),
            (z, y, x + 1),
        ]
        if not all(padded[one] for one in near):
            found.append(tuple(place))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_dice_and_distances_are_those_of_a_slow_reference(seed):
    spacing = (3.0, 1.0, 1.5)
    one, other = masks(seed)
    found = structure_agreements(one, other, spacing, NAMES)
    assert [agreed.name for agreed in found] == ["lung", "airway"]
    for agreed in found:
        a, b = one == agreed.label, other == agreed.label
        assert agreed.dice == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()))
        here, there = (np.array(surface(mask)) * spacing for mask in (a, b))
        apart = np.linalg.norm(here[:, None] - there[None], axis=2)
        ways = apart.min(1), apart.min(0)
        assert agreed.mean_mm == pytest.approx(np.concatenate(ways).mean())
        assert agreed.hd95_mm == pytest.approx(max(np.percentile(way, 95) for way in ways))


def test_a_structure_of_one_reader_alone_has_no_distance_and_unlabelled_voxels_do_not_count():
    one, other = masks(0)
    found = structure_agreements(one, np.where(other == 2, 1, other), (1, 1, 1), NAMES)
    assert found[1].dice == 0
    assert math.isnan(found[1].mean_mm)
    assert math.isnan(found[1].hd95_mm)
    unknown = np.where(one == other, other, 255)
    agreed = structure_agreements(one, unknown, (1, 1, 1), NAMES, ignore_label=255)
    assert {(both.dice, both.mean_mm) for both in agreed} == {(1.0, 0.0)}
    assert structure_agreements(one * 0, one * 0, (1, 1, 1), NAMES) == ()


def test_two_versions_of_a_case_and_where_to_look_a_third_time(session, balls):
    truth = balls.true_labels("ball_05")
    shifted = np.roll(truth, 7, axis=2)
    session.accept("ball_05", truth, author="A")
    session.accept("ball_05", shifted, author="B")
    found = compare_readers(session.project, "ball_05", 1, 2)
    assert found.authors == ("A", "B")
    assert len(found.regions) == 2
    assert found.regions[0].ml >= found.regions[1].ml
    assert found.sentence.startswith(f"ball: Dice {found.structures[0].dice:.2f}, surfaces ")
    assert "For a third look: 2 regions (" in found.sentence
    assert list(pairs_of_readers(session.project, "ball_05")) == [(1, 2)]
    session.accept("ball_05", truth, author="A")
    assert list(pairs_of_readers(session.project, "ball_05")) == [(2, 3)]
    same = compare_readers(session.project, "ball_05", 1, 3)
    assert same.sentence.endswith("The readers differ nowhere beyond the borders.")
    assert same.structures[0].dice == 1


def test_what_cannot_be_compared_is_refused(session, balls):
    session.accept("ball_05", balls.true_labels("ball_05"))
    with pytest.raises(AlntError, match="named twice"):
        compare_readers(session.project, "ball_05", 1, 1)
    with pytest.raises(AlntError, match="no version 4"):
        compare_readers(session.project, "ball_05", 1, 4)
    assert list(pairs_of_readers(session.project, "ball_05")) == []


def test_masks_that_mark_nothing_are_said_to(session, balls):
    empty = np.zeros_like(balls.true_labels("ball_05"))
    for author in "AB":
        session.accept("ball_05", empty, author=author)
    found = compare_readers(session.project, "ball_05", 1, 2)
    assert found.sentence == "Neither reader marks anything."
    assert list(itertools.chain(found.structures, found.regions)) == []
