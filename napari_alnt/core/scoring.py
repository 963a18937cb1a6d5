"""The ranking's own pass: un-normalised scores of a whole case, comparable between cases."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from napari_alnt.core.inference import Shape, evaluating, slide
from napari_alnt.core.losses import IGNORE, per_sample_loss
from napari_alnt.core.networks import Head
from napari_alnt.core.weights import Direction, gradient, inner, logits_along, norm, trust_of


@dataclass(frozen=True)
class Scores:
    """⟨G, g⟩, its cosine, the cosine over the head's weight alone, mean |G_head|, mean loss; nan if not finite."""

    trust: float
    cosine: float
    head_cosine: float
    informativeness: float
    loss: float


class VoxelTrust(NamedTuple):
    """``voxels (D, H, W)`` whose sum is ``u``, and the blended ``logits (C, D, H, W)`` of the same pass."""

    voxels: Tensor
    u: float
    logits: Tensor


def expert_direction(net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> Direction:
    """The mean gradient over all patches of ``batches`` of (images (B, 1, D, H, W), targets (B, D, H, W)).

    Accumulated, so memory is that of one batch. The network stays as it was; no patch gives zeros.
    """
    total, _ = _mean_gradient(net, batches)
    return total


def score_case(net: nn.Module, head: Head, g: Direction, images: Tensor, targets: Tensor, batch: int = 4) -> Scores:
    """Score a case by G, the gradient of the mean loss over its K patches.

    ``images (K, 1, D, H, W)`` and ``targets (K, D, H, W)`` pass in pieces of ``batch``. The network stays as it was.
    """
    pieces = [slice(start, start + batch) for start in range(0, len(images), batch)]
    own, loss = _mean_gradient(net, ((images[piece], targets[piece]) for piece in pieces))
    name = head.name
    scores = (
        float(inner(own, g)),
        _cosine(own, g),
        _cosine({name: own[name]}, {name: g[name]}),
        float(own[name].abs().mean()),
        loss,
    )
    return Scores(*(value if math.isfinite(value) else math.nan for value in scores))


def _mean_gradient(net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> tuple[Direction, float]:
    total = {name: torch.zeros_like(p) for name, p in net.named_parameters() if p.requires_grad}
    loss, count = 0.0, 0
    device = next(net.parameters()).device
    with evaluating(net), torch.enable_grad():
        for images, targets in batches:
            summed = per_sample_loss(net(images.to(device)), targets.to(device)).sum()
            for name, part in gradient(net, summed).items():
                total[name] += part
            loss, count = loss + float(summed.detach()), count + len(images)
    return {name: value / max(count, 1) for name, value in total.items()}, loss / count if count else math.nan


def _cosine(a: Direction, b: Direction) -> float:
    length = float(norm(a)) * float(norm(b))
    return float(inner(a, b)) / length if length > 0 else math.nan


def entropy(probabilities: Tensor, mask: Tensor) -> float:
    """Mean over the voxels R of −Σ_c p_c ln p_c / ln C, between 0 (sure) and 1.

    R: the known voxels (``mask (D, H, W)`` is not ``IGNORE``) where the mask or the most probable class of
    ``probabilities (C, D, H, W)`` is foreground; nan where R is empty.
    """
    region = ((mask > 0) | (probabilities.argmax(0) > 0)) & (mask != IGNORE)
    if not region.any():
        return math.nan
    p = probabilities[:, region].double()
    return float(-torch.xlogy(p, p).sum(0).mean() / math.log(len(probabilities)))


def voxel_trust(
    net: nn.Module, g: Direction, image: Tensor, target: Tensor, patch: Shape, overlap: float = 0.25, batch: int = 2
) -> VoxelTrust:
    """s(x) = Σ_c ∂ℓ/∂z_c(x) · ż_c(x) of a whole case, ``image (1, 1, D, H, W)`` and ``target (1, D, H, W)``.

    z and ż come from sliding windows and are blended alike, so s sums to the derivative along g of the whole-case loss.
    """
    logits, tangent = slide(net, lambda window: logits_along(net, g, window), image, patch, overlap, batch)
    seen = trust_of(logits, tangent, target.cpu())
    return VoxelTrust(seen.voxels[0], float(seen.u), logits[0])
