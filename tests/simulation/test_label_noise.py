"""Planted errors make a mask clearly wrong, in the same way for the same seed, and nothing else."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_alnt.data import mask_dice, read_labels, read_volume
from napari_alnt.errors import AlntError
from napari_alnt.simulation.correction_cost import COST, minutes
from napari_alnt.simulation.label_noise import DAMAGES, Planned, kinds_for, plan, plant, wobble

DATA = Path(__file__).parents[3] / "shared" / "data"
SETS = {
    "msd_hippocampus": ("images/hippocampus_001.nii.gz", "labels/hippocampus_001.nii.gz"),
    "openkbp_hn_ct": ("images/okbp_001.nii.gz", "labels/okbp_001.nii.gz"),
    "covid_ct_seg20/full128": (
        "images/radiopaedia_10_85902_1.nii.gz",
        "expert/radiopaedia_10_85902_1.nii.gz",
    ),
    "sts_tumour_ct_2mm": ("images/sts_018.nii.gz", "labels/sts_018.nii.gz"),
}
SPACING = (3.0, 1.5, 1.5)


def scene(shape: tuple[int, int, int] = (20, 44, 48), pieces: int = 2, labels: int = 2):
    """Balls in noise, halved into two labels, and their image."""
    z, y, x = np.indices(shape)
    truth = np.zeros(shape, np.uint8)
    for centre, radius in [((0.5, 0.4, 0.3), 8), ((0.5, 0.65, 0.75), 7)][:pieces]:
        middle = [round(part * size) for part, size in zip(centre, shape, strict=True)]
        ball = ((z - middle[0]) * 2) ** 2 + (y - middle[1]) ** 2 + (x - middle[2]) ** 2 < radius**2
        truth[ball] = 1
        if labels > 1:
            truth[ball & (y >= middle[1])] = 2
    noise = np.random.default_rng(3).normal(0, 30, shape)
    return truth, (40 + 200 * (truth > 0) + 200 * (truth == 2) + noise).astype(np.int16)


def planted(
    kind: str,
    seed: int = 0,
    truth: np.ndarray | None = None,
    image: np.ndarray | None = None,
    **how: float,
):
    if truth is None or image is None:
        truth, image = scene()
    return plant(truth, image, SPACING, kind, np.random.default_rng(seed), **how)


@pytest.mark.parametrize("kind", DAMAGES)
@settings(deadline=None, max_examples=8)
@given(
    seed=st.integers(0, 2**31),
    pieces=st.integers(1, 2),
    dtype=st.sampled_from([np.uint8, np.uint16, np.int32]),
)
def test_every_kind_brings_dice_down_and_keeps_the_array(
    kind: str, seed: int, pieces: int, dtype: type
):
    truth, image = scene(pieces=pieces)
    before, truth = truth.copy(), truth.astype(dtype)
    damaged = planted(kind, seed, truth, image)
    assert (damaged.shape, damaged.dtype) == (truth.shape, dtype)
    assert set(np.unique(damaged)) <= {0, 1, 2}
    assert damaged.any()
    assert mask_dice(damaged, truth) <= 0.65
    np.testing.assert_array_equal(truth, before)


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_seed_gives_the_same_error_and_leaves_no_trace_in_the_caller(kind: str):
    first = planted(kind, 5)
    np.random.default_rng(1).random(100)
    np.testing.assert_array_equal(first, planted(kind, 5))


@pytest.mark.parametrize("kind", sorted(set(DAMAGES) - {"truncated", "missed"}))
def test_another_seed_gives_another_error(kind: str):
    assert any((planted(kind, seed) != planted(kind, 0)).any() for seed in range(1, 4))


@pytest.mark.parametrize("kind", sorted(set(DAMAGES) - {"swapped"}))
def test_a_lower_goal_is_reached_with_more_strength(kind: str):
    truth, _ = scene()
    mild, strong = (mask_dice(planted(kind, 2, worst=worst), truth) for worst in (0.85, 0.6))
    assert strong <= mild <= 0.85
    assert strong <= 0.6


@pytest.mark.parametrize("shape", [(3, 44, 48), (9, 24, 20)])
@pytest.mark.parametrize("kind", DAMAGES)
def test_thin_slabs_and_tiny_volumes(kind: str, shape: tuple[int, int, int]):
    truth, image = scene(shape, pieces=1)
    damaged = planted(kind, 1, truth, image)
    assert damaged.any()
    assert mask_dice(damaged, truth) <= 0.75


def test_what_each_kind_does():
    truth, _ = scene()
    inside = truth > 0
    for kind in ("missed", "eroded", "truncated"):
        damaged = planted(kind)
        assert (damaged[damaged > 0] == truth[damaged > 0]).all()
        assert not (damaged > 0)[~inside].any()
    for kind in ("hallucinated", "leak", "dilated"):
        np.testing.assert_array_equal(planted(kind)[inside], truth[inside])
    np.testing.assert_array_equal(planted("swapped") > 0, inside)
    empty = ~planted("truncated").any(axis=(1, 2)) & truth.any(axis=(1, 2))
    assert empty.any()
    assert not planted("truncated")[empty].any()


def test_a_missed_piece_goes_as_a_whole_where_there_are_several():
    truth, _ = scene()
    large = np.zeros(truth.shape, bool)
    large[:, :, :30] = truth[:, :, :30] > 0
    damaged = planted("missed")
    assert not damaged[large].any()
    np.testing.assert_array_equal(damaged[~large], truth[~large])


def test_missed_pieces_leave_a_quarter():
    truth, image = scene((20, 60, 60))
    truth[:, :, 55:] = 0
    truth[10, 4:7, 4:7] = 1  # a crumb beside two balls
    damaged = planted("missed", 0, truth, image, worst=0.0)
    assert np.count_nonzero(damaged) >= np.count_nonzero(truth) / 4
    assert not damaged[10, 4:7, 4:7].any()


def test_hallucinations_keep_away_from_the_truth():
    truth, _ = scene()
    near = planted("hallucinated") > 0
    z, y, x = np.nonzero(near & (truth == 0))
    places = np.argwhere(truth > 0)
    for point in zip(z[::50], y[::50], x[::50], strict=True):
        assert np.abs(places - np.array(point)).max(axis=1).min() > 2


def test_leak_and_hallucination_follow_the_grey_value():
    truth, image = scene(pieces=1, labels=1)
    image = image.copy()
    alike = np.zeros(truth.shape, bool)
    alike[:, :, 30:] = True  # far off, and joined to the ball by a tube
    alike[8:13, 13:22, 12:] = True
    image[alike & (truth == 0)] += 200
    for kind in ("leak", "hallucinated"):
        added = (planted(kind, 4, truth, image) > 0) & (truth == 0)
        assert alike[added].mean() > 0.8 > alike[truth == 0].mean() + 0.2


@pytest.mark.parametrize("kind", ["shifted", "truncated", "leak", "missed", "hallucinated"])
def test_one_seed_gives_one_direction_in_different_cases(kind: str):
    def way(seed: int, size: int) -> np.ndarray:
        truth, image = scene((20, size, size), pieces=1, labels=1)
        damaged = planted(kind, seed, truth, image)
        return np.argwhere(damaged > 0).mean(0) - np.argwhere(truth > 0).mean(0)

    for seed in range(3):
        first, second = way(seed, 40), way(seed, 48)
        assert first @ second > 0.8 * np.linalg.norm(first) * np.linalg.norm(second)


def test_what_cannot_be_damaged_comes_back_as_it_was():
    truth, image = scene(labels=1)
    nothing = np.zeros_like(truth)
    for kind in DAMAGES:
        np.testing.assert_array_equal(planted(kind, 0, nothing, image), nothing)
    np.testing.assert_array_equal(planted("swapped", 0, truth, image), truth)
    one = truth * (np.arange(20) == 10)[:, None, None].astype(np.uint8)
    np.testing.assert_array_equal(planted("truncated", 0, one, image), one)
    with pytest.raises(AlntError, match="choose from missed"):
        planted("mist")


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**31), good=st.sampled_from([0.8, 0.85, 0.95]))
def test_a_wobble_is_an_error_but_a_small_one(seed: int, good: float):
    truth, _ = scene()
    moved = wobble(truth, SPACING, np.random.default_rng(seed), good)
    assert moved.dtype == truth.dtype
    assert good <= mask_dice(moved, truth) < 1
    damage = minutes(planted("shifted", seed), truth, SPACING).minutes
    assert COST.open + COST.look <= minutes(moved, truth, SPACING).minutes < 0.8 * damage


def test_a_wobble_gives_up_where_every_voxel_counts():
    truth = np.zeros((5, 9, 9), np.uint8)
    truth[2, 4, 4] = 1
    np.testing.assert_array_equal(wobble(truth, SPACING, np.random.default_rng(0), 1.0), truth)


@settings(deadline=None)
@given(number=st.integers(0, 80), share=st.floats(0, 1), seed=st.integers(0, 2**31))
def test_the_plan_keeps_its_shares_and_systematic_cases_are_alike(
    number: int, share: float, seed: int
):
    cases = [f"case_{index}" for index in range(number)]
    drawn = plan(cases, share, list(DAMAGES), np.random.default_rng(seed))
    assert list(drawn) == cases
    wrong = [item for item in drawn.values() if item.kind != "none"]
    assert len(wrong) == round(share * number)
    alike = Counter(wrong)
    assert sum(count for count in alike.values() if count > 1) in {len(wrong) // 2, 0}
    if len(wrong) >= 4:
        assert alike.most_common(1)[0][1] == len(wrong) // 2
    good = [item.seed for item in drawn.values() if item.kind == "none"]
    assert len(set(good)) == len(good)


def test_the_plan_follows_its_seed_and_uses_all_kinds():
    cases = [str(index) for index in range(200)]
    drawn = [
        plan(cases, 0.5, ["eroded", "leak", "missed"], np.random.default_rng(seed))
        for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert {item.kind for item in drawn[0].values()} == {"none", "eroded", "leak", "missed"}
    wrong = [index for index, item in enumerate(drawn[0].values()) if item.kind != "none"]
    assert np.diff(wrong).max() < 20  # not the first cases, not the last
    assert plan(cases, 0.5, [], np.random.default_rng(0))["0"].kind == "none"
    assert Planned("none", 3) == Planned("none", 3)


def test_a_plan_that_means_nothing_is_refused():
    with pytest.raises(AlntError, match="from 0 to 1"):
        plan(["a"], 1.5, ["leak"], np.random.default_rng(0))
    with pytest.raises(AlntError, match="'leek'"):
        plan(["a"], 0.5, ["leek"], np.random.default_rng(0))


def test_swapping_is_offered_where_there_are_two_labels():
    assert set(kinds_for([0, 1])) == set(DAMAGES) - {"swapped"}
    assert set(kinds_for([0, 1, 2])) == set(DAMAGES)


@pytest.mark.parametrize("name", SETS)
def test_real_volumes_come_down_too(name: str):
    image, truth = (DATA / name / file for file in SETS[name])
    if not truth.is_file():
        pytest.skip(f"needs the real volumes of {DATA / name}")
    volume, labels = read_volume(image), read_labels(truth).voxels
    left = {}
    for kind in kinds_for(np.unique(labels).tolist()):
        damaged = plant(labels, volume.voxels, volume.spacing, kind, np.random.default_rng(7))
        assert set(np.unique(damaged)) <= set(np.unique(labels))
        left[kind] = mask_dice(damaged, labels)
        assert minutes(damaged, labels, volume.spacing).minutes > 1.5
    assert max(left.values()) <= 0.7, left
    assert min(left.values()) > 0.25, left
    moved = wobble(labels, volume.spacing, np.random.default_rng(7))
    assert 0.85 <= mask_dice(moved, labels) < 1
