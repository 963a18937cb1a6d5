from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from napari_alnt.core import (
    IGNORE,
    Batch,
    agreement,
    case_scored,
    expert_direction,
    head_layer,
    predict,
    rank,
    score_case,
    score_masks,
    supervised,
)
from napari_alnt.core.mask_scores import _windows
from napari_alnt.errors import AlntError
from napari_alnt.ranking import RANKINGS, CaseScores, trust

Patches = Callable[..., tuple[Tensor, Tensor]]
PATCH = (16, 16, 32)


def test_masks_are_scored_as_the_engine_scores_them(small: nn.Module, patches: Patches) -> None:
    """One window a case: the scores of that patch, and the agreement with the prediction."""
    images, targets = patches(3, 0)
    cases = {name: (images[i, 0], targets[i]) for i, name in enumerate("abc")}
    experts = {"c": cases.pop("c")}
    seen = score_masks(small, experts, cases, PATCH, scope="all")
    assert [one.case for one in seen] == ["a", "b"]
    head = head_layer(small, images[:1])
    g = expert_direction(small, [(images[2:], targets[2:])])
    for i, one in enumerate(seen):
        scores = score_case(small, head, g, images[i : i + 1], targets[i : i + 1])
        drawn = agreement(predict(small, images[i : i + 1], PATCH), targets[i])
        assert one == case_scored(one.case, 0, scores, drawn)
    by_head = score_masks(small, experts, cases, PATCH)
    assert "cosine" not in by_head[0].scores
    assert by_head[0].score("head_cosine") == pytest.approx(seen[0].score("head_cosine"), rel=1e-5)


def test_a_trained_network_puts_the_wrong_mask_first(small: nn.Module, patches: Patches) -> None:
    """The two lines by which a ranking sorts the masks."""
    images, targets = patches(6, 0)
    experts = Batch(images[:3], targets[:3], tuple("abc"))
    optimizer = torch.optim.AdamW(small.parameters(), 1e-2)
    list(supervised(small, optimizer, [experts] * 30))
    cases = {name: (images[i, 0].numpy(), targets[i].numpy()) for i, name in enumerate("abcdef")}
    right = {name: cases.pop(name) for name in "abc"}
    image, mask = cases["e"]
    cases["e"] = (image, np.where(mask == IGNORE, IGNORE, np.roll(mask, 8, axis=2)))
    seen = score_masks(small, right, cases, PATCH)
    scores = CaseScores.of({one.case: [one] for one in seen})
    order = np.argsort(-RANKINGS["alnt"](scores))
    assert scores.cases[order[0]] == "e"
    ranked = rank(small, right, cases, PATCH)
    assert [row.case for row in ranked] == [scores.cases[place] for place in order]
    assert [row.trust for row in ranked] == trust(scores)[order].tolist()
    by_loss = rank(small, right, cases, PATCH, ranking="loss")
    assert [row.priority for row in by_loss] == sorted(
        (s.score("loss") for s in seen), reverse=True
    )


def test_windows_tile_the_volume_and_skip_what_nobody_has_labelled() -> None:
    image = torch.arange(5 * 6 * 9).reshape(5, 6, 9).float()
    mask = torch.zeros(5, 6, 9, dtype=torch.int64)
    mask[:, :, 8:] = IGNORE
    images, targets = _windows(image, mask, (4, 6, 4))
    # two windows along z, one along y, and of three along x the last is unlabelled
    assert images.shape == (4, 1, 4, 6, 4)
    assert torch.equal(images[0, 0], image[:4, :, :4])
    assert torch.equal(images[3, 0, :1], image[4:, :, 4:8])
    assert images[3, 0, 1:].eq(-1).all()
    assert targets[3, 1:].eq(IGNORE).all()
    assert (targets != IGNORE).sum() == 5 * 6 * 8


def test_scoring_leaves_the_network_as_it_was(small: nn.Module, patches: Patches) -> None:
    net = nn.Sequential(small, nn.BatchNorm3d(3))
    net[1].eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    images, targets = patches(1, 0)
    cases = {"a": (images[0, 0], targets[0])}
    score_masks(net, cases, cases, PATCH, scope="all")
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert net[0].training
    assert not net[1].training
    assert score_masks(net, {}, {}, PATCH) == []


@pytest.mark.parametrize(
    ("image", "mask", "words"),
    [
        (np.zeros((4, 4, 4)), np.zeros((4, 4, 5), int), "'a' has an image (4, 4, 4) and a mask"),
        (np.zeros((1, 4, 4, 4)), np.zeros((1, 4, 4, 4), int), "must be (D, H, W)"),
        (np.zeros((4, 4, 4)), np.full((4, 4, 4), 255), "values 255…255, but the network knows"),
    ],
)
def test_what_does_not_fit_is_named(
    small: nn.Module, image: np.ndarray, mask: np.ndarray, words: str
) -> None:
    for experts, cases in (({"a": (image, mask)}, {}), ({}, {"a": (image, mask)})):
        with pytest.raises(AlntError) as caught:
            score_masks(small, experts, cases, PATCH)
        assert words in str(caught.value)
