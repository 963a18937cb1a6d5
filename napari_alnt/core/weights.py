"""ALNT's arithmetic: trust, informativeness, and the weights they make."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_alnt.core.directions import Direction, norm
from napari_alnt.core.distributed import ALONE, Together
from napari_alnt.core.networks import Head
from napari_alnt.core.per_sample.gradients import SampleGradients
from napari_alnt.settings import Method, Scope, Similarity

CONTROLS = ("UNIFORM", "RANDOM", "SMALL_LOSS", "EXPERTS")
"""Methods that weigh without looking at a gradient."""

_GUARD = 1e-6  # relative; equal samples must not fall below 1/B by rounding


@dataclass(frozen=True)
class Weighed:
    """What the weighing says of each sample, all ``(B,)``, and the indices of samples that are not
    finite.

    ``cosine`` is nan unless it was asked for; dropped samples have weight 0.
    """

    weights: Tensor
    trust: Tensor
    cosine: Tensor
    informativeness: Tensor
    losses: Tensor
    dropped: tuple[int, ...]


NOTHING = Weighed(*(torch.zeros(0),) * 5, dropped=())
"""What is said of a batch without a sample."""


def informativeness(gradients: Tensor) -> Tensor:
    """m_i = mean |∂ℓ_i/∂W_head| ``(B,)`` of the head's per-sample ``gradients (B, *W)``."""
    return gradients.abs().flatten(1).mean(1)


def sample_weights(
    u: Tensor, m: Tensor, method: Method, trust_share: float = 0.5, losses: Tensor | None = None
) -> Tensor:
    """w_i = λ T_i + (1−λ) M_i ``(B,)``, T_i = max(u_i, 0)/Σ_j max(u_j, 0), M_i = m_i/Σ_j m_j; a sum
    of 0 gives all 0.

    λ is 1 for RGS, 0 for RGM, ``trust_share`` for RGSM and RGSM_AL, and RGSM_AL drops w_i < 1/B.
    The others are controls, see :func:`control_weights`; SMALL_LOSS needs ``losses (B,)``. Samples
    whose u or m is not finite have weight 0 and count nowhere, B included.
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

    UNIFORM 1/B · RANDOM max(n_i, 0)/Σ max(n, 0), n normal (Ren et al., ICML 2018) · SMALL_LOSS 1/K
    for the K = ⌈B/2⌉ samples of smallest ``losses (B,)`` (Han et al., NeurIPS 2018) · EXPERTS 0, so
    that the experts' loss is all that is left.
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
    samples: SampleGradients,
    head: Head,
    g: Direction,
    method: Method = "RGSM_AL",
    trust_share: float = 0.5,
    similarity: Similarity = "dot",
    scope: Scope = "all",
    standing: Tensor | None = None,
    together: Together = ALONE,
) -> Weighed:
    """Weigh B ``samples`` against the expert gradient g.

    With ``similarity`` "cosine" the cosine ⟨∇ℓ_i, g⟩ / (‖∇ℓ_i‖ ‖g‖), 0 where a norm is 0, stands in
    for the dot product in T; with "path" ``standing (B,)`` does, the trust that the samples' cases
    have gathered along the training. With ``scope`` "head" both gradients are those of the last
    layer's weight alone, and the cosine is always there. What comes back speaks of the samples of
    all processes ``together``, ``(size·B,)``: weights are shares of the whole.
    """
    own = samples.rows(head.name)
    m, losses = informativeness(own), samples.losses
    if scope == "head":
        u, cosine = _along(own, g[head.name])
    else:
        u = samples.inner(g)
        asked = similarity == "cosine"
        cosine = (
            u / (samples.norms() * norm(g)).clamp(min=1e-30)
            if asked
            else torch.full_like(u, torch.nan)
        )
    u, m, cosine, losses = (together.gather(values) for values in (u, m, cosine, losses))
    ok = losses.isfinite() & u.isfinite() & m.isfinite()
    measures = {"dot": u, "cosine": cosine, "path": u if standing is None else standing.to(losses)}
    trusted = torch.where(ok, measures[similarity], torch.nan)
    weights = sample_weights(trusted, m, method, trust_share, losses)
    bad = tuple((~(ok & trusted.isfinite())).nonzero().flatten().tolist())
    return Weighed(weights, u, cosine, m, losses, bad)


def _along(own: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """⟨G_i, g⟩ ``(B,)`` and its cosine, of ``own (B, *W)`` and ``g (*W)``; 0 where a norm is 0."""
    flat, direction = own.flatten(1), g.flatten()
    u = (flat * direction).sum(1)
    return u, u / (flat.norm(dim=1) * direction.norm()).clamp(min=1e-30)
