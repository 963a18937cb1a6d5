"""Gradients and directions in the space of a network's parameters, and the derivative of the logits
along one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.autograd.forward_ad as forward_ad
from torch import Tensor, nn

from napari_alnt.core.losses import per_sample_loss
from napari_alnt.core.networks import frozen, untouched_call

Direction = dict[str, Tensor]
"""A gradient or a direction in the space of parameters: one tensor per parameter name."""


@dataclass(frozen=True)
class Trust:
    """u_i = ⟨∇ℓ_i, g⟩ and ℓ_i ``(B,)``; logits ``(B, C, D, H, W)``; ``voxels (B, D, H, W)``, which
    sum to u.
    """

    u: Tensor
    losses: Tensor
    logits: Tensor
    voxels: Tensor


def gradient(net: nn.Module, loss: Tensor, retain: bool = False) -> Direction:
    """∂loss/∂θ by parameter name; zeros where a parameter has no part. Nothing is accumulated in
    the network.

    ``retain`` keeps the graph for another time.
    """
    names, values = zip(
        *((n, p) for n, p in net.named_parameters() if p.requires_grad), strict=True
    )
    return dict(
        zip(
            names,
            torch.autograd.grad(loss, values, retain_graph=retain, materialize_grads=True),
            strict=True,
        )
    )


def expert_gradient(net: nn.Module, images: Tensor, targets: Tensor) -> Direction:
    """g = ∇θ (1/V) Σ_v ℓ_v of ``images (V, 1, D, H, W)`` and ``targets (V, D, H, W)``; the network
    stays as it was.
    """
    with torch.enable_grad():
        logits = untouched_call(net, dict(net.named_parameters()), images)
        return gradient(net, per_sample_loss(logits, targets).mean())


def zeros(net: nn.Module) -> Direction:
    """No direction at all: a zero for every trained parameter."""
    return {name: torch.zeros_like(p) for name, p in net.named_parameters() if p.requires_grad}


def inner(a: Direction, b: Direction) -> Tensor:
    """⟨a, b⟩ over the parameters both have."""
    return torch.stack(
        [torch.vdot(a[name].flatten(), b[name].flatten()) for name in a if name in b]
    ).sum()


def norm(a: Direction) -> Tensor:
    """‖a‖₂ over all parameters."""
    length: Tensor = torch.stack([value.norm() for value in a.values()]).norm()
    return length


def trust(net: nn.Module, g: Direction, images: Tensor, targets: Tensor) -> Trust:
    """u_i = Σ_x s_i(x), s_i(x) = Σ_c ∂ℓ_i/∂z_c(x) · ż_c(x), with ż the derivative of the logits
    along g.

    One forward pass in forward mode; exact for every sample at once, and for one alone. ``images
    (B, 1, D, H, W)``, ``targets (B, D, H, W)``. The network's parameters, gradients, buffers, mode
    and generators stay as they were.
    """
    logits, tangent = logits_along(net, g, images)
    return trust_of(logits, tangent, targets)


def logits_along(net: nn.Module, g: Direction, images: Tensor) -> tuple[Tensor, Tensor]:
    """(z, ż): the logits ``(B, C, D, H, W)`` and their derivative along g, by forward mode."""
    with torch.no_grad(), forward_ad.dual_level():
        dual = {n: _dual(p, g[n]) if n in g else p for n, p in frozen(net).items()}
        logits, tangent = forward_ad.unpack_dual(untouched_call(net, dual, images))  # type: ignore[no-untyped-call]
        return logits.clone(), torch.zeros_like(logits) if tangent is None else tangent.clone()


def _dual(value: Tensor, slope: Tensor) -> Tensor:
    dual: Tensor = forward_ad.make_dual(value, slope)  # type: ignore[no-untyped-call]
    return dual


def trust_of(logits: Tensor, tangent: Tensor, targets: Tensor) -> Trust:
    """Trust from (z, ż), both ``(B, C, D, H, W)``."""
    with torch.enable_grad():
        z = logits.detach().requires_grad_()
        losses = per_sample_loss(z, targets)
        (slope,) = torch.autograd.grad(losses.sum(), z)
    voxels = (slope * tangent).sum(1)
    return Trust(voxels.flatten(1).sum(1), losses.detach(), logits, voxels)
