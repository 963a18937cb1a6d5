"""Tensors of a wrong shape become one sentence, an AlntError, in place of an error from inside
PyTorch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from napari_alnt.errors import AlntError


def check_images(images: Tensor) -> None:
    """Make sure that images are volumes ``(B, 1, D, H, W)`` of floating point."""
    if images.ndim != 5:
        raise AlntError(
            f"Images must be volumes (B, 1, D, H, W), got {_described(images)}; volumes without a"
            " channel axis become images[:, None], slices (B, 1, H, W) become images[:, :, None]."
        )
    if not images.is_floating_point():
        raise AlntError(
            f"Images must be (B, 1, D, H, W) of floating point, got {_described(images)}; scale"
            " them to −1…1 and use .float()."
        )


def check_logits(logits: Any) -> None:
    """Make sure that a network's output is one tensor ``(B, C, D, H, W)``."""
    if not isinstance(logits, Tensor):
        raise AlntError(
            f"The network must give one tensor of logits (B, C, D, H, W), got a"
            f" {type(logits).__name__}, as with deep supervision; let it return its full-size"
            " output alone."
        )
    if logits.ndim != 5:
        raise AlntError(
            f"The network must give logits (B, C, D, H, W), got {_described(logits)}; use one that"
            " works on volumes."
        )


def check_classes(logits: Tensor) -> None:
    """Make sure that logits ``(B, C, D, H, W)`` have a channel for each of at least two classes."""
    if logits.shape[1] < 2:
        raise AlntError(
            f"The network must give a channel for each class, background included, got logits"
            f" {_described(logits)} with one, as for a sigmoid; give it two."
        )


def check_targets(targets: Tensor, logits: Tensor) -> None:
    """Make sure that targets are class indices ``(B, D, H, W)`` on the grid of the logits."""
    wanted = (len(logits), *logits.shape[2:])
    if tuple(targets.shape) == wanted and targets.dtype == torch.int64:
        return
    cures = []
    if targets.ndim == 5:
        cures.append("drop the channel axis" if targets.shape[1] == 1 else "take .argmax(1)")
    elif tuple(targets.shape) != wanted:
        cures.append(f"bring them to the logits' grid {wanted}")
    if targets.dtype != torch.int64:
        cures.append("use .long()")
    raise AlntError(
        f"Targets must be (B, D, H, W) int64, got {_described(targets)}; {' and '.join(cures)}."
    )


def check_losses(losses: Any, count: int) -> None:
    """Make sure that a loss gave one number for each of ``count`` samples."""
    if not isinstance(losses, Tensor):
        raise AlntError(
            f"The loss must give one number per sample, (B,), but gave a {type(losses).__name__}."
        )
    if losses.shape != (count,):
        raise AlntError(
            f"The loss must give one number per sample, ({count},), but gave"
            f" {_described(losses)}; take its mean over all axes but the first."
        )


def _described(values: Tensor) -> str:
    """Shape and kind of number, ``(2, 1, 16, 16) float32``."""
    return f"{tuple(values.shape)} {str(values.dtype).removeprefix('torch.')}"
