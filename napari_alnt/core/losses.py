"""The loss: one number per sample, over the voxels that somebody has labelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from napari_alnt.core.shapes import check_classes, check_logits, check_losses, check_targets

IGNORE = -1
"""Class index of a voxel that nobody has labelled: it enters no loss, trust or Dice."""

Loss = Callable[[Tensor, Tensor], Tensor]
"""Logits ``(B, C, D, H, W)`` and targets to one loss per sample ``(B,)``, with a graph.

It must not take the mean over the batch: a sample's gradient would shrink as the batch grows.
"""

_SMOOTH = 1e-5


def per_sample_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy + mean over the classes of 1 − soft Dice, for each sample.

    Parameters
    ----------
    logits : ``(B, C, D, H, W)``, background included
    targets : ``(B, D, H, W)`` int64, classes 0…C−1 or :data:`IGNORE`

    Returns
    -------
    ℓ_i ``(B,)``; a sample without a labelled voxel has loss 0, with a graph.

    Notes
    -----
    The background counts as a class and Dice is smoothed by 1e-5: MONAI's DiceCELoss where every
    voxel is labelled, in half its time.
    """
    check_logits(logits)
    check_classes(logits)
    check_targets(targets, logits)
    # half precision cannot hold sums over a volume
    logits = logits if logits.dtype == torch.float64 else logits.float()
    known = (targets != IGNORE).to(logits.dtype)
    index = targets.clamp(min=0).unsqueeze(1)
    logs = logits.log_softmax(1)
    entropies = -logs.gather(1, index)[:, 0] * known
    entropy = entropies.flatten(1).sum(1) / known.flatten(1).sum(1).clamp(min=1)
    p = logs.exp() * known.unsqueeze(1)
    truth = torch.zeros_like(logs).scatter_(1, index, known.unsqueeze(1))
    overlap, predicted, marked = (part.flatten(2).sum(2) for part in (p * truth, p, truth))
    soft_dice = (2 * overlap + _SMOOTH) / (predicted + marked + _SMOOTH)
    losses: Tensor = entropy + (1 - soft_dice).mean(1)
    return losses


def losses_of(loss: Loss, logits: Any, targets: Tensor) -> Tensor:
    """The losses ``(B,)`` of what a network gave, if it is logits and the loss gives ``(B,)``."""
    check_logits(logits)
    losses = loss(logits, targets)
    check_losses(losses, len(logits))
    return losses
