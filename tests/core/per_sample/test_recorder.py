"""The fast ways beside the slow one: the same sums, products, single gradients and norms."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from core.helpers import WEIGHTS, Through, agree, flat, squares
from torch import Tensor, nn

from napari_alnt.core import (
    IGNORE,
    NETWORKS,
    build,
    gradient,
    head_layer,
    per_sample_loss,
    sample_gradients,
)
from napari_alnt.core.per_sample import HeadFirstGradients, LayerwiseGradients, ReferenceGradients
from napari_alnt.errors import AlntError

Patches = Callable[..., tuple[Tensor, Tensor]]


@pytest.mark.parametrize("micro_batch", [0, 2])
def test_a_network_in_float64(patches: Patches, micro_batch: int) -> None:
    images, targets = patches(3, 0)
    agree(build("unet_small", 3, seed=3).double(), images.double(), targets, micro_batch)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_float32(name: str, patches: Patches) -> None:
    images, targets = patches(3, 0, (32, 32, 32))
    fast = sample_gradients(build(name, 3, seed=3), images, targets)
    slow = ReferenceGradients(build(name, 3, seed=3), images, targets)
    direction = slow.weighted_sum(torch.ones(3) / 3)
    torch.testing.assert_close(fast.dot(direction), slow.dot(direction), rtol=1e-5, atol=0)
    total, ours = slow.weighted_sum(torch.ones(3)), fast.weighted_sum(torch.ones(3))
    length = torch.stack([value.norm() for value in total.values()]).norm()
    assert all((ours[name] - total[name]).norm() <= 1e-5 * length for name in total)


class _Shift(nn.Module):
    """The one kind of layer that autograd lets have its input overwritten: its gradient does not
    need it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(4, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.shift


class _Overwritten(Through):
    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        y = self.layer(x)
        x += 1.0
        return self.head(x + y)


class _Shared(Through):
    def __init__(self) -> None:
        super().__init__(nn.Conv3d(4, 4, 1))
        self.other = nn.Conv3d(4, 4, 1)
        self.other.weight = self.layer.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.other(self.layer(self.first(x))))


class _Functional(Through):
    def forward(self, x: Tensor) -> Tensor:
        return self.head(nn.functional.conv3d(self.first(x), self.layer.weight))


class _TwoInputs(Through):
    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return self.head(self.layer(x, x))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: _Overwritten(_Shift()), "'layer' is overwritten"),
        (_Shared, "share a parameter"),
        (lambda: _Functional(nn.Conv3d(4, 4, 1, bias=False)), "'layer' is not called"),
        (lambda: _TwoInputs(nn.Bilinear(1, 1, 1)), "more than one"),
        (lambda: Through(nn.BatchNorm3d(4)), "batch normalisation"),
    ],
)
def test_what_cannot_be_recorded_goes_the_slow_way(
    make: Callable[[], nn.Module], reason: str, patches: Patches
) -> None:
    net, (images, targets) = make().double(), patches(3, 0, (8, 8, 8))
    images = images.double()
    if reason == "more than one":
        net.layer.forward = lambda a, b: a * net.layer.weight.sum() + b * net.layer.bias  # type: ignore[method-assign]
    samples = sample_gradients(net, images, targets)
    assert isinstance(samples, ReferenceGradients)
    assert reason in samples.fallback_reason
    losses = per_sample_loss(net(images), targets)
    expected = torch.autograd.grad((WEIGHTS * losses).sum(), tuple(net.parameters()))
    for ours, value in zip(samples.weighted_sum(WEIGHTS).values(), expected, strict=True):
        torch.testing.assert_close(ours, value, rtol=1e-9, atol=1e-12)


def test_the_head_first_and_then_the_rest(patches: Patches) -> None:
    net = build("unet_small", 3, seed=3).double()
    images, targets = patches(3, 0)
    images = images.double()
    head = head_layer(net, images[:1])
    fast = sample_gradients(net, images, targets, head=head)
    slow = ReferenceGradients(net, images, targets)
    assert isinstance(fast, HeadFirstGradients)
    torch.testing.assert_close(fast.losses, slow.losses)
    single = slow.grad_sample(head.name).float()
    torch.testing.assert_close(fast.grad_sample(head.name), single)
    first = next(iter(slow.weighted_sum(WEIGHTS)))
    torch.testing.assert_close(fast.grad_sample(first), slow.grad_sample(first))
    direction = slow.weighted_sum(torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(fast.dot(direction), slow.dot(direction))
    torch.testing.assert_close(fast.norms(), slow.norms())
    for weights in (WEIGHTS, 2 * WEIGHTS):
        total = fast.weighted_sum(weights)
        for name, value in slow.weighted_sum(weights).items():
            torch.testing.assert_close(total[name], value, rtol=1e-9, atol=1e-12)
    images[1] = torch.nan
    broken = sample_gradients(net, images, targets, head=head)
    for name, value in slow.weighted_sum(WEIGHTS).items():
        torch.testing.assert_close(broken.weighted_sum(WEIGHTS)[name], value, rtol=1e-9, atol=1e-12)
    assert isinstance(
        sample_gradients(net, images, targets, 2, head=head), LayerwiseGradients
    )  # less memory


@pytest.mark.parametrize("make", [sample_gradients, ReferenceGradients])
@pytest.mark.parametrize("grad", [True, False])
def test_the_network_stays_as_it_was(
    small: nn.Module, patches: Patches, make: Callable[..., ReferenceGradients], grad: bool
) -> None:
    images, targets = patches(3, 0)
    per_sample_loss(small(images), targets).sum().backward()
    small.model[0].eval()  # mixed modes, too
    g = {name: p.grad.clone() for name, p in small.named_parameters() if p.grad is not None}
    before = copy.deepcopy((small.state_dict(), g, [m.training for m in small.modules()]))
    with torch.set_grad_enabled(grad):
        head = head_layer(small, images[:1])
        samples = make(small, images, targets)
        (
            samples.weighted_sum(torch.ones(3)),
            samples.dot(g),
            samples.grad_sample(head.name),
            samples.norms(),
        )
    after = (
        small.state_dict(),
        {n: p.grad for n, p in small.named_parameters()},
        [m.training for m in small.modules()],
    )
    assert before[2] == after[2]
    assert all(map(torch.equal, before[0].values(), after[0].values()))
    assert all(map(torch.equal, before[1].values(), after[1].values()))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in small.modules())


def test_nothing_and_nobody(small: nn.Module, patches: Patches) -> None:
    images, targets = patches(2, 0)
    targets[0] = IGNORE
    samples = sample_gradients(small, images, targets)
    assert all(value.eq(0).all() for value in samples.weighted_sum(torch.zeros(2)).values())
    assert samples.norms()[0] == 0
    assert samples.norms()[1] > 0


def test_half_precision_keeps_losses_and_trust_in_float32(
    small: nn.Module, patches: Patches
) -> None:
    images, targets = patches(3, 0, (32, 32, 32))
    exact = sample_gradients(small, images, targets)
    g = exact.weighted_sum(torch.ones(3) / 3)
    with torch.autocast("cpu", torch.bfloat16):
        half = sample_gradients(small, images, targets)
        assert isinstance(half, LayerwiseGradients)
        u, total = half.dot(g), half.weighted_sum(WEIGHTS.float())
    assert half.losses.dtype == u.dtype == torch.float32
    assert all(value.dtype == torch.float32 for value in total.values())
    assert not torch.equal(u, exact.dot(g))  # it was in fact computed otherwise
    torch.testing.assert_close(u, exact.dot(g), rtol=0.05, atol=0)
    a, b = (
        torch.cat([value.flatten() for value in way.weighted_sum(WEIGHTS.float()).values()])
        for way in (half, exact)
    )
    assert torch.nn.functional.cosine_similarity(a, b, dim=0) > 0.995


class _NormLast(nn.Sequential):
    """Batch normalisation behind the head mixes what the head's slopes are taken from."""

    def __init__(self, affine: bool) -> None:
        super().__init__(nn.Conv3d(1, 3, 1), nn.BatchNorm3d(3, affine=affine))


def test_batch_normalisation_behind_the_head_takes_the_slow_way(patches: Patches) -> None:
    net = _NormLast(affine=False).double()
    images, targets = patches(3, 0, (8, 8, 8))
    images = images.double()
    head = head_layer(net, images[:1])
    assert head.layer is net[0]
    samples = sample_gradients(net, images, targets, head=head)
    assert "batch normalisation after its last layer" in samples.fallback_reason
    losses = per_sample_loss(net(images), targets)
    own = [gradient(net, loss, retain=True)[head.name] for loss in losses]
    torch.testing.assert_close(samples.grad_sample(head.name), torch.stack(own))


def test_batch_normalisation_before_the_head_does_not_mix_its_gradients(patches: Patches) -> None:
    net = Through(nn.BatchNorm3d(4)).double()
    images, targets = patches(3, 0, (8, 8, 8))
    images = images.double()
    head = head_layer(net, images[:1])
    samples = sample_gradients(net, images, targets, head=head)
    assert isinstance(samples, HeadFirstGradients)
    losses = per_sample_loss(net(images), targets)
    own = [gradient(net, loss, retain=True)[head.name] for loss in losses]
    torch.testing.assert_close(samples.grad_sample(head.name), torch.stack(own).float())


class _TwiceHead(Through):
    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return self.head(x) + self.head(x.tanh())


def test_a_head_that_runs_twice_takes_the_slow_way(patches: Patches) -> None:
    net = _TwiceHead(nn.Identity()).double()
    images, targets = patches(3, 0, (8, 8, 8))
    samples = sample_gradients(
        net, images.double(), targets, head=head_layer(net, images[:1].double())
    )
    assert "more than once" in samples.fallback_reason


@pytest.mark.parametrize("way", ["all", "head", "slow"])
def test_a_loss_of_ones_own(small: nn.Module, patches: Patches, way: str) -> None:
    net = small.double()
    images, targets = patches(3, 0)
    images = images.double()
    head = head_layer(net, images[:1])
    samples = (
        ReferenceGradients(net, images, targets, squares)
        if way == "slow"
        else sample_gradients(
            net, images, targets, head=head if way == "head" else None, loss=squares
        )
    )
    losses = squares(net(images), targets)
    own = [gradient(net, loss, retain=True) for loss in losses]
    torch.testing.assert_close(samples.losses, losses.detach())
    single = torch.stack([one[head.name] for one in own])
    ours = samples.grad_sample(head.name).double()  # float32 where the head passed first
    torch.testing.assert_close(ours, single, rtol=1e-5, atol=1e-9)
    torch.testing.assert_close(samples.norms(), torch.stack([flat(one).norm() for one in own]))
    dots = torch.stack([flat(one) @ flat(own[0]) for one in own])
    torch.testing.assert_close(samples.dot(own[0]), dots)
    total = samples.weighted_sum(WEIGHTS)
    expected = gradient(net, (WEIGHTS * squares(net(images), targets)).sum())
    ordered = {name: total[name] for name in expected}
    torch.testing.assert_close(flat(ordered), flat(expected), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("with_head", [True, False])
def test_what_does_not_fit_is_said_in_a_sentence(
    small: nn.Module, patches: Patches, with_head: bool
) -> None:
    images, targets = patches(2, 0)
    head = head_layer(small, images[:1]) if with_head else None
    with pytest.raises(AlntError, match="drop the channel axis"):
        sample_gradients(small, images, targets[:, None], head=head)
    with pytest.raises(AlntError, match="volumes"):
        sample_gradients(small, images[:, :, 0], targets, head=head)
    with pytest.raises(AlntError, match="one number per sample"):
        sample_gradients(small, images, targets, head=head, loss=lambda z, _: z.mean())
    assert not any(layer._forward_hooks for layer in small.modules())
