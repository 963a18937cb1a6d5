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

Shape = tuple[int, int, int]


def predict(
    net: nn.Module, image: Tensor, patch: Shape, overlap: float = 0.25, batch: int = 2
) -> Tensor:
    """Class probabilities ``(C, D, H, W)`` on the CPU of ``image (1, 1, D, H, W)``: softmax of the
    blended logits.

    Windows of ``patch`` voxels overlap by that share and are blended with Gaussian weights; a
    volume smaller than a window is padded with −1, the darkest grey of an image, as in training,
    and cropped back.
    """
    with torch.no_grad():
        logits: Tensor = slide(net, net, image, patch, overlap, batch)
    return logits[0].softmax(0)


def slide(
    net: nn.Module, predictor: Any, image: Tensor, patch: Shape, overlap: float, batch: int
) -> Any:
    """MONAI's sliding window in evaluation mode; ``predictor`` may give a tuple, each part is
    blended.
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
    """The network in evaluation mode, each of its layers put back afterwards."""
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
    """``(C, d, h, w)`` to ``(C, D, H, W)``, trilinear; the outer faces of both grids coincide
    (voxel extents agree).
    """
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
    out: NDArray[np.float32] = resample(
        torch.from_numpy(np.ascontiguousarray(values))[None], shape
    )[0].numpy()
    return out


def resample_labels(labels: NDArray[Any], shape: Sequence[int]) -> NDArray[Any]:
    """Labels ``(d, h, w)`` to ``(D, H, W)`` by the nearest voxel centre; no value appears that was
    not there.
    """
    # Voxel i of the new grid has its centre at (i + ½)·old/new in the old one, which lies in voxel
    # floor(of that).
    picks = [
        (2 * np.arange(new) + 1) * old // (2 * new)
        for old, new in zip(labels.shape, shape, strict=True)
    ]
    return np.ascontiguousarray(labels[np.ix_(*picks)])
