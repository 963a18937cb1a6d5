"""Whole volumes through the network, and the one place where grids are resampled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn
from torch.nn.functional import interpolate

from napari_alnt.core.shapes import check_classes, check_images, check_logits

Shape = tuple[int, int, int]


def predict(
    net: nn.Module, image: Tensor, patch: Shape, overlap: float = 0.25, batch: int = 2
) -> Tensor:
    """Class probabilities ``(C, D, H, W)`` of ``image (1, 1, D, H, W)``, on the CPU.

    Windows of ``patch`` voxels overlap by that share of their side; their logits are blended with
    Gaussian weights before the softmax. A volume smaller than a window is padded with −1, the
    darkest grey of an image, as in training, and cropped back. The network stays as it was.
    """
    check_images(image)
    with torch.no_grad():
        logits = slide(net, net, image, patch, overlap, batch)
    check_logits(logits)
    check_classes(logits)
    probabilities: Tensor = logits[0].softmax(0)
    return probabilities


def slide(
    net: nn.Module, predictor: Any, image: Tensor, patch: Shape, overlap: float, batch: int
) -> Any:
    """MONAI's sliding window with the network in evaluation mode; of a predictor that gives several
    tensors each is blended.
    """
    device = next(net.parameters()).device
    with evaluating(net):
        return sliding_window_inference(
            image,
            patch,
            batch,
            predictor,
            overlap=overlap,
            mode="gaussian",
            cval=-1.0,
            sw_device=device,
            device="cpu",
        )


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """The network in evaluation mode; each of its layers gets its own mode back."""
    # layers may have modes of their own, as frozen ones do, which net.train() would overwrite
    modes = [(layer, layer.training) for layer in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for layer, mode in modes:
            layer.training = mode


def training_shape(
    shape: Sequence[int], spacing: Sequence[float], target: Sequence[float]
) -> Shape:
    """Voxels z y x that cover the extent of ``shape`` at ``spacing`` (mm) with voxels of about
    ``target`` (mm).
    """
    d, h, w = (max(1, round(n * s / t)) for n, s, t in zip(shape, spacing, target, strict=True))
    return d, h, w


def resample(probabilities: Tensor, shape: Sequence[int]) -> Tensor:
    """``(C, d, h, w)`` to ``(C, D, H, W)``, trilinear; the outer faces of both grids coincide."""
    # align_corners=False matches the extents of the voxels, not the outermost centres
    return interpolate(
        probabilities[None].float(), size=tuple(shape), mode="trilinear", align_corners=False
    )[0]


def resample_image(image: NDArray[Any], shape: Sequence[int]) -> NDArray[np.float32]:
    """Grey values ``(d, h, w)`` to ``(D, H, W)``, trilinear; axes that shrink are smoothed first
    against aliasing.

    The Gaussian's σ is (shrink factor − 1)/2 voxels, as in scikit-image's ``resize``.
    """
    values = np.asarray(image, dtype=np.float32)
    sigma = [max(0.0, (old / new - 1) / 2) for old, new in zip(values.shape, shape, strict=True)]
    if any(sigma):
        values = gaussian_filter(values, sigma, mode="nearest")
    tensor = torch.from_numpy(np.ascontiguousarray(values))
    out: NDArray[np.float32] = resample(tensor[None], shape)[0].numpy()
    return out


def resample_labels(labels: NDArray[Any], shape: Sequence[int]) -> NDArray[Any]:
    """Labels ``(d, h, w)`` to ``(D, H, W)`` by the nearest voxel centre; no value appears that was
    not there.
    """
    # Voxel i of the new grid has its centre at (i + ½)·old/new in the old one, which lies in voxel
    # floor(of that); in whole numbers, so that no rounding moves it.
    picks = [
        (2 * np.arange(new) + 1) * old // (2 * new)
        for old, new in zip(labels.shape, shape, strict=True)
    ]
    return np.ascontiguousarray(labels[np.ix_(*picks)])
