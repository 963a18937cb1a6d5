"""The ranking's own pass: un-normalised scores of a whole case, comparable between cases."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from napari_alnt.core.directions import (
    Direction,
    gradient,
    inner,
    logits_along,
    norm,
    trust_of,
    zeros,
)
from napari_alnt.core.inference import Shape, evaluating, slide
from napari_alnt.core.losses import IGNORE, per_sample_loss
from napari_alnt.core.networks import Head, frozen
from napari_alnt.settings import Scope


@dataclass(frozen=True)
class Scores:
    """What a case's mean gradient G over its patches says; nan where it is not finite or was not
    asked for.

    ``trust`` ⟨G, g⟩, ``cosine`` ⟨G, g⟩/‖G‖‖g‖ and ``norm`` ‖G‖ over all parameters; ``head_trust``
    and ``head_cosine`` the same over the head's weight; ``voxel_trust`` Σ_x s(x)/Σ_x |s(x)| over
    the voxels where the mask or the student marks a structure, −1…1; ``informativeness`` mean
    |G_head| with the mask as the label and ``self_informativeness`` with the student's own most
    probable class (BADGE, Ash et al., ICLR 2020); ``loss`` the mean loss.
    """

    trust: float = math.nan
    cosine: float = math.nan
    norm: float = math.nan
    head_trust: float = math.nan
    head_cosine: float = math.nan
    voxel_trust: float = math.nan
    informativeness: float = math.nan
    self_informativeness: float = math.nan
    loss: float = math.nan


@dataclass(frozen=True)
class Agreement:
    """How the student's probabilities p and a mask y agree; nan where there is nothing to look at.

    ``dice`` mean over the structures of 2 shared / (marked + drawn); ``foreground`` the voxels of
    R, see below; ``entropy`` mean of −Σ_c p_c ln p_c / ln C over R, the known voxels where either
    marks a structure, 0 (sure) … 1; ``soft_dice`` mean over the structures of 2Σ p_c y_c / Σ (p_c +
    y_c), the Dice expected if p is right; ``label_difference`` mean |p − y| over classes and known
    voxels, MONAI's LabelQualityScore; ``self_confidence`` Σ_x e_x p_y(x) / Σ_x e_x with e = exp((1
    − p_y)/0.1), the soft minimum of p_y that cleanlab scores images by; ``marked``, ``drawn`` and
    ``shared`` count the known voxels of each structure 1…C−1 in the mask, in the student's most
    probable classes, and in both.
    """

    dice: float
    foreground: int
    entropy: float
    soft_dice: float
    label_difference: float
    self_confidence: float
    marked: tuple[int, ...] = ()
    drawn: tuple[int, ...] = ()
    shared: tuple[int, ...] = ()


class VoxelTrust(NamedTuple):
    """``voxels (D, H, W)`` whose sum is ``u``, and the blended ``logits (C, D, H, W)`` of the same
    pass.
    """

    voxels: Tensor
    u: float
    logits: Tensor


def expert_direction(
    net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], head: Head | None = None
) -> Direction:
    """The mean gradient over all patches of ``batches`` of (images (B, 1, D, H, W), targets (B, D,
    H, W)).

    With a ``head``, that of its weight alone, which costs little more than a forward pass.
    Accumulated, so memory is that of one batch. The network stays as it was; no patch gives zeros.
    """
    return (
        _mean_gradient(net, batches)
        if head is None
        else {head.name: _head_means(net, head, batches).given}
    )


def score_case(
    net: nn.Module,
    head: Head,
    g: Direction,
    images: Tensor,
    targets: Tensor,
    batch: int = 4,
    scope: Scope = "all",
) -> Scores:
    """Score a case by G, the gradient of the mean loss over its K patches.

    ``images (K, 1, D, H, W)`` and ``targets (K, D, H, W)`` pass in pieces of ``batch``. With
    ``scope`` "head" what looks beyond the last layer is nan, and no pass goes backward. The network
    stays as it was.
    """
    pieces = [
        (images[at : at + batch], targets[at : at + batch]) for at in range(0, len(images), batch)
    ]
    means, direction = _head_means(net, head, pieces), {head.name: g[head.name]}
    own = {head.name: means.given}
    values = {
        "head_trust": float(inner(own, direction)),
        "head_cosine": _cosine(own, direction),
        "informativeness": float(means.given.abs().mean()),
        "self_informativeness": float(means.own.abs().mean()),
        "loss": means.loss,
    }
    if scope == "all":
        full = _mean_gradient(net, pieces)
        values |= {
            "trust": float(inner(full, g)),
            "cosine": _cosine(full, g),
            "norm": float(norm(full)),
        }
        values["voxel_trust"] = _voxel_agreement(net, g, pieces)
    return Scores(**{name: value for name, value in values.items() if math.isfinite(value)})


def _mean_gradient(net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> Direction:
    total, count = zeros(net), 0
    device = next(net.parameters()).device
    with evaluating(net), torch.enable_grad():
        for images, targets in batches:
            summed = per_sample_loss(net(images.to(device)), targets.to(device)).sum()
            for name, part in gradient(net, summed).items():
                total[name] += part
            count += len(images)
    return {name: value / max(count, 1) for name, value in total.items()}


class _HeadMeans(NamedTuple):
    """Means over patches: the head's gradient with the given label and with the student's own, and
    the loss.
    """

    given: Tensor
    own: Tensor
    loss: float


def _head_means(net: nn.Module, head: Head, batches: Iterable[tuple[Tensor, Tensor]]) -> _HeadMeans:
    """One forward pass; its graph begins at the head."""
    weight = head.layer.get_parameter("weight").detach().requires_grad_()
    given, own, loss, count = torch.zeros_like(weight), torch.zeros_like(weight), 0.0, 0
    with evaluating(net), torch.enable_grad():
        for images, targets in batches:
            targets = targets.to(weight.device)
            logits = functional_call(
                net, {**frozen(net), head.name: weight}, (images.to(weight.device),)
            )
            summed = per_sample_loss(logits, targets).sum()
            given += torch.autograd.grad(summed, weight, retain_graph=True)[0]
            guess = torch.where(targets == IGNORE, IGNORE, logits.max(1).indices)
            own += torch.autograd.grad(per_sample_loss(logits, guess).sum(), weight)[0]
            loss, count = loss + float(summed.detach()), count + len(images)
    given, own = given.detach() / max(count, 1), own.detach() / max(count, 1)
    return _HeadMeans(given, own, loss / count if count else math.nan)


def _voxel_agreement(
    net: nn.Module, g: Direction, pieces: Iterable[tuple[Tensor, Tensor]]
) -> float:
    signed, size = 0.0, 0.0
    with evaluating(net):
        for images, targets in pieces:
            logits, tangent = logits_along(net, g, images)
            s = trust_of(logits, tangent, targets).voxels
            s = s[(targets > 0) | ((logits.max(1).indices > 0) & (targets != IGNORE))]
            signed, size = signed + float(s.sum()), size + float(s.abs().sum())
    return signed / size if size > 0 else math.nan


def _cosine(a: Direction, b: Direction) -> float:
    length = float(norm(a)) * float(norm(b))
    return float(inner(a, b)) / length if length > 0 else math.nan


def agreement(probabilities: Tensor, mask: Tensor) -> Agreement:
    """How the student's ``probabilities (C, D, H, W)`` agree with ``mask (D, H, W)``; ``IGNORE``
    counts nowhere.
    """
    known = mask != IGNORE
    p, y = (
        (probabilities.flatten(1), mask.flatten())
        if known.all()
        else (probabilities[:, known], mask[known])
    )
    classes, y, guess = len(p), y.long(), p.max(0).indices  # twenty times as fast as argmax
    own, shown = p.gather(0, y[None])[0], (y > 0) | (guess > 0)
    y, guess, q, here = y[shown], guess[shown], p[:, shown].double(), own[shown].double()
    table = torch.bincount(y * classes + guess, minlength=classes * classes).reshape(
        classes, classes
    )
    marked, drawn, shared = (
        counts[1:] for counts in (table.sum(1), table.sum(0), table.diagonal())
    )
    overlap = torch.bincount(y, weights=here, minlength=classes)[1:]
    # faint probabilities alone say nothing: a structure counts where somebody is sure of a voxel
    sure = (marked > 0) | (p[1:] > 0.5).any(1)
    soft = (2 * overlap / (p[1:].sum(1).double() + marked))[sure]
    hard = (2 * shared / (marked + drawn))[marked + drawn > 0]
    return Agreement(
        dice=float(hard.double().mean()),
        foreground=len(y),
        entropy=float(-torch.xlogy(q, q).sum(0).mean() / math.log(classes)),
        soft_dice=float(soft.mean()),
        # Σ_c |p_c − y_c| is 2 (1 − p_y), as the probabilities sum to 1
        label_difference=float(2 * (1 - own).mean() / classes),
        self_confidence=_soft_minimum(own) if len(own) else math.nan,
        marked=tuple(marked.tolist()),
        drawn=tuple(drawn.tolist()),
        shared=tuple(shared.tolist()),
    )


def _soft_minimum(values: Tensor, temperature: float = 0.1) -> float:
    return float((values * ((1 - values) / temperature).softmax(0)).sum())


def voxel_trust(
    net: nn.Module,
    g: Direction,
    image: Tensor,
    target: Tensor,
    patch: Shape,
    overlap: float = 0.25,
    batch: int = 2,
) -> VoxelTrust:
    """s(x) = Σ_c ∂ℓ/∂z_c(x) · ż_c(x) of a whole case, ``image (1, 1, D, H, W)`` and ``target (1, D,
    H, W)``.

    z and ż come from sliding windows and are blended alike, so s sums to the derivative along g of
    the whole-case loss.
    """
    logits, tangent = slide(
        net, lambda window: logits_along(net, g, window), image, patch, overlap, batch
    )
    seen = trust_of(logits, tangent, target.cpu())
    return VoxelTrust(seen.voxels[0], float(seen.u), logits[0])
