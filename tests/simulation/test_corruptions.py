"""Each kind of corruption makes a mask clearly wrong in its own way, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation.scenes import SPACING, corrupted, scene

from napari_alnt.data import mask_dice
from napari_alnt.simulation import CORRUPTIONS
from napari_alnt.simulation.corruptions import LabelledScan, _moved, smooth_noise


@pytest.mark.parametrize("kind", CORRUPTIONS)
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
    wrong = corrupted(kind, seed, truth, image)
    assert (wrong.shape, wrong.dtype) == (truth.shape, dtype)
    assert set(np.unique(wrong)) <= {0, 1, 2}
    assert wrong.any()
    assert mask_dice(wrong, truth) <= 0.65
    np.testing.assert_array_equal(truth, before)


@pytest.mark.parametrize("kind", sorted(set(CORRUPTIONS) - {"truncated", "missed"}))
def test_another_seed_gives_another_error(kind: str):
    assert any((corrupted(kind, seed) != corrupted(kind, 0)).any() for seed in range(1, 4))


@pytest.mark.parametrize("shape", [(3, 44, 48), (9, 24, 20)])
@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_thin_slabs_and_tiny_volumes(kind: str, shape: tuple[int, int, int]):
    truth, image = scene(shape, pieces=1)
    wrong = corrupted(kind, 1, truth, image)
    assert wrong.any()
    assert mask_dice(wrong, truth) <= 0.75


def test_what_each_kind_does():
    truth, _ = scene()
    inside = truth > 0
    for kind in ("missed", "eroded", "truncated"):
        wrong = corrupted(kind)
        assert (wrong[wrong > 0] == truth[wrong > 0]).all()
        assert not (wrong > 0)[~inside].any()
    for kind in ("hallucinated", "leak", "dilated"):
        np.testing.assert_array_equal(corrupted(kind)[inside], truth[inside])
    np.testing.assert_array_equal(corrupted("swapped") > 0, inside)
    empty = ~corrupted("truncated").any(axis=(1, 2)) & truth.any(axis=(1, 2))
    assert empty.any()
    assert not corrupted("truncated")[empty].any()


def test_a_missed_piece_goes_as_a_whole_where_there_are_several():
    truth, _ = scene()
    large = np.zeros(truth.shape, bool)
    large[:, :, :30] = truth[:, :, :30] > 0
    wrong = corrupted("missed")
    assert not wrong[large].any()
    np.testing.assert_array_equal(wrong[~large], truth[~large])


def test_missed_pieces_leave_a_quarter():
    truth, image = scene((20, 60, 60))
    truth[:, :, 55:] = 0
    truth[10, 4:7, 4:7] = 1  # a crumb beside two balls
    wrong = corrupted("missed", 0, truth, image, worst=0.0)
    assert np.count_nonzero(wrong) >= np.count_nonzero(truth) / 4
    assert not wrong[10, 4:7, 4:7].any()


def test_hallucinations_keep_away_from_the_truth():
    truth, _ = scene()
    near = corrupted("hallucinated") > 0
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
        added = (corrupted(kind, 4, truth, image) > 0) & (truth == 0)
        assert alike[added].mean() > 0.8 > alike[truth == 0].mean() + 0.2


@pytest.mark.parametrize("kind", ["shifted", "truncated", "leak", "missed", "hallucinated"])
def test_one_seed_gives_one_direction_in_different_cases(kind: str):
    def way(seed: int, size: int) -> np.ndarray:
        truth, image = scene((20, size, size), pieces=1, labels=1)
        wrong = corrupted(kind, seed, truth, image)
        return np.argwhere(wrong > 0).mean(0) - np.argwhere(truth > 0).mean(0)

    for seed in range(3):
        first, second = way(seed, 40), way(seed, 48)
        assert first @ second > 0.8 * np.linalg.norm(first) * np.linalg.norm(second)


@pytest.mark.parametrize("sigma", [1.0, (1.0, 2.0, 4.0)])
def test_smooth_noise_has_deviation_one_and_changes_slower_along_a_wider_sigma(sigma):
    noise = smooth_noise((24, 40, 64), sigma, np.random.default_rng(0))
    assert noise.std() == pytest.approx(1, abs=1e-3)
    steps = [np.abs(np.diff(noise, axis=axis)).mean() for axis in range(3)]
    if isinstance(sigma, tuple):
        assert steps[0] > 1.5 * steps[1] > 2 * steps[2]
    else:
        assert max(steps) < 1.1 * min(steps)


@pytest.mark.parametrize("kind", sorted(set(CORRUPTIONS) - {"swapped"}))
def test_more_strength_is_more_wrong(kind: str):
    truth, image = scene(pieces=1)
    scan = LabelledScan(truth, image, SPACING)
    weak, strong = (
        mask_dice(CORRUPTIONS[kind](scan, strength, np.random.default_rng(3)), truth)
        for strength in (2, 10)
    )
    assert strong < weak < 1


def test_a_shift_out_of_the_grid_leaves_nothing():
    truth, _ = scene()
    assert not _moved(truth, np.array([0, 44, 0])).any()
    moved = _moved(truth, np.array([-2, 3, 0]))
    np.testing.assert_array_equal(moved[:-2, 3:], truth[2:, :-3])
    assert not moved[-2:].any()
