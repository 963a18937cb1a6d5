"""Label noise reaches the Dice it is asked for, follows its seed, and is spread as planned."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation.scenes import SPACING, corrupted, scene

from napari_alnt.data import mask_dice, read_labels, read_volume
from napari_alnt.errors import AlntError
from napari_alnt.simulation import (
    CLEAN,
    CORRUPTIONS,
    DEFAULT_COST,
    Corruption,
    assign_corruptions,
    corrupt,
    corruptions_for,
    cost_of_correction,
    jitter_boundary,
)

SETS = {
    "msd_hippocampus": ("images/hippocampus_001.nii.gz", "labels/hippocampus_001.nii.gz"),
    "openkbp_hn_ct": ("images/okbp_001.nii.gz", "labels/okbp_001.nii.gz"),
    "covid_ct_seg20/full128": (
        "images/radiopaedia_10_85902_1.nii.gz",
        "expert/radiopaedia_10_85902_1.nii.gz",
    ),
    "sts_tumour_ct_2mm": ("images/sts_018.nii.gz", "labels/sts_018.nii.gz"),
}


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_a_seed_gives_the_same_error_and_leaves_no_trace_in_the_caller(kind: str):
    first = corrupted(kind, 5)
    np.random.default_rng(1).random(100)
    np.testing.assert_array_equal(first, corrupted(kind, 5))


@pytest.mark.parametrize("kind", sorted(set(CORRUPTIONS) - {"swapped"}))
def test_a_lower_goal_is_reached_with_more_strength(kind: str):
    truth, _ = scene()
    mild, strong = (mask_dice(corrupted(kind, 2, worst=worst), truth) for worst in (0.85, 0.6))
    assert strong <= mild <= 0.85
    assert strong <= 0.6


def test_what_cannot_be_corrupted_comes_back_as_it_was():
    truth, image = scene(labels=1)
    nothing = np.zeros_like(truth)
    for kind in CORRUPTIONS:
        np.testing.assert_array_equal(corrupted(kind, 0, nothing, image), nothing)
    np.testing.assert_array_equal(corrupted("swapped", 0, truth, image), truth)
    one = truth * (np.arange(20) == 10)[:, None, None].astype(np.uint8)
    np.testing.assert_array_equal(corrupted("truncated", 0, one, image), one)
    with pytest.raises(AlntError, match="choose from missed"):
        corrupted("mist")


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**31), good=st.sampled_from([0.8, 0.85, 0.95]))
def test_jitter_is_an_error_but_a_small_one(seed: int, good: float):
    truth, _ = scene()
    moved = jitter_boundary(truth, SPACING, np.random.default_rng(seed), good)
    assert moved.dtype == truth.dtype
    assert good <= mask_dice(moved, truth) < 1
    damage = cost_of_correction(corrupted("shifted", seed), truth, SPACING).minutes
    assert (
        DEFAULT_COST.open + DEFAULT_COST.review
        <= cost_of_correction(moved, truth, SPACING).minutes
        < 0.8 * damage
    )


def test_jitter_gives_up_where_every_voxel_counts():
    truth = np.zeros((5, 9, 9), np.uint8)
    truth[2, 4, 4] = 1
    np.testing.assert_array_equal(
        jitter_boundary(truth, SPACING, np.random.default_rng(0), 1.0), truth
    )


@settings(deadline=None)
@given(number=st.integers(0, 80), share=st.floats(0, 1), seed=st.integers(0, 2**31))
def test_the_assignment_keeps_its_shares_and_systematic_cases_are_alike(
    number: int, share: float, seed: int
):
    cases = [f"case_{index}" for index in range(number)]
    drawn = assign_corruptions(cases, share, list(CORRUPTIONS), np.random.default_rng(seed))
    assert list(drawn) == cases
    wrong = [item for item in drawn.values() if item.kind != CLEAN]
    assert len(wrong) == round(share * number)
    alike = Counter(wrong)
    assert sum(count for count in alike.values() if count > 1) in {len(wrong) // 2, 0}
    if len(wrong) >= 4:
        assert alike.most_common(1)[0][1] == len(wrong) // 2
    good = [item.seed for item in drawn.values() if item.kind == CLEAN]
    assert len(set(good)) == len(good)


def test_the_assignment_follows_its_seed_and_uses_all_kinds():
    cases = [str(index) for index in range(200)]
    drawn = [
        assign_corruptions(cases, 0.5, ["eroded", "leak", "missed"], np.random.default_rng(seed))
        for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert {item.kind for item in drawn[0].values()} == {CLEAN, "eroded", "leak", "missed"}
    wrong = [index for index, item in enumerate(drawn[0].values()) if item.kind != CLEAN]
    assert np.diff(wrong).max() < 20  # not the first cases, not the last
    assert assign_corruptions(cases, 0.5, [], np.random.default_rng(0))["0"].kind == CLEAN
    assert Corruption(CLEAN, 3) == Corruption(CLEAN, 3)


def test_an_assignment_that_means_nothing_is_refused():
    with pytest.raises(AlntError, match="from 0 to 1"):
        assign_corruptions(["a"], 1.5, ["leak"], np.random.default_rng(0))
    with pytest.raises(AlntError, match="'leek'"):
        assign_corruptions(["a"], 0.5, ["leek"], np.random.default_rng(0))


def test_swapping_is_offered_where_there_are_two_labels():
    assert set(corruptions_for([0, 1])) == set(CORRUPTIONS) - {"swapped"}
    assert set(corruptions_for([0, 1, 2])) == set(CORRUPTIONS)


@pytest.mark.parametrize("name", SETS)
def test_real_volumes_come_down_too(name: str, shared: Path):
    image, truth = (shared / name / file for file in SETS[name])
    if not truth.is_file():
        pytest.skip(f"needs the real volumes of {shared / name}")
    volume, labels = read_volume(image), read_labels(truth).voxels
    left = {}
    for kind in corruptions_for(np.unique(labels).tolist()):
        wrong = corrupt(labels, volume.voxels, volume.spacing, kind, np.random.default_rng(7))
        assert set(np.unique(wrong)) <= set(np.unique(labels))
        left[kind] = mask_dice(wrong, labels)
        assert cost_of_correction(wrong, labels, volume.spacing).minutes > 1.5
    assert max(left.values()) <= 0.7, left
    assert min(left.values()) > 0.25, left
    moved = jitter_boundary(labels, volume.spacing, np.random.default_rng(7))
    assert 0.85 <= mask_dice(moved, labels) < 1
