"""The ranking's own pass: scores of a whole case that are not normalised, so that cases can be
compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from napari_alnt.core.agreement import Agreement
from napari_alnt.core.directions import (
    Direction,
    dot,
    gradient,
    logits_along,
    loss_derivative,
    norm,
    zeros,
)
from napari_alnt.core.inference import Shape, evaluating, slide
from napari_alnt.core.losses import IGNORE, Loss, losses_of, per_sample_loss
from napari_alnt.core.networks import Head, frozen
from napari_alnt.core.shapes import check_images
from napari_alnt.events import CaseScored, StructureCounts
from napari_alnt.settings import Scope

Pieces = Iterable[tuple[Tensor, Tensor]]
"""Batches of images ``(B, 1, D, H, W)`` and targets ``(B, D, H, W)``."""


@dataclass(frozen=True)
class Scores:
    """What a case's mean gradient G over its patches says; nan where it is not finite or was not
    asked for.

    Attributes
    ----------
    dot : ⟨G, g⟩ over all parameters
    cosine : ⟨G, g⟩/‖G‖‖g‖ over all parameters; low is suspicious
    norm : ‖G‖ over all parameters
    head_dot : ⟨G, g⟩ over the weight of the last layer
    head_cosine : the cosine over it
    voxel_trust : Σ_x s(x)/Σ_x |s(x)| over the voxels where the mask or the network marks a
        structure, −1…1; s as in :func:`voxel_trust`
    informativeness : mean |G_head| with the mask as the target
    self_informativeness : the same with the most probable class as the target (BADGE, Ash et al.,
        ICLR 2020)
    loss : the mean loss; high is suspicious
    """

    dot: float = math.nan
    cosine: float = math.nan
    norm: float = math.nan
    head_dot: float = math.nan
    head_cosine: float = math.nan
    voxel_trust: float = math.nan
    informativeness: float = math.nan
    self_informativeness: float = math.nan
    loss: float = math.nan


class VoxelTrust(NamedTuple):
    """Which voxels of a mask agree with the experts.

    Attributes
    ----------
    voxels : s ``(D, H, W)``, whose sum is ``u``
    u : the derivative of the case's loss along the direction
    logits : blended from the windows of the same pass ``(C, D, H, W)``
    """

    voxels: Tensor
    u: float
    logits: Tensor


def expert_direction(
    net: nn.Module, batches: Pieces, head: Head | None = None, loss: Loss = per_sample_loss
) -> Direction:
    """The mean gradient over all patches of the batches; zeros if there are none.

    With a ``head``, the gradient of its weight alone, which costs little more than a forward pass.
    Memory is that of one batch. The network stays as it was.
    """
    if head is None:
        return _mean_gradient(net, batches, loss)
    return {head.name: _head_means(net, head, batches, loss).from_mask}


def score_case(
    net: nn.Module,
    head: Head,
    g: Direction,
    images: Tensor,
    targets: Tensor,
    batch: int = 4,
    scope: Scope = "all",
    loss: Loss = per_sample_loss,
) -> Scores:
    """Score a case by G, the gradient of the mean loss over its K patches.

    Parameters
    ----------
    net : the network, which stays as it was
    head : its last layer
    g : the expert direction; with the scope "head" only its part of the last layer is read
    images : ``(K, 1, D, H, W)``
    targets : ``(K, D, H, W)`` int64, classes 0…C−1 or IGNORE
    batch : patches that pass together
    scope : with "head" what looks beyond the last layer is nan, and no pass goes backward
    loss : logits and targets to ``(B,)``
    """
    check_images(images)
    pieces = in_pieces(images, targets, batch)
    means = _head_means(net, head, pieces, loss)
    # a direction of one parameter, so that the same products serve both scopes
    own = {head.name: means.from_mask}
    direction = {head.name: g[head.name]}
    values = {
        "head_dot": float(dot(own, direction)),
        "head_cosine": _cosine(own, direction),
        "informativeness": float(means.from_mask.abs().mean()),
        "self_informativeness": float(means.from_prediction.abs().mean()),
        "loss": means.loss,
    }
    if scope == "all":
        full = _mean_gradient(net, pieces, loss)
        values["dot"] = float(dot(full, g))
        values["cosine"] = _cosine(full, g)
        values["norm"] = float(norm(full))
        values["voxel_trust"] = _voxel_ratio(net, g, pieces, loss)
    return Scores(**{name: value for name, value in values.items() if math.isfinite(value)})


def case_scored(
    case: str,
    step: int,
    scores: Scores,
    agreement: Agreement,
    mask_sha256: str = "",
    reference_hash: str = "",
) -> CaseScored:
    """The event that keeps a case's scores: those that are numbers and finite, and the voxel counts
    of each structure.
    """
    values = asdict(scores) | asdict(agreement)
    kinds = ("mask_voxels", "predicted_voxels", "overlap_voxels")
    counts = zip(*(values.pop(kind) for kind in kinds), strict=True)
    return CaseScored(
        case=case,
        step=step,
        mask_sha256=mask_sha256,
        reference_hash=reference_hash,
        scores={name: float(value) for name, value in values.items() if math.isfinite(value)},
        structures=tuple(StructureCounts(*one) for one in counts),
    )


def voxel_trust(
    net: nn.Module,
    g: Direction,
    image: Tensor,
    target: Tensor,
    patch: Shape,
    overlap: float = 0.25,
    batch: int = 2,
    loss: Loss = per_sample_loss,
) -> VoxelTrust:
    """s(x) = Σ_c ∂ℓ/∂z_c(x) · ż_c(x) of a whole case: negative where the mask contradicts the
    experts.

    The logits z and their derivative ż along g come from sliding windows and are blended alike, so
    that s sums to the derivative along g of the loss of the whole case.

    Parameters
    ----------
    net : the network, which stays as it was
    g : the expert direction
    image : ``(1, 1, D, H, W)``
    target : ``(1, D, H, W)`` int64
    patch : voxels z y x of a window
    overlap : share by which windows overlap
    batch : windows that pass together
    loss : logits and targets to ``(B,)``
    """
    check_images(image)
    logits, tangent = slide(
        net, lambda window: logits_along(net, g, window), image, patch, overlap, batch
    )
    seen = loss_derivative(logits, tangent, target.cpu(), loss)
    return VoxelTrust(seen.voxels[0], float(seen.u), logits[0])


def in_pieces(images: Tensor, targets: Tensor, size: int) -> list[tuple[Tensor, Tensor]]:
    """Batches of at most ``size`` samples; none if there is no sample."""
    return [(images[at : at + size], targets[at : at + size]) for at in range(0, len(images), size)]


def _mean_gradient(net: nn.Module, batches: Pieces, loss: Loss) -> Direction:
    total = zeros(net)
    count = 0
    device = next(net.parameters()).device
    with evaluating(net), torch.enable_grad():
        for images, targets in batches:
            losses = losses_of(loss, net(images.to(device)), targets.to(device))
            for name, part in gradient(net, losses.sum()).items():
                total[name] += part
            count += len(images)
    return {name: value / max(count, 1) for name, value in total.items()}


class _HeadMeans(NamedTuple):
    """Means over patches: the gradient of the last layer's weight with the mask and with the most
    probable class as the target, and the loss of the mask.
    """

    from_mask: Tensor
    from_prediction: Tensor
    loss: float


def _head_means(net: nn.Module, head: Head, batches: Pieces, loss: Loss) -> _HeadMeans:
    """One forward pass; its graph begins at the last layer, as all before it is frozen."""
    weight = head.layer.get_parameter("weight").detach().requires_grad_()
    from_mask = torch.zeros_like(weight)
    from_prediction = torch.zeros_like(weight)
    loss_sum = 0.0
    count = 0
    parameters = {**frozen(net), head.name: weight}
    with evaluating(net), torch.enable_grad():
        for images, targets in batches:
            targets = targets.to(weight.device)
            logits = functional_call(net, parameters, (images.to(weight.device),))
            losses = losses_of(loss, logits, targets).sum()
            # two targets, one forward pass: the graph is kept for the second
            from_mask += torch.autograd.grad(losses, weight, retain_graph=True)[0]
            predicted = torch.where(targets == IGNORE, IGNORE, logits.max(1).indices)
            own = losses_of(loss, logits, predicted).sum()
            from_prediction += torch.autograd.grad(own, weight)[0]
            loss_sum += float(losses.detach())
            count += len(images)
    mean_loss = loss_sum / count if count else math.nan
    total = max(count, 1)
    return _HeadMeans(from_mask.detach() / total, from_prediction.detach() / total, mean_loss)


def _voxel_ratio(net: nn.Module, g: Direction, pieces: Pieces, loss: Loss) -> float:
    signed, size = 0.0, 0.0
    device = next(net.parameters()).device
    with evaluating(net):
        for images, targets in pieces:
            targets = targets.to(device)
            logits, tangent = logits_along(net, g, images.to(device))
            s = loss_derivative(logits, tangent, targets, loss).voxels
            # the background far from any structure would drown the rest
            s = s[(targets > 0) | ((logits.max(1).indices > 0) & (targets != IGNORE))]
            signed += float(s.sum())
            size += float(s.abs().sum())
    return signed / size if size > 0 else math.nan


def _cosine(a: Direction, b: Direction) -> float:
    length = float(norm(a)) * float(norm(b))
    return float(dot(a, b)) / length if length > 0 else math.nan
