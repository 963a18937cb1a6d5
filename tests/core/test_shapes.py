"""Wrong shapes are answered with one sentence that says what to do."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from napari_alnt.core import per_sample_loss
from napari_alnt.core.losses import losses_of
from napari_alnt.core.shapes import check_images, check_logits, check_targets
from napari_alnt.errors import AlntError

LOGITS = torch.zeros(2, 3, 4, 4, 4)
TARGETS = torch.zeros(2, 4, 4, 4, dtype=torch.int64)


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        (
            torch.zeros(2, 1, 4, 4, 4),
            "Targets must be (B, D, H, W) int64, got (2, 1, 4, 4, 4) float32; drop the channel axis"
            " and use .long().",
        ),
        (
            torch.zeros(2, 3, 4, 4, 4, dtype=torch.int64),
            "Targets must be (B, D, H, W) int64, got (2, 3, 4, 4, 4) int64; take .argmax(1).",
        ),
        (
            TARGETS.to(torch.uint8),
            "Targets must be (B, D, H, W) int64, got (2, 4, 4, 4) uint8; use .long().",
        ),
        (
            TARGETS[:, :2],
            "Targets must be (B, D, H, W) int64, got (2, 2, 4, 4) int64; bring them to the logits'"
            " grid (2, 4, 4, 4).",
        ),
    ],
)
def test_targets_of_a_wrong_shape(targets: Tensor, sentence: str) -> None:
    check_targets(TARGETS, LOGITS)
    for refuse in (check_targets, lambda y, z: per_sample_loss(z, y)):
        with pytest.raises(AlntError) as caught:
            refuse(targets, LOGITS)
        assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("logits", "words"),
    [
        ((LOGITS, LOGITS), "got a tuple, as with deep supervision"),
        ({"out": LOGITS}, "got a dict, as with deep supervision"),
        (LOGITS[:, :, 0], "got (2, 3, 4, 4) float32"),
        (LOGITS[:, :1], "as for a sigmoid"),
    ],
)
def test_logits_of_a_wrong_shape(logits: Tensor, words: str) -> None:
    with pytest.raises(AlntError) as caught:
        per_sample_loss(logits, TARGETS)
    assert words in str(caught.value)
    assert str(caught.value).count(".") == 1 + str(caught.value).count("…")


def test_one_channel_is_right_for_a_loss_of_ones_own() -> None:
    def sigmoid(logits: Tensor, targets: Tensor) -> Tensor:
        truth = (targets > 0).float()[:, None]
        entropy = torch.nn.functional.binary_cross_entropy_with_logits
        return entropy(logits, truth, reduction="none").flatten(1).mean(1)

    assert losses_of(sigmoid, LOGITS[:, :1], TARGETS).shape == (2,)
    check_logits(LOGITS[:, :1])


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (torch.zeros(2, 1, 8, 8), "images[:, :, None]"),
        (torch.zeros(2, 8, 8, 8), "images[:, None]"),
        (torch.zeros(2, 1, 8, 8, 8, dtype=torch.int16), "got (2, 1, 8, 8, 8) int16; scale"),
    ],
)
def test_images_of_a_wrong_shape(images: Tensor, words: str) -> None:
    check_images(torch.zeros(2, 1, 8, 8, 8))
    with pytest.raises(AlntError) as caught:
        check_images(images)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        (torch.tensor(0.5), "(2,), but gave () float32"),
        (torch.zeros(2, 4, 4, 4), "but gave (2, 4, 4, 4) float32; take its mean over all axes"),
        (0.5, "but gave a float"),
    ],
)
def test_losses_of_a_wrong_shape(losses: Tensor, words: str) -> None:
    with pytest.raises(AlntError) as caught:
        losses_of(lambda *_: losses, LOGITS, TARGETS)
    assert words in str(caught.value)
