from __future__ import annotations

import math

import pytest
import torch
from monai.metrics.active_learning_metrics import label_quality_score
from scipy.stats import entropy as scipy_entropy

from napari_alnt.core import IGNORE, agreement, dice, mean_known


def test_entropy_is_that_of_scipy_over_the_foreground_of_either() -> None:
    torch.manual_seed(0)
    probabilities = torch.randn(3, 4, 5, 6).softmax(0)
    mask = torch.randint(-1, 3, (4, 5, 6))
    guess = probabilities.argmax(0)
    values = [
        float(scipy_entropy(probabilities[:, z, y, x].numpy(), base=3))
        for z, y, x in torch.cartesian_prod(
            torch.arange(4), torch.arange(5), torch.arange(6)
        ).tolist()
        if mask[z, y, x] != IGNORE and (mask[z, y, x] > 0 or guess[z, y, x] > 0)
    ]
    assert agreement(probabilities, mask).entropy == pytest.approx(
        sum(values) / len(values), rel=1e-5
    )


def test_entropy_at_its_ends() -> None:
    mask = torch.ones(2, 2, 2, dtype=torch.int64)
    sure = torch.stack([torch.zeros(2, 2, 2), torch.ones(2, 2, 2)])
    assert agreement(sure, mask).entropy == 0
    assert agreement(torch.full((2, 2, 2, 2), 0.5), mask).entropy == pytest.approx(1)
    assert math.isnan(agreement(sure.flip(0), torch.zeros_like(mask)).entropy)


def test_agreement_is_what_its_sources_say() -> None:
    torch.manual_seed(0)
    probabilities = torch.randn(3, 4, 5, 6).softmax(0)
    mask = torch.randint(0, 3, (4, 5, 6))
    seen = agreement(probabilities, mask)
    truth = torch.nn.functional.one_hot(mask, 3).movedim(-1, 0)
    guess = probabilities.argmax(0)
    quality = label_quality_score(probabilities[None], truth[None])
    assert seen.label_difference == pytest.approx(float(quality), rel=1e-6)
    soft = [
        2 * (probabilities[c] * truth[c]).sum() / (probabilities[c] + truth[c]).sum()
        for c in (1, 2)
    ]
    assert seen.dice == pytest.approx(mean_known(dice(guess.numpy(), mask.numpy(), 3)), rel=1e-9)
    assert seen.foreground == int(((guess > 0) | (mask > 0)).sum())
    assert seen.soft_dice == pytest.approx(float(sum(soft) / 2), rel=1e-6)
    assert seen.mask_voxels == tuple(int((mask == c).sum()) for c in (1, 2))
    assert seen.predicted_voxels == tuple(int((guess == c).sum()) for c in (1, 2))
    assert seen.overlap_voxels == tuple(int(((guess == c) & (mask == c)).sum()) for c in (1, 2))
    own = [float(p) for p in (probabilities * truth).sum(0).flatten()]
    weight = [math.exp((1 - p) / 0.1) for p in own]
    assert seen.self_confidence == pytest.approx(
        sum(map(math.prod, zip(own, weight, strict=True))) / sum(weight)
    )


def test_agreement_is_blind_to_unknown_voxels() -> None:
    torch.manual_seed(1)
    probabilities, mask = torch.randn(2, 4, 4, 4).softmax(0), torch.randint(0, 2, (4, 4, 4))
    known = agreement(probabilities[:, :2], mask[:2])
    mask[2:] = IGNORE
    assert agreement(probabilities, mask) == known
    nothing = agreement(probabilities, torch.full_like(mask, IGNORE))
    assert math.isnan(nothing.soft_dice)
    assert nothing.mask_voxels == nothing.predicted_voxels == nothing.overlap_voxels == (0,)


def test_a_structure_counts_where_somebody_is_sure_of_it() -> None:
    """Faint probabilities of a structure that nobody marks say nothing of the mask."""
    mask = torch.zeros(2, 2, 2, dtype=torch.int64)
    mask[0] = 1
    faint = torch.full((2, 2, 2), 0.01)
    structure = torch.where(mask == 1, 0.9, 0.05)
    probabilities = torch.stack([1 - structure - faint, structure, faint])
    seen = agreement(probabilities, mask)
    assert seen.mask_voxels == seen.predicted_voxels == seen.overlap_voxels == (4, 0)
    assert seen.dice == 1
    expected = 2 * structure[0].sum() / (structure.sum() + 4)
    assert seen.soft_dice == pytest.approx(float(expected), rel=1e-6)


def test_a_low_self_confidence_is_that_of_the_worst_voxels() -> None:
    mask = torch.zeros(10, 10, 10, dtype=torch.int64)
    probabilities = torch.stack([torch.full((10, 10, 10), 0.99), torch.full((10, 10, 10), 0.01)])
    sure = agreement(probabilities, mask).self_confidence
    mask[:2, :2, :2] = 1  # eight voxels that the network calls background
    assert sure == pytest.approx(0.99)
    assert agreement(probabilities, mask).self_confidence < 0.1
