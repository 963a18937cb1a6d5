"""The slow reference beside autograd itself, sample by sample."""

from __future__ import annotations

from collections.abc import Callable

import torch
from core.helpers import WEIGHTS, flat, own_gradients, squares
from torch import Tensor, nn

from napari_alnt.core import gradient, per_sample_loss
from napari_alnt.core.per_sample import ReferenceGradients

Patches = Callable[..., tuple[Tensor, Tensor]]
Batch = Callable[[nn.Module, int, int], tuple[Tensor, Tensor]]


def test_the_reference_is_a_backward_pass_for_every_sample(small: nn.Module, batch: Batch) -> None:
    net = small.double()
    images, targets = batch(net, 3, 0)
    samples = ReferenceGradients(net, images, targets)
    own = own_gradients(net, images, targets)
    torch.testing.assert_close(samples.losses, per_sample_loss(net(images), targets).detach())
    assert not samples.losses.requires_grad
    total = torch.stack([flat(one) for one in own]).T @ WEIGHTS
    torch.testing.assert_close(flat(samples.weighted_sum(WEIGHTS)), total, rtol=1e-9, atol=1e-12)
    dots = torch.stack([flat(one) @ flat(own[0]) for one in own])
    torch.testing.assert_close(samples.dot(own[0]), dots, rtol=1e-9, atol=0)
    name = next(iter(own[0]))
    torch.testing.assert_close(samples.grad_sample(name), torch.stack([one[name] for one in own]))
    torch.testing.assert_close(samples.norms(), torch.stack([flat(one).norm() for one in own]))


def test_a_sample_without_weight_has_no_part_not_even_as_nan(
    small: nn.Module, batch: Batch
) -> None:
    images, targets = batch(small, 3, 0)
    clean = ReferenceGradients(small, images[[0, 2]], targets[[0, 2]])
    images[1] = torch.nan
    samples = ReferenceGradients(small, images, targets)
    total = samples.weighted_sum(torch.tensor([0.3, 0.0, 0.7]))
    expected = clean.weighted_sum(torch.tensor([0.3, 0.7]))
    torch.testing.assert_close(flat(total), flat(expected), rtol=1e-4, atol=1e-7)
    assert flat(samples.weighted_sum(torch.zeros(3))).eq(0).all()


def test_where_samples_are_mixed_the_gradient_is_that_in_this_batch(patches: Patches) -> None:
    net = nn.Sequential(nn.Conv3d(1, 3, 1), nn.BatchNorm3d(3)).double()
    images, targets = patches(3, 0, (8, 8, 8))
    images = images.double()
    samples = ReferenceGradients(net, images, targets)
    losses = per_sample_loss(net(images), targets)
    for i, weights in enumerate(torch.eye(3, dtype=torch.float64)):
        expected = gradient(net, losses[i], retain=True)
        torch.testing.assert_close(flat(samples.weighted_sum(weights)), flat(expected))


def test_losses_that_are_known_cost_no_pass(small: nn.Module, batch: Batch) -> None:
    images, targets = batch(small, 2, 0)
    known = torch.tensor([1.0, 2.0])
    calls = []
    handle = small.register_forward_hook(lambda *_: calls.append(1))
    samples = ReferenceGradients(small, images, targets, squares, losses=known)
    assert samples.losses is known
    assert not calls
    samples.weighted_sum(torch.ones(2))
    assert len(calls) == 1
    handle.remove()
