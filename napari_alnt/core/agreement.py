"""How a network's probabilities and a mask agree, voxel by voxel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from napari_alnt.core.losses import IGNORE


@dataclass(frozen=True)
class Agreement:
    """How the probabilities p and a mask y agree over its labelled voxels; nan where there is
    nothing to compare.

    R are the labelled voxels where the mask or the most probable class marks a structure.

    Attributes
    ----------
    dice : mean over the structures of 2 overlap_voxels / (mask_voxels + predicted_voxels)
    foreground : number of voxels in R
    entropy : mean over R of −Σ_c p_c ln p_c / ln C, 0 (sure) … 1
    soft_dice : mean over the structures of 2Σ p_c y_c / Σ (p_c + y_c), the Dice expected if p is
        right
    label_difference : mean |p − y| over classes and voxels, MONAI's LabelQualityScore
    self_confidence : Σ_x e_x p_y(x) / Σ_x e_x with e = exp((1 − p_y)/0.1), the soft minimum of p_y
        by which cleanlab scores images; low is suspicious
    mask_voxels : voxels of each structure 1…C−1 in the mask
    predicted_voxels : the same in the most probable classes
    overlap_voxels : the same in both
    """

    dice: float
    foreground: int
    entropy: float
    soft_dice: float
    label_difference: float
    self_confidence: float
    mask_voxels: tuple[int, ...] = ()
    predicted_voxels: tuple[int, ...] = ()
    overlap_voxels: tuple[int, ...] = ()


def agreement(probabilities: Tensor, mask: Tensor) -> Agreement:
    """How a network's probabilities agree with a mask.

    Parameters
    ----------
    probabilities : ``(C, D, H, W)``, background included
    mask : ``(D, H, W)``, classes 0…C−1 or :data:`~napari_alnt.core.IGNORE`, which counts nowhere
    """
    p = probabilities.flatten(1)
    y = mask.flatten().long()
    if not (known := y != IGNORE).all():
        p, y = p[:, known], y[known]
    classes = len(p)
    predicted = p.max(0).indices  # twenty times as fast as argmax
    p_mask = p.gather(0, y[None])[0]
    shown = (y > 0) | (predicted > 0)
    # outside R all is background, so the structures are counted within it
    y, predicted = y[shown], predicted[shown]
    q = p[:, shown].double()
    counts = torch.bincount(y * classes + predicted, minlength=classes * classes)
    table = counts.reshape(classes, classes)  # confusion matrix: mask by prediction
    mask_voxels = table.sum(1)[1:]
    predicted_voxels = table.sum(0)[1:]
    overlap_voxels = table.diagonal()[1:]
    drawn = mask_voxels + predicted_voxels
    dice = (2 * overlap_voxels / drawn)[drawn > 0]
    overlap = torch.bincount(y, weights=p_mask[shown].double(), minlength=classes)[1:]
    # faint probabilities alone say nothing: a structure counts where somebody is sure of a voxel
    sure = (mask_voxels > 0) | (p[1:] > 0.5).any(1)
    soft_dice = (2 * overlap / (p[1:].sum(1).double() + mask_voxels))[sure]
    return Agreement(
        dice=float(dice.double().mean()),
        foreground=len(y),
        entropy=float(-torch.xlogy(q, q).sum(0).mean() / math.log(classes)),
        soft_dice=float(soft_dice.mean()),
        # Σ_c |p_c − y_c| is 2 (1 − p_y), as the probabilities sum to 1
        label_difference=float(2 * (1 - p_mask).mean() / classes),
        self_confidence=_soft_minimum(p_mask) if len(p_mask) else math.nan,
        mask_voxels=tuple(mask_voxels.tolist()),
        predicted_voxels=tuple(predicted_voxels.tolist()),
        overlap_voxels=tuple(overlap_voxels.tolist()),
    )


def _soft_minimum(values: Tensor, temperature: float = 0.1) -> float:
    return float((values * ((1 - values) / temperature).softmax(0)).sum())
