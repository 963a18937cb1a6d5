from __future__ import annotations

import copy
import math
from collections.abc import Callable

import pytest
import torch
from core.helpers import expert_gradient, squares
from monai.inferers import sliding_window_inference
from torch import Tensor, nn

from napari_alnt.core import (
    IGNORE,
    agreement,
    case_scored,
    directional_derivative,
    expert_direction,
    gradient,
    head_layer,
    per_sample_loss,
    predict,
    score_case,
    voxel_trust,
)
from napari_alnt.core.scoring import Scores
from napari_alnt.events import StructureCounts

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
    assert scores.dot == pytest.approx(float(_flat(own) @ _flat(g)), rel=1e-9)
    forward = directional_derivative(net, g, images, targets)
    assert scores.dot == pytest.approx(float(forward.u.mean()), rel=1e-9)
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
    names = ("dot", "cosine", "head_dot", "head_cosine", "informativeness", "loss")
    assert all(math.isnan(getattr(scores, name)) for name in names)


def test_the_voxel_map_of_a_case_in_one_window_is_its_trust(
    net: nn.Module, patches: Patches
) -> None:
    images, targets = patches(1, 0)
    images = images.double()
    g = expert_direction(net, [(images, targets.roll(3, 1))])
    seen = voxel_trust(net, g, images, targets, (16, 16, 32))
    whole = directional_derivative(net.eval(), g, images, targets)
    assert seen.u == pytest.approx(float(whole.u), rel=1e-9)
    torch.testing.assert_close(seen.logits, net(images)[0].detach())


def test_the_voxel_map_is_the_slope_of_the_whole_case_loss(
    net: nn.Module, patches: Patches
) -> None:
    """Many windows: compare with a backward pass through the blending."""
    images, targets = patches(1, 0)
    images = torch.cat([images, images.flip(2)], 4)[:, :, :14].double()
    targets = torch.cat([targets] * 2, 3)[:, :14]
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
    assert scores.head_dot == pytest.approx(
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
    for name in ("head_dot", "head_cosine", "informativeness", "self_informativeness", "loss"):
        assert getattr(alone, name) == pytest.approx(getattr(both, name), rel=1e-5)
    assert all(
        math.isnan(getattr(alone, name)) for name in ("dot", "cosine", "norm", "voxel_trust")
    )


def test_voxel_trust_of_a_case_is_the_balance_of_its_map(
    small: nn.Module, patches: Patches
) -> None:
    """+1 where every voxel agrees with the experts, −1 where every one contradicts them."""
    net = small.double()
    images, targets = patches(2, 0)
    images = images.double()
    head = head_layer(net, images[:1])
    g = expert_direction(net, [(images, targets)])
    scores = score_case(net, head, g, images, targets, batch=1)
    seen = directional_derivative(net.eval(), g, images, targets)
    marked = (targets > 0) | ((seen.logits.argmax(1) > 0) & (targets != IGNORE))
    s = seen.voxels[marked]
    assert scores.voxel_trust == pytest.approx(float(s.sum() / s.abs().sum()), rel=1e-9)
    against = {name: -value for name, value in g.items()}
    turned = score_case(net, head, against, images, targets)
    assert turned.voxel_trust == pytest.approx(-scores.voxel_trust, rel=1e-9)
    assert turned.cosine == pytest.approx(-1)


@pytest.mark.parametrize("head_alone", [True, False])
def test_scores_by_a_loss_of_ones_own(small: nn.Module, patches: Patches, head_alone: bool) -> None:
    net = small.double()
    images, targets = patches(2, 0)
    images = images.double()
    head = head_layer(net, images[:1])
    g = expert_direction(net, [(images, targets)], head if head_alone else None, squares)
    scope = "head" if head_alone else "all"
    scores = score_case(net, head, g, images, targets, scope=scope, loss=squares)
    losses = squares(net(images), targets)
    own = gradient(net, losses.mean())[head.name]
    assert scores.loss == pytest.approx(float(losses.mean().detach()), rel=1e-9)
    assert scores.informativeness == pytest.approx(float(own.abs().mean()), rel=1e-9)
    assert scores.head_dot == pytest.approx(float((own * own).sum()), rel=1e-9)
    assert scores.head_cosine == pytest.approx(1)
    if not head_alone:
        seen = voxel_trust(net, g, images[:1], targets[:1], (16, 16, 32), loss=squares)
        by_forward = directional_derivative(net.eval(), g, images[:1], targets[:1], squares)
        assert seen.u == pytest.approx(float(by_forward.u), rel=1e-9)


def test_the_event_of_a_case_holds_what_is_known_and_finite() -> None:
    probabilities = torch.tensor([0.1, 0.9]).reshape(2, 1, 1, 1).expand(2, 2, 2, 2)
    mask = torch.ones(2, 2, 2, dtype=torch.int64)
    mask[0] = 0
    scores = Scores(loss=0.5, head_cosine=math.nan)
    event = case_scored("a", 7, scores, agreement(probabilities, mask), "mask", "reference")
    assert (event.case, event.step) == ("a", 7)
    assert (event.mask_sha256, event.reference_hash) == ("mask", "reference")
    assert event.structures == (StructureCounts(4, 8, 4),)
    assert set(event.scores) == {
        "loss", "dice", "foreground", "entropy", "soft_dice", "label_difference", "self_confidence"
    }  # fmt: skip
    assert event.score("loss") == 0.5
    assert event.score("dice") == pytest.approx(2 / 3)
    assert math.isnan(event.score("head_cosine"))
