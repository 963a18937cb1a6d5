"""The ranking's own pass: un-normalised scores of a whole case, comparable between cases."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from napari_alnt.core.directions import Direction, gradient, inner, logits_along, norm, trust_of
from napari_alnt.core.inference import Shape, evaluating, slide
from napari_alnt.core.losses import IGNORE, per_sample_loss
from napari_alnt.core.networks import Head


@dataclass(frozen=True)
class Scores:
    """What a case's mean gradient G over its patches says; nan where it is not finite.

    ``trust`` ⟨G, g⟩, ``cosine`` ⟨G, g⟩/‖G‖‖g‖ and ``norm`` ‖G‖ over all parameters; ``head_trust`` and ``head_cosine``
    the same over the head's weight; ``voxel_trust`` Σ_x s(x)/Σ_x |s(x)| over the voxels where the mask or the student
    marks a structure, −1…1; ``informativeness`` mean |G_head| with the mask as the label and
    ``self_informativeness`` with the student's own most probable class (BADGE, Ash et al., ICLR 2020); ``loss`` the
    mean loss.
    """

    trust: float
    cosine: float
    norm: float
    head_trust: float
    head_cosine: float
    voxel_trust: float
    informativeness: float
    self_informativeness: float
    loss: float


@dataclass(frozen=True)
class Agreement:
    """How the student's probabilities p and a mask y agree; nan where there is nothing to look at.

    ``entropy`` mean of −Σ_c p_c ln p_c / ln C over R, the known voxels where either marks a structure, 0 (sure) … 1;
    ``soft_dice`` mean over the structures of 2Σ p_c y_c / Σ (p_c + y_c), the Dice expected if p is right;
    ``label_difference`` mean |p − y| over classes and known voxels, MONAI's LabelQualityScore;
    ``self_confidence`` Σ_x e_x p_y(x) / Σ_x e_x with e = exp((1 − p_y)/0.1), the soft minimum of p_y that cleanlab
    scores images by; ``marked``, ``drawn`` and ``shared`` count the known voxels of each structure 1…C−1 in the mask,
    in the student's most probable classes, and in both.
    """

    entropy: float
    soft_dice: float
    label_difference: float
    self_confidence: float
    marked: tuple[int, ...] = ()
    drawn: tuple[int, ...] = ()
    shared: tuple[int, ...] = ()


class VoxelTrust(NamedTuple):
    """``voxels (D, H, W)`` whose sum is ``u``, and the blended ``logits (C, D, H, W)`` of the same pass."""

    voxels: Tensor
    u: float
    logits: Tensor


def expert_direction(net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> Direction:
    """The mean gradient over all patches of ``batches`` of (images (B, 1, D, H, W), targets (B, D, H, W)).

    Accumulated, so memory is that of one batch. The network stays as it was; no patch gives zeros.
    """
    return _mean_gradients(net, batches).full


def score_case(net: nn.Module, head: Head, g: Direction, images: Tensor, targets: Tensor, batch: int = 4) -> Scores:
    """Score a case by G, the gradient of the mean loss over its K patches.

    ``images (K, 1, D, H, W)`` and ``targets (K, D, H, W)`` pass in pieces of ``batch``. The network stays as it was.
    """
    pieces = [(images[at : at + batch], targets[at : at + batch]) for at in range(0, len(images), batch)]
    own, name = _mean_gradients(net, pieces, head), head.name
    scores = (
        float(inner(own.full, g)),
        _cosine(own.full, g),
        float(norm(own.full)),
        float(inner({name: own.full[name]}, g)),
        _cosine({name: own.full[name]}, {name: g[name]}),
        _voxel_agreement(net, g, pieces),
        float(own.full[name].abs().mean()),
        float(own.badge.abs().mean()),
        own.loss,
    )
    return Scores(*(value if math.isfinite(value) else math.nan for value in scores))


class _Means(NamedTuple):
    """Means over patches: the gradient, that of the head with the student's own classes as the label, and the loss."""

    full: Direction
    badge: Tensor
    loss: float


def _mean_gradients(net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], head: Head | None = None) -> _Means:
    total = {name: torch.zeros_like(p) for name, p in net.named_parameters() if p.requires_grad}
    badge, loss, count = torch.zeros(1), 0.0, 0
    device = next(net.parameters()).device
    with evaluating(net), torch.enable_grad():
        for images, targets in batches:
            targets = targets.to(device)
            logits = net(images.to(device))
            if head is not None:
                badge = badge + _own_label_gradient(head, logits, targets).cpu()
            summed = per_sample_loss(logits, targets).sum()
            for name, part in gradient(net, summed).items():
                total[name] += part
            loss, count = loss + float(summed.detach()), count + len(images)
    mean = {name: value / max(count, 1) for name, value in total.items()}
    return _Means(mean, badge / max(count, 1), loss / count if count else math.nan)


def _own_label_gradient(head: Head, logits: Tensor, targets: Tensor) -> Tensor:
    own = torch.where(targets == IGNORE, IGNORE, logits.argmax(1))
    loss = per_sample_loss(logits, own).sum()
    (slope,) = torch.autograd.grad(loss, head.layer.get_parameter("weight"), retain_graph=True)
    return slope


def _voxel_agreement(net: nn.Module, g: Direction, pieces: Iterable[tuple[Tensor, Tensor]]) -> float:
    signed, size = 0.0, 0.0
    with evaluating(net):
        for images, targets in pieces:
            logits, tangent = logits_along(net, g, images)
            s = trust_of(logits, tangent, targets).voxels
            s = s[(targets > 0) | ((logits.argmax(1) > 0) & (targets != IGNORE))]
            signed, size = signed + float(s.sum()), size + float(s.abs().sum())
    return signed / size if size > 0 else math.nan


def _cosine(a: Direction, b: Direction) -> float:
    length = float(norm(a)) * float(norm(b))
    return float(inner(a, b)) / length if length > 0 else math.nan


def agreement(probabilities: Tensor, mask: Tensor) -> Agreement:
    """How the student's ``probabilities (C, D, H, W)`` agree with ``mask (D, H, W)``; ``IGNORE`` counts nowhere."""
    known = mask != IGNORE
    p, y = probabilities[:, known], mask[known]
    guess, own = p.argmax(0), p.gather(0, y[None].long())[0].double()
    shown = (y > 0) | (guess > 0)
    q = p[:, shown].double()
    structures = range(1, len(p))
    soft = [one for c in structures if not math.isnan(one := _soft_dice(p[c], y == c))]
    return Agreement(
        entropy=float(-torch.xlogy(q, q).sum(0).mean() / math.log(len(p))) if shown.any() else math.nan,
        soft_dice=math.fsum(soft) / len(soft) if soft else math.nan,
        # Σ_c |p_c − y_c| is 2 (1 − p_y), as the probabilities sum to 1
        label_difference=float(2 * (1 - own).mean() / len(p)) if len(y) else math.nan,
        self_confidence=_soft_minimum(own) if len(y) else math.nan,
        marked=tuple(int((y == c).sum()) for c in structures),
        drawn=tuple(int((guess == c).sum()) for c in structures),
        shared=tuple(int(((guess == c) & (y == c)).sum()) for c in structures),
    )


def _soft_dice(p: Tensor, truth: Tensor) -> float:
    """2Σ p y / Σ (p + y) of one structure; nan where neither marks it, as its faint probabilities alone say nothing."""
    if not (truth | (p > 0.5)).any():
        return math.nan
    return float(2 * p[truth].double().sum() / (p.double().sum() + truth.sum()))


def _soft_minimum(values: Tensor, temperature: float = 0.1) -> float:
    return float((values * ((1 - values) / temperature).softmax(0)).sum())


def voxel_trust(
    net: nn.Module, g: Direction, image: Tensor, target: Tensor, patch: Shape, overlap: float = 0.25, batch: int = 2
) -> VoxelTrust:
    """s(x) = Σ_c ∂ℓ/∂z_c(x) · ż_c(x) of a whole case, ``image (1, 1, D, H, W)`` and ``target (1, D, H, W)``.

    z and ż come from sliding windows and are blended alike, so s sums to the derivative along g of the whole-case loss.
    """
    logits, tangent = slide(net, lambda window: logits_along(net, g, window), image, patch, overlap, batch)
    seen = trust_of(logits, tangent, target.cpu())
    return VoxelTrust(seen.voxels[0], float(seen.u), logits[0])
