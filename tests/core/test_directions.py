from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from core.helpers import expert_gradient, flat, own_gradients, squares
from torch import Tensor, nn

from napari_alnt.core import IGNORE, build, directional_derivative, gradient, per_sample_loss
from napari_alnt.core.directions import dot, norm, zeros

Patches = Callable[..., tuple[Tensor, Tensor]]
Batch = Callable[[nn.Module, int, int], tuple[Tensor, Tensor]]


def test_trust_is_the_dot_product_of_gradients(net: nn.Module, batch: Batch) -> None:
    images, targets = batch(net, 3, 0)
    g = expert_gradient(net, *batch(net, 2, 1))
    torch.testing.assert_close(
        flat(g), torch.stack([flat(o) for o in own_gradients(net, *batch(net, 2, 1))]).mean(0)
    )
    seen = directional_derivative(net, g, images, targets)
    dots = torch.stack([flat(own) @ flat(g) for own in own_gradients(net, images, targets)])
    torch.testing.assert_close(seen.u, dots, rtol=1e-9, atol=0)
    torch.testing.assert_close(seen.losses, per_sample_loss(net(images), targets).detach())
    torch.testing.assert_close(seen.logits, net(images).detach())


@pytest.mark.parametrize("name", ["unet_small", "unet", "segresnet"])
def test_trust_in_float32_is_that_of_gradients(name: str, patches: Patches) -> None:
    # At 16×16×32 the U-Net normalises over two voxels, whose gradients float32 itself cannot hold.
    net = build(name, 3, seed=3)
    images, targets = patches(2, 0, (32, 32, 32))
    g = expert_gradient(net, *patches(2, 1, (32, 32, 32)))
    dots = torch.stack(
        [flat(own).double() @ flat(g).double() for own in own_gradients(net, images, targets)]
    )
    u = directional_derivative(net, g, images, targets).u
    torch.testing.assert_close(u.double(), dots, rtol=5e-5, atol=0)


def test_trust_of_one_sample_is_its_trust_in_a_batch(net: nn.Module, batch: Batch) -> None:
    images, targets = batch(net, 3, 0)
    g = expert_gradient(net, *batch(net, 2, 1))
    alone = torch.cat(
        [directional_derivative(net, g, images[i : i + 1], targets[i : i + 1]).u for i in range(3)]
    )
    torch.testing.assert_close(directional_derivative(net, g, images, targets).u, alone)


def test_the_voxel_map_sums_to_trust_and_is_0_where_unknown(small: nn.Module, batch: Batch) -> None:
    images, targets = batch(small, 2, 0)
    g = expert_gradient(small, *batch(small, 2, 1))
    seen = directional_derivative(small, g, images, targets)
    torch.testing.assert_close(seen.voxels.flatten(1).sum(1), seen.u, rtol=1e-4, atol=0)
    assert seen.voxels[targets == IGNORE].eq(0).all()
    # A single number smeared over the voxels would sum to u as well: the map must tell voxels
    # apart.
    assert seen.voxels.min() < 0 < seen.voxels.max()


def test_the_derivative_is_that_of_a_small_step(small: nn.Module, batch: Batch) -> None:
    """The definition itself: ℓ_i(θ + h·g) − ℓ_i(θ − h·g) over 2h."""
    net = small.double()
    images, targets = batch(net, 2, 0)
    g = expert_gradient(net, *batch(net, 2, 1))

    def losses_at(h: float) -> Tensor:
        moved = {name: p + h * g[name] for name, p in net.named_parameters()}
        return per_sample_loss(torch.func.functional_call(net, moved, (images,)), targets).detach()

    slope = (losses_at(1e-5) - losses_at(-1e-5)) / 2e-5
    u = directional_derivative(net, g, images, targets).u
    torch.testing.assert_close(u, slope, rtol=1e-4, atol=0)


def test_the_derivative_of_a_loss_of_ones_own(small: nn.Module, batch: Batch) -> None:
    images, targets = batch(small, 2, 0)
    g = expert_gradient(small, *batch(small, 2, 1))
    seen = directional_derivative(small, g, images, targets, squares)
    own = [gradient(small, squares(small(images), targets)[i]) for i in range(2)]
    torch.testing.assert_close(seen.u, torch.stack([dot(one, g) for one in own]), rtol=1e-4, atol=0)
    torch.testing.assert_close(seen.losses, squares(small(images), targets).detach())
    torch.testing.assert_close(seen.voxels.flatten(1).sum(1), seen.u, rtol=1e-4, atol=0)


def test_along_part_of_the_parameters_the_others_stand_still(
    small: nn.Module, batch: Batch
) -> None:
    images, targets = batch(small, 2, 0)
    g = expert_gradient(small, *batch(small, 2, 1))
    name = next(iter(g))
    own = own_gradients(small, images, targets)
    expected = torch.stack([(one[name] * g[name]).sum() for one in own])
    seen = directional_derivative(small, {name: g[name]}, images, targets)
    torch.testing.assert_close(seen.u, expected, rtol=1e-3, atol=1e-7)
    assert directional_derivative(small, {}, images, targets).u.eq(0).all()


def test_a_gradient_leaves_nothing_in_the_network(small: nn.Module, batch: Batch) -> None:
    images, targets = batch(small, 1, 0)
    loss = per_sample_loss(small(images), targets).sum()
    first = gradient(small, loss, retain=True)
    again = gradient(small, loss)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert all(p.grad is None for p in small.parameters())


def test_parameters_without_a_part_have_a_gradient_of_0() -> None:
    net = nn.ModuleDict({"used": nn.Linear(2, 1), "unused": nn.Linear(2, 1)})
    net["used"].bias.requires_grad_(False)
    found = gradient(net, net["used"](torch.ones(2)).sum())
    assert set(found) == {"used.weight", "unused.weight", "unused.bias"}
    assert found["used.weight"].eq(1).all()
    assert found["unused.weight"].eq(0).all()
    assert set(zeros(net)) == set(found)


def test_products_and_lengths() -> None:
    a = {"x": torch.tensor([3.0, 0.0]), "y": torch.tensor([[4.0]])}
    assert norm(a) == 5
    assert dot(a, a) == 25
    assert dot(a, {"y": torch.tensor([[2.0]])}) == 8  # over what both have
