"""The loss: one number per sample, blind to voxels that nobody has labelled."""

from __future__ import annotations

import torch
from torch import Tensor

IGNORE = -1
"""Class index of a voxel that nobody has labelled: it enters no loss, trust or Dice."""

_SMOOTH = 1e-5


def per_sample_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """ℓ_i = mean cross-entropy over the known voxels + mean over the classes of 1 − soft Dice.

    ``logits (B, C, D, H, W)`` and ``targets (B, D, H, W)`` with classes 0…C−1 or ``IGNORE`` give
    ``(B,)``. The background counts as a class and Dice is smoothed by 1e-5: MONAI's DiceCELoss
    where nothing is unknown, in half its time. A sample without a known voxel has loss 0, with a
    graph.
    """
    logits = logits if logits.dtype == torch.float64 else logits.float()
    known = (targets != IGNORE).to(logits.dtype)
    index = targets.clamp(min=0).unsqueeze(1)
    logs = logits.log_softmax(1)
    entropy = -(logs.gather(1, index)[:, 0] * known).flatten(1).sum(1) / known.flatten(1).sum(
        1
    ).clamp(min=1)
    p, truth = (
        logs.exp() * known.unsqueeze(1),
        torch.zeros_like(logs).scatter_(1, index, known.unsqueeze(1)),
    )
    shared, drawn, marked = (part.flatten(2).sum(2) for part in (p * truth, p, truth))
    losses: Tensor = entropy + (1 - (2 * shared + _SMOOTH) / (drawn + marked + _SMOOTH)).mean(1)
    return losses
