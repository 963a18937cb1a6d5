from __future__ import annotations

import copy
import math
from collections.abc import Callable

import pytest
import torch
from monai.inferers import sliding_window_inference
from monai.metrics.active_learning_metrics import label_quality_score
from scipy.stats import entropy as scipy_entropy
from torch import Tensor, nn

from napari_alnt.core import (
    IGNORE,
    agreement,
    dice,
    expert_direction,
    expert_gradient,
    head_layer,
    mean_known,
    per_sample_loss,
    predict,
    score_case,
    trust,
    voxel_trust,
)

Patches = Callable[..., tuple[Tensor, Tensor]]


def _flat(values: dict[str, Tensor]) -> Tensor:
    return torch.cat([value.flatten() for value in values.values()]).double()


def test_the_expert_direction_is_the_gradient_of_the_mean(
    small: nn.Module, patches: Patches
) -> None:
    images, targets = patches(3, 0)
    pieces = [(images[:2], targets[:2]), (images[2:], targets[2:])]
    whole = expert_gradient(small, images, targets)
    torch.testing.assert_close(
        _flat(expert_direction(small, pieces)), _flat(whole), rtol=1e-4, atol=1e-6
    )
    assert _flat(expert_direction(small, [])).eq(0).all()


def test_a_cases_scores_are_those_of_its_mean_gradient(net: nn.Module, patches: Patches) -> None:
    images, targets = patches(3, 0)
    images = images.double()
    g = expert_direction(net, [(patches(2, 1)[0].double(), patches(2, 1)[1])])
    head = head_layer(net, images[:1])
    scores = score_case(net, head, g, images, targets, batch=2)
    own = expert_gradient(net, images, targets)
    cosine = torch.nn.functional.cosine_similarity
    assert scores.trust == pytest.approx(float(_flat(own) @ _flat(g)), rel=1e-9)
    assert scores.trust == pytest.approx(float(trust(net, g, images, targets).u.mean()), rel=1e-9)
    assert scores.cosine == pytest.approx(float(cosine(_flat(own), _flat(g), dim=0)), rel=1e-9)
    assert scores.head_cosine == pytest.approx(
        float(cosine(own[head.name].flatten(), g[head.name].flatten(), dim=0)), rel=1e-9
    )
    assert scores.informativeness == pytest.approx(float(own[head.name].abs().mean()), rel=1e-9)
    assert scores.loss == pytest.approx(
        float(per_sample_loss(net(images), targets).mean().detach()), rel=1e-9
    )


def test_scoring_leaves_the_network_as_it_was(small: nn.Module, patches: Patches) -> None:
    images, targets = patches(2, 0)
    net = nn.Sequential(small, nn.BatchNorm3d(3), nn.Dropout(0.5))
    net[2].eval()
    per_sample_loss(net(images), targets).sum().backward()
    before = copy.deepcopy((list(net.state_dict().values()), [p.grad for p in net.parameters()]))
    modes, random = [m.training for m in net.modules()], torch.get_rng_state()
    head = head_layer(net, images[:1])
    g = expert_direction(net, [(images, targets)])
    score_case(net, head, g, images, targets)
    voxel_trust(net, g, images[:1], targets[:1], (16, 16, 32))
    predict(net, images[:1], (16, 16, 32))
    after = (list(net.state_dict().values()), [p.grad for p in net.parameters()])
    assert all(all(map(torch.equal, b, a)) for b, a in zip(before, after, strict=True))
    assert modes == [m.training for m in net.modules()]
    assert torch.equal(random, torch.get_rng_state())


def test_a_broken_case_scores_nan(small: nn.Module, patches: Patches) -> None:
    images, targets = patches(2, 0)
    g, head = expert_gradient(small, images, targets), head_layer(small, images[:1])
    images[1, 0, 0, 0, 0] = math.nan
    scores = score_case(small, head, g, images, targets)
    assert all(
        map(
            math.isnan,
            (scores.trust, scores.cosine, scores.head_cosine, scores.informativeness, scores.loss),
        )
    )


def test_the_voxel_map_of_a_case_in_one_window_is_its_trust(
    net: nn.Module, patches: Patches
) -> None:
    images, targets = patches(1, 0)
    images = images.double()
    g = expert_direction(net, [(images, targets.roll(3, 1))])
    seen = voxel_trust(net, g, images, targets, (16, 16, 32))
    assert seen.u == pytest.approx(float(trust(net.eval(), g, images, targets).u), rel=1e-9)
    torch.testing.assert_close(seen.logits, net(images)[0].detach())


def test_the_voxel_map_is_the_slope_of_the_whole_case_loss(
    net: nn.Module, patches: Patches
) -> None:
    """Many windows: compare with a backward pass through the blending."""
    images, targets = patches(1, 0)
    images, targets = (
        torch.cat([images, images.flip(2)], 4)[:, :, :14].double(),
        torch.cat([targets] * 2, 3)[:, :14],
    )
    g = expert_direction(net, [(patches(1, 1)[0].double(), patches(1, 1)[1])])
    seen = voxel_trust(net, g, images, targets, (16, 16, 32), overlap=0.5)
    assert seen.voxels.shape == (14, 16, 64)
    assert float(seen.voxels.sum()) == pytest.approx(seen.u, rel=1e-9)
    assert seen.voxels[targets[0] == IGNORE].eq(0).all()
    torch.testing.assert_close(
        seen.logits.softmax(0), predict(net, images, (16, 16, 32), overlap=0.5)
    )

    blended = sliding_window_inference(
        images, (16, 16, 32), 2, net.eval(), overlap=0.5, mode="gaussian", cval=-1
    )
    per_sample_loss(blended, targets).sum().backward()
    slope = sum(float((p.grad * g[name]).sum()) for name, p in net.named_parameters())
    assert seen.u == pytest.approx(slope, rel=1e-6)


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
    assert seen.marked == tuple(int((mask == c).sum()) for c in (1, 2))
    assert seen.drawn == tuple(int((guess == c).sum()) for c in (1, 2))
    assert seen.shared == tuple(int(((guess == c) & (mask == c)).sum()) for c in (1, 2))
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
    assert nothing.marked == nothing.drawn == nothing.shared == (0,)


def test_scores_of_the_head_and_of_the_students_own_label(net: nn.Module, patches: Patches) -> None:
    images, targets = patches(3, 0)
    images = images.double()
    g = expert_direction(net, [(patches(2, 1)[0].double(), patches(2, 1)[1])])
    head = head_layer(net, images[:1])
    scores = score_case(net, head, g, images, targets, batch=2)
    own = expert_gradient(net, images, targets)
    badge = expert_gradient(
        net, images, torch.where(targets == IGNORE, IGNORE, net(images).argmax(1))
    )
    assert scores.head_trust == pytest.approx(
        float(_flat({"": own[head.name]}) @ _flat({"": g[head.name]})), rel=1e-9
    )
    assert scores.norm == pytest.approx(float(_flat(own).norm()), rel=1e-9)
    assert scores.self_informativeness == pytest.approx(
        float(badge[head.name].abs().mean()), rel=1e-9
    )
    assert -1 <= scores.voxel_trust <= 1


def test_the_head_alone_scores_the_same_and_nothing_beyond(
    small: nn.Module, patches: Patches
) -> None:
    images, targets = patches(3, 0)
    head = head_layer(small, images[:1])
    pieces = [patches(2, 1)]
    both = score_case(small, head, expert_direction(small, pieces), images, targets)
    alone = score_case(
        small, head, expert_direction(small, pieces, head), images, targets, scope="head"
    )
    for name in ("head_trust", "head_cosine", "informativeness", "self_informativeness", "loss"):
        assert getattr(alone, name) == pytest.approx(getattr(both, name), rel=1e-5)
    assert all(
        math.isnan(getattr(alone, name)) for name in ("trust", "cosine", "norm", "voxel_trust")
    )
