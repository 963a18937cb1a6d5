"""ALNT's arithmetic: trust, informativeness, and the weights they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from napari_alnt.core.directions import Direction, norm
from napari_alnt.core.distributed import SINGLE, ProcessGroup
from napari_alnt.core.networks import Head
from napari_alnt.core.per_sample.gradients import SampleGradients
from napari_alnt.errors import AlntError
from napari_alnt.settings import Method, Weighting

CONTROLS = ("UNIFORM", "RANDOM", "SMALL_LOSS", "EXPERTS")
"""Methods that weigh without looking at a gradient."""

_GUARD = 1e-6  # relative; equal samples must not fall below 1/B by rounding
_TINY = 1e-30  # makes a cosine 0 where a norm is 0


@dataclass(frozen=True)
class SampleWeights:
    """What the weighing says of each sample.

    Attributes
    ----------
    weights : w_i ``(B,)``; 0 where a sample was dropped
    trust : what enters T_i before it is normalised ``(B,)``: the dot product, the cosine or the
        loss rank, as the weighting asks; nan where a sample was dropped
    dot : u_i = ⟨∇ℓ_i, g⟩ ``(B,)``
    cosine : u_i / (‖∇ℓ_i‖ ‖g‖) ``(B,)``; nan unless it was asked for or costs nothing
    informativeness : m_i ``(B,)``
    losses : ℓ_i ``(B,)``
    dropped : indices of samples that are not finite
    """

    weights: Tensor
    trust: Tensor
    dot: Tensor
    cosine: Tensor
    informativeness: Tensor
    losses: Tensor
    dropped: tuple[int, ...]

    @classmethod
    def empty(cls) -> SampleWeights:
        """What is said of a batch without a sample."""
        return cls(*(torch.zeros(0),) * 6, dropped=())

    def tuples(self) -> dict[str, Any]:
        """Every tensor as a tuple of plain numbers, by the field's name."""
        tensors = {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}
        return {name: tuple(value.tolist()) for name, value in tensors.items()}


def informativeness(gradients: Tensor) -> Tensor:
    """m_i = mean |∂ℓ_i/∂W_head| ``(B,)`` of the head's per-sample ``gradients (B, *W)``."""
    return gradients.abs().flatten(1).mean(1)


def sample_weights(
    u: Tensor, m: Tensor, method: Method, trust_share: float = 0.5, losses: Tensor | None = None
) -> Tensor:
    """w_i = λ T_i + (1−λ) M_i, of T_i = max(u_i, 0)/Σ_j max(u_j, 0) and M_i = m_i/Σ_j m_j.

    Parameters
    ----------
    u : trust ``(B,)``
    m : informativeness ``(B,)``
    method : λ is 1 with RGS, 0 with RGM, ``trust_share`` with RGSM and RGSM_AL; RGSM_AL drops
        w_i < 1/B; the others are controls, see :func:`control_weights`
    trust_share : λ
    losses : ``(B,)``, which SMALL_LOSS needs

    Returns
    -------
    w_i ``(B,)``. A sum of 0 gives all 0. Samples whose u or m is not finite have weight 0 and count
    nowhere, B included.
    """
    device = u.device
    u, m = u.cpu(), m.cpu()  # not every device has float64
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
        if losses is None:
            raise AlntError("The method SMALL_LOSS weighs by losses; give those of the samples.")
        ordered = torch.where(finite, losses.cpu(), torch.inf).argsort()
        kept = torch.zeros_like(ones)
        kept[ordered[: -(-int(finite.sum()) // 2)]] = 1  # ⌈B/2⌉ of the finite ones
        ones = kept
    return ones / ones.sum().clamp(min=1)


def _normalised(values: Tensor, finite: Tensor) -> Tensor:
    # Summed in sorted order and in float64: the same bits in whatever order the samples come.
    positive = torch.where(finite, values.double(), 0.0).clamp(min=0)
    if positive.numel() == 0 or not (top := positive.max()) > 0:
        return torch.zeros_like(positive)
    # divided by the largest first, as a sum of large numbers could be infinite
    scaled = positive / top
    return scaled / scaled.sort().values.sum()


def weigh(
    samples: SampleGradients,
    head: Head,
    g: Direction,
    weighting: Weighting,
    loss_rank: Tensor | None = None,
    group: ProcessGroup = SINGLE,
) -> SampleWeights:
    """Weigh B samples against the expert gradient, by :func:`sample_weights`.

    Parameters
    ----------
    samples : the gradients ∇ℓ_i of this process's B samples
    head : the last layer, whose gradient makes informativeness
    g : the expert gradient, one tensor per parameter name
    weighting : how samples are weighed; with ``scope`` "head" both gradients are those of the last
        layer's weight alone, and the cosine costs nothing
    loss_rank : ``(size·B,)``, trust with the measure "loss_rank": the place of each sample's case
        among the pool by its running loss, 0 for the highest loss, 1 for the lowest
    group : the processes that take this step together

    Returns
    -------
    The weights of the samples of all processes, ``(size·B,)`` in the order of rank, as shares of
    the whole step.

    Raises
    ------
    AlntError
        If trust is to be the loss rank, and there is none.

    Notes
    -----
    The cosine is ⟨∇ℓ_i, g⟩ / (‖∇ℓ_i‖ ‖g‖), and 0 where a norm is 0.
    """
    own = samples.grad_sample(head.name)
    if weighting.scope == "head":
        u, cosine = _along(own, g[head.name])
    else:
        u = samples.dot(g)
        cosine = torch.full_like(u, torch.nan)
        if weighting.trust_measure == "cosine":
            cosine = u / (samples.norms() * norm(g)).clamp(min=_TINY)
    # from here on the samples of all processes
    u = group.gather(u)
    cosine = group.gather(cosine)
    m = group.gather(informativeness(own))
    losses = group.gather(samples.losses)
    measured = {"dot": u, "cosine": cosine, "loss_rank": loss_rank}[weighting.trust_measure]
    if measured is None:
        raise AlntError("Trust by 'loss_rank' needs the loss rank of each sample, loss_rank (B,).")
    # one sample that is not finite must not make the weights of all nan
    ok = losses.isfinite() & u.isfinite() & m.isfinite()
    trust = torch.where(ok, measured.to(losses), torch.nan)
    weights = sample_weights(trust, m, weighting.method, weighting.trust_share, losses)
    bad = tuple((~(ok & trust.isfinite())).nonzero().flatten().tolist())
    return SampleWeights(weights, trust, u, cosine, m, losses, bad)


def _along(own: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """⟨G_i, g⟩ ``(B,)`` and its cosine, of ``own (B, *W)`` and ``g (*W)``; 0 where a norm is 0."""
    flat = own.flatten(1)
    direction = g.flatten()
    u = (flat * direction).sum(1)
    return u, u / (flat.norm(dim=1) * direction.norm()).clamp(min=_TINY)
