"""Directions in the space of a network's parameters, and derivatives along them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.autograd.forward_ad as forward_ad
from torch import Tensor, nn

from napari_alnt.core.losses import Loss, losses_of, per_sample_loss
from napari_alnt.core.networks import frozen, untouched_call
from napari_alnt.core.shapes import check_images, check_logits

Direction = dict[str, Tensor]
"""A vector in the space of parameters, such as a gradient: one tensor per parameter name."""


@dataclass(frozen=True)
class DirectionalDerivative:
    """The derivative of the losses along a direction g of the parameters.

    Attributes
    ----------
    u : ⟨∇ℓ_i, g⟩ ``(B,)``
    losses : ℓ_i ``(B,)``
    logits : z ``(B, C, D, H, W)``
    voxels : s_i ``(B, D, H, W)``, each voxel's part in u_i; the sum over the voxels is u_i
    """

    u: Tensor
    losses: Tensor
    logits: Tensor
    voxels: Tensor


def gradient(net: nn.Module, loss: Tensor, retain: bool = False) -> Direction:
    """∂loss/∂θ of a scalar ``loss`` with a graph; nothing is accumulated in the network.

    Parameters on which the loss does not depend have zeros; ``retain`` keeps the graph for another
    backward pass.
    """
    parameters = {name: p for name, p in net.named_parameters() if p.requires_grad}
    slopes = torch.autograd.grad(
        loss, tuple(parameters.values()), retain_graph=retain, materialize_grads=True
    )
    return dict(zip(parameters, slopes, strict=True))


def zeros(net: nn.Module) -> Direction:
    """A zero for every trained parameter."""
    return {name: torch.zeros_like(p) for name, p in net.named_parameters() if p.requires_grad}


def dot(a: Direction, b: Direction) -> Tensor:
    """⟨a, b⟩ over the parameters that both have."""
    products = [torch.vdot(a[name].flatten(), b[name].flatten()) for name in a if name in b]
    return torch.stack(products).sum()


def norm(a: Direction) -> Tensor:
    """‖a‖₂ over all parameters."""
    length: Tensor = torch.stack([value.norm() for value in a.values()]).norm()
    return length


def directional_derivative(
    net: nn.Module, g: Direction, images: Tensor, targets: Tensor, loss: Loss = per_sample_loss
) -> DirectionalDerivative:
    """u_i = dℓ_i(θ + h·g)/dh at h = 0, and each voxel's part in it, by one pass in forward mode.

    Parameters
    ----------
    net : the network; its parameters, gradients, buffers, mode and generators stay as they were
    g : the direction, by parameter name; parameters that it does not name stand still
    images : ``(B, 1, D, H, W)``
    targets : ``(B, D, H, W)`` int64, or what ``loss`` takes
    loss : logits and targets to ``(B,)``

    Returns
    -------
    The derivative of every sample's loss: with ż the derivative of the logits along g,
    u_i = Σ_x s_i(x) and s_i(x) = Σ_c ∂ℓ_i/∂z_c(x) · ż_c(x). It is exact.
    """
    check_images(images)
    logits, tangent = logits_along(net, g, images)
    return loss_derivative(logits, tangent, targets, loss)


def logits_along(net: nn.Module, g: Direction, images: Tensor) -> tuple[Tensor, Tensor]:
    """(z, ż): the logits and their derivative along ``g``, both ``(B, C, D, H, W)``."""
    with torch.no_grad(), forward_ad.dual_level():
        dual = {n: _dual(p, g[n]) if n in g else p for n, p in frozen(net).items()}
        output = untouched_call(net, dual, images)
        check_logits(output)
        logits, tangent = forward_ad.unpack_dual(output)  # type: ignore[no-untyped-call]
        # without a tangent the logits depend on nothing that moves
        return logits.clone(), torch.zeros_like(logits) if tangent is None else tangent.clone()


def _dual(value: Tensor, slope: Tensor) -> Tensor:
    dual: Tensor = forward_ad.make_dual(value, slope)  # type: ignore[no-untyped-call]
    return dual


def loss_derivative(
    logits: Tensor, tangent: Tensor, targets: Tensor, loss: Loss = per_sample_loss
) -> DirectionalDerivative:
    """The derivative from (z, ż), both ``(B, C, D, H, W)``, and targets ``(B, D, H, W)``."""
    with torch.enable_grad():
        z = logits.detach().requires_grad_()
        losses = losses_of(loss, z, targets)
        (slope,) = torch.autograd.grad(losses.sum(), z)
    # the chain rule: ∂ℓ/∂z backward, ż forward; they meet at the logits
    voxels = (slope * tangent).sum(1)
    return DirectionalDerivative(voxels.flatten(1).sum(1), losses.detach(), logits, voxels)
