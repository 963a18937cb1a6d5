"""A sliding window that can be watched, and left, after every few windows."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import torch
from monai.data.utils import compute_importance_map, dense_patch_slices
from torch import Tensor, nn
from torch.nn.functional import pad

from napari_alnt.core.inference import Shape, evaluating
from napari_alnt.core.shapes import check_images

Box = tuple[slice, slice, slice]


def windows_of(shape: Sequence[int], patch: Shape, overlap: float = 0.25) -> list[Box]:
    """The windows of ``patch`` voxels that :func:`~napari_alnt.core.predict` lays over a volume."""
    padded = [max(length, side) for length, side in zip(shape, patch, strict=True)]
    steps = [
        side if side == length else max(int(side * (1 - overlap)), 1)
        for side, length in zip(patch, padded, strict=True)
    ]
    boxes: list[Box] = dense_patch_slices(padded, patch, steps)
    return boxes


def predict_by_windows(
    net: nn.Module, image: Tensor, patch: Shape, overlap: float = 0.25, batch: int = 2
) -> Generator[int, None, Tensor]:
    """Logits ``(C, D, H, W)`` of ``image (1, 1, D, H, W)``, on the CPU; yields the windows that are
    done, ``batch`` by ``batch``.

    Their softmax is :func:`~napari_alnt.core.predict`'s. Whoever stops in between loses the result
    alone: the network is in evaluation mode only while a window passes it.
    """
    check_images(image)
    device = next(net.parameters()).device
    shape = tuple(image.shape[2:])
    before = [max(side - length, 0) // 2 for side, length in zip(patch, shape, strict=True)]
    image = _padded(image, patch)
    weight = compute_importance_map(patch, mode="gaussian", sigma_scale=0.125)
    boxes = windows_of(image.shape[2:], patch, overlap)
    total: Tensor | None = None
    weights = torch.zeros(image.shape[2:])
    for start in range(0, len(boxes), batch):
        some = boxes[start : start + batch]
        logits = _logits(net, torch.cat([image[:, :, *box] for box in some]).to(device)).cpu()
        if total is None:
            total = torch.zeros(logits.shape[1], *image.shape[2:])
        for box, one in zip(some, logits, strict=True):
            total[:, *box] += one * weight
            weights[box] += weight
        yield start + len(some)
    assert total is not None  # a volume has at least one window
    total /= weights
    inner = [slice(a, a + length) for a, length in zip(before, shape, strict=True)]
    return total[:, *inner]


def _padded(image: Tensor, patch: Shape) -> Tensor:
    """The image, at least as large as a window; −1, the darkest grey, is put around it."""
    sides: list[int] = []
    for length, side in zip(reversed(image.shape[2:]), reversed(patch), strict=True):
        missing = max(side - length, 0)
        sides += [missing // 2, missing - missing // 2]
    return pad(image, sides, value=-1.0)


def _logits(net: nn.Module, windows: Tensor) -> Tensor:
    with torch.no_grad(), evaluating(net):
        logits: Tensor = net(windows).float()
    return logits
