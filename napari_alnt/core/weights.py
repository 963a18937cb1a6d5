"""ALNT's arithmetic: the expert gradient, trust, informativeness, and the weights they make."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.autograd.forward_ad as forward_ad
from torch import Tensor, nn
from torch.func import functional_call

from napari_alnt.core.losses import per_sample_loss
from napari_alnt.core.networks import Head, frozen, untouched_call
from napari_alnt.settings import Method, Scope, Similarity

Direction = dict[str, Tensor]
"""A gradient or a direction in the space of parameters: one tensor per parameter name."""

CONTROLS = ("UNIFORM", "RANDOM", "SMALL_LOSS", "EXPERTS")
"""Methods that weigh without looking at a gradient."""

_GUARD = 1e-6  # relative; equal samples must not fall below 1/B by rounding


@dataclass(frozen=True)
class Trust:
    """u_i = ⟨∇ℓ_i, g⟩ and ℓ_i ``(B,)``; logits ``(B, C, D, H, W)``; ``voxels (B, D, H, W)``, which sum to u."""

    u: Tensor
    losses: Tensor
    logits: Tensor
    voxels: Tensor


@dataclass(frozen=True)
class Weighed:
    """What the weighing says of each sample, all ``(B,)``, and the indices of samples that are not finite.

    ``cosine`` is nan unless it was asked for; dropped samples have weight 0.
    """

    weights: Tensor
    trust: Tensor
    cosine: Tensor
    informativeness: Tensor
    losses: Tensor
    dropped: tuple[int, ...]


def gradient(net: nn.Module, loss: Tensor) -> Direction:
    """∂loss/∂θ by parameter name; zeros where a parameter has no part. Nothing is accumulated in the network."""
    names, values = zip(*((n, p) for n, p in net.named_parameters() if p.requires_grad), strict=True)
    return dict(zip(names, torch.autograd.grad(loss, values, materialize_grads=True), strict=True))


def expert_gradient(net: nn.Module, images: Tensor, targets: Tensor) -> Direction:
    """g = ∇θ (1/V) Σ_v ℓ_v of ``images (V, 1, D, H, W)`` and ``targets (V, D, H, W)``; the network stays as it was."""
    with torch.enable_grad():
        logits = untouched_call(net, dict(net.named_parameters()), images)
        return gradient(net, per_sample_loss(logits, targets).mean())


def inner(a: Direction, b: Direction) -> Tensor:
    """⟨a, b⟩ over the parameters both have."""
    return torch.stack([torch.vdot(a[name].flatten(), b[name].flatten()) for name in a if name in b]).sum()


def norm(a: Direction) -> Tensor:
    """‖a‖₂ over all parameters."""
    length: Tensor = torch.stack([value.norm() for value in a.values()]).norm()
    return length


def trust(net: nn.Module, g: Direction, images: Tensor, targets: Tensor) -> Trust:
    """u_i = Σ_x s_i(x), s_i(x) = Σ_c ∂ℓ_i/∂z_c(x) · ż_c(x), with ż the derivative of the logits along g.

    One forward pass in forward mode; exact for every sample at once, and for one alone. ``images (B, 1, D, H, W)``,
    ``targets (B, D, H, W)``. The network's parameters, gradients, buffers, mode and generators stay as they were.
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


def informativeness(gradients: Tensor) -> Tensor:
    """m_i = mean |∂ℓ_i/∂W_head| ``(B,)`` of the head's per-sample ``gradients (B, *W)``."""
    return gradients.abs().flatten(1).mean(1)


def head_gradients(net: nn.Module, head: Head, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """∂ℓ_i/∂W_head ``(B, *W)`` and ℓ_i ``(B,)``: every sample alone, so the order in the batch has no part in it.

    The graph reaches back to the head only; its weight gradient is then taken sample by sample.
    """
    inputs: list[Tensor] = []
    slopes: list[Tensor] = []

    def record(_: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> None:
        inputs.append(args[0].detach().clone())
        # A hook, as an activation may overwrite the output in place.
        out.register_hook(slopes.append)  # type: ignore[no-untyped-call]

    weight = head.layer.get_parameter("weight").detach().requires_grad_()
    handle = head.layer.register_forward_hook(record)
    try:
        with torch.enable_grad():
            losses = per_sample_loss(untouched_call(net, {**frozen(net), head.name: weight}, images), targets)
            torch.autograd.grad(losses.sum(), weight)
    finally:
        handle.remove()
    pairs = zip(inputs[-1], slopes[-1], strict=True)
    return torch.stack([_head_gradient(head, weight, a, slope) for a, slope in pairs]), losses.detach()


def _head_gradient(head: Head, weight: Tensor, a: Tensor, slope: Tensor) -> Tensor:
    with torch.enable_grad():
        out = functional_call(head.layer, {"weight": weight}, (a[None],))
        return torch.autograd.grad(out, weight, slope[None])[0]


def cosines(net: nn.Module, g: Direction, images: Tensor, targets: Tensor) -> Tensor:
    """⟨∇ℓ_i, g⟩ / (‖∇ℓ_i‖ ‖g‖) ``(B,)``; 0 where a norm is 0. Costs one backward pass for every sample."""
    length = norm(g)
    values = []
    for image, target in zip(images, targets, strict=True):
        own = expert_gradient(net, image[None], target[None])
        values.append(inner(own, g) / (norm(own) * length).clamp(min=1e-30))
    return torch.stack(values)


def sample_weights(
    u: Tensor, m: Tensor, method: Method, trust_share: float = 0.5, losses: Tensor | None = None
) -> Tensor:
    """w_i = λ T_i + (1−λ) M_i ``(B,)``, T_i = max(u_i, 0)/Σ_j max(u_j, 0), M_i = m_i/Σ_j m_j; a sum of 0 gives all 0.

    λ is 1 for RGS, 0 for RGM, ``trust_share`` for RGSM and RGSM_AL, and RGSM_AL drops w_i < 1/B. The others are
    controls, see :func:`control_weights`; SMALL_LOSS needs ``losses (B,)``. Samples whose u or m is not finite have
    weight 0 and count nowhere, B included.
    """
    device, u, m = u.device, u.cpu(), m.cpu()  # not every device has float64
    finite = u.isfinite() & m.isfinite()
    count = max(int(finite.sum()), 1)
    if method in CONTROLS:
        return control_weights(finite, method, losses).to(device)
    share = {"RGS": 1.0, "RGM": 0.0}.get(method, trust_share)
    weights = share * _normalised(u, finite) + (1 - share) * _normalised(m, finite)
    if method == "RGSM_AL":
        weights = torch.where(weights < (1 - _GUARD) / count, 0.0, weights)
    return weights.float().to(device)


def control_weights(finite: Tensor, method: Method, losses: Tensor | None = None) -> Tensor:
    """Weights ``(B,)`` that look at no gradient, over the samples that are ``finite (B,)``.

    UNIFORM 1/B · RANDOM max(n_i, 0)/Σ max(n, 0), n normal (Ren et al., ICML 2018) · SMALL_LOSS 1/K for the
    K = ⌈B/2⌉ samples of smallest ``losses (B,)`` (Han et al., NeurIPS 2018) · EXPERTS 0, so that the experts' loss is
    all that is left.
    """
    ones = finite.float()
    if method == "EXPERTS":
        return 0 * ones
    if method == "RANDOM":
        return _normalised(torch.randn(len(finite)), finite).float()
    if method == "SMALL_LOSS":
        assert losses is not None
        ordered = torch.where(finite, losses.cpu(), torch.inf).argsort()
        kept = torch.zeros_like(ones)
        kept[ordered[: -(-int(finite.sum()) // 2)]] = 1
        ones = kept
    return ones / ones.sum().clamp(min=1)


def _normalised(values: Tensor, finite: Tensor) -> Tensor:
    # Summed in sorted order and in float64: the same bits in whatever order the samples come.
    positive = torch.where(finite, values.double(), 0.0).clamp(min=0)
    if positive.numel() == 0 or not (top := positive.max()) > 0:
        return torch.zeros_like(positive)
    scaled = positive / top
    return scaled / scaled.sort().values.sum()


def weigh(
    net: nn.Module,
    head: Head,
    g: Direction,
    images: Tensor,
    targets: Tensor,
    method: Method = "RGSM_AL",
    trust_share: float = 0.5,
    similarity: Similarity = "dot",
    scope: Scope = "all",
    standing: Tensor | None = None,
) -> Weighed:
    """Weigh ``images (B, 1, D, H, W)`` with ``targets (B, D, H, W)`` against the expert gradient g.

    With ``similarity`` "cosine" the cosine stands in for the dot product in T, with "path" ``standing (B,)`` does, the
    trust that the samples' cases have gathered along the training; with ``scope`` "head" both gradients are those of
    the last layer's weight alone, and the cosine is always there. The network stays as it was. A batch without a
    sample has no weights.
    """
    if len(images) == 0:
        none = images.new_zeros(0)
        return Weighed(none, none, none, none, none, dropped=())
    own, losses = head_gradients(net, head, images, targets)
    m = informativeness(own)
    if scope == "head":
        trusted, cosine = head_trust(own, g[head.name])
    else:
        trusted = trust(net, g, images, targets).u
        asked = similarity == "cosine"
        cosine = cosines(net, g, images, targets) if asked else torch.full_like(trusted, torch.nan)
    ok = losses.isfinite() & trusted.isfinite() & m.isfinite()
    measures = {"dot": trusted, "cosine": cosine, "path": trusted if standing is None else standing.to(losses)}
    u = torch.where(ok, measures[similarity], torch.nan)
    weights = sample_weights(u, m, method, trust_share, losses)
    bad = tuple((~(ok & u.isfinite())).nonzero().flatten().tolist())
    return Weighed(weights, trusted, cosine, m, losses, bad)


def head_trust(own: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """⟨∂ℓ_i/∂W_head, g_head⟩ ``(B,)`` and its cosine, of ``own (B, *W)`` and ``g (*W)``; 0 where a norm is 0."""
    flat, direction = own.flatten(1), g.flatten()
    u = flat @ direction
    return u, u / (flat.norm(dim=1) * direction.norm()).clamp(min=1e-30)
