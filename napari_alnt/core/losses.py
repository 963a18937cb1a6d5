"""The loss: one number per sample, blind to voxels that nobody has labelled."""

from __future__ import annotations

import torch
from monai.losses import DiceLoss
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

IGNORE = -1
"""Class index of a voxel that nobody has labelled: it enters no loss, trust or Dice."""

_dice = DiceLoss(reduction="none")


def per_sample_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """ℓ_i = mean cross-entropy over the known voxels + mean over the classes of 1 − soft Dice.

    ``logits (B, C, D, H, W)`` and ``targets (B, D, H, W)`` with classes 0…C−1 or ``IGNORE`` give ``(B,)``.
    The background counts as a class and Dice is smoothed by 1e-5, as in MONAI's DiceCELoss, which this equals where
    nothing is unknown. A sample without a known voxel has loss 0, with a graph.
    """
    logits = logits if logits.dtype == torch.float64 else logits.float()
    known = targets != IGNORE
    entropy = cross_entropy(logits, targets, ignore_index=IGNORE, reduction="none")
    mean_entropy = entropy.flatten(1).sum(1) / known.flatten(1).sum(1).clamp(min=1)
    mask = known.unsqueeze(1)
    truth = one_hot(targets.clamp(min=0), logits.shape[1]).movedim(-1, 1)
    overlap = _dice(torch.where(mask, logits.softmax(1), 0.0), (truth * mask).to(logits.dtype))
    # MONAI gives (B, C, 1, 1, 1) here, which would broadcast silently against (B,).
    losses: Tensor = mean_entropy + overlap.flatten(1).mean(1)
    assert losses.shape == logits.shape[:1]
    return losses
