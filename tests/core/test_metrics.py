from __future__ import annotations

import math

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.metrics import compute_hausdorff_distance
from scipy.ndimage import binary_erosion
from scipy.spatial.distance import cdist

from napari_alnt.core import IGNORE, dice, hd95, mean_known


def _blobs(seed: int, shape: tuple[int, int, int] = (9, 12, 14)) -> np.ndarray:
    """Class 1 and 2 as boxes that may touch the faces."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, dtype=np.int64)
    for label in (1, 2):
        low = rng.integers(0, 6, 3)
        z, y, x = (slice(a, a + rng.integers(2, 7)) for a in low)
        labels[z, y, x] = label
    return labels


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_dice_is_that_of_itk(a: int, b: int) -> None:
    prediction, target = _blobs(a), _blobs(b)
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(*(sitk.GetImageFromArray(m.astype(np.uint8)) for m in (target, prediction)))
    both = [(prediction == c).any() or (target == c).any() for c in (1, 2)]
    for value, label, present in zip(dice(prediction, target, 3), (1, 2), both, strict=True):
        assert (
            value == pytest.approx(overlap.GetDiceCoefficient(label), abs=1e-6)
            if present
            else math.isnan(value)
        )


def _surface(mask: np.ndarray) -> np.ndarray:
    return np.argwhere(mask & ~binary_erosion(mask)).astype(float)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_hd95_is_that_of_all_pairs_of_surface_voxels(a: int, b: int) -> None:
    prediction, target, spacing = _blobs(a), _blobs(b), (3, 0.7, 1.1)
    for value, label in zip(hd95(prediction, target, 3, spacing), (1, 2), strict=True):
        p, t = prediction == label, target == label
        if not (p.any() and t.any()):
            assert math.isnan(value)
            continue
        pairs = cdist(_surface(p) * spacing, _surface(t) * spacing)
        expected = max(np.percentile(pairs.min(0), 95), np.percentile(pairs.min(1), 95))
        assert value == pytest.approx(expected, rel=1e-5, abs=1e-6)
        whole = (torch.from_numpy(np.pad(m, 5))[None, None] for m in (p, t))
        monai = compute_hausdorff_distance(
            *whole, include_background=True, percentile=95, spacing=[3.0, 0.7, 1.1]
        )
        assert value == pytest.approx(float(monai), rel=1e-5, abs=1e-6)


def test_unknown_voxels_count_in_neither() -> None:
    prediction, target = _blobs(1), _blobs(2)
    masked = target.copy()
    masked[:, 6:] = IGNORE
    assert dice(prediction, masked, 3) == dice(prediction[:, :6], target[:, :6], 3)
    assert dice(masked, prediction, 3) == dice(prediction[:, :6], target[:, :6], 3)
    spacing = (1, 1, 1)
    np.testing.assert_array_equal(
        hd95(prediction, masked, 3, spacing), hd95(prediction[:, :6], target[:, :6], 3, spacing)
    )


def test_empty_masks() -> None:
    full, empty = np.ones((4, 4, 4), dtype=np.int64), np.zeros((4, 4, 4), dtype=np.int64)
    assert math.isnan(dice(empty, empty, 2)[0])
    assert math.isnan(hd95(empty, empty, 2, (1, 1, 1))[0])
    assert dice(full, empty, 2) == dice(empty, full, 2) == (0.0,)
    assert math.isnan(hd95(full, empty, 2, (1, 1, 1))[0])
    assert dice(full, full, 2) == (1.0,)
    assert hd95(full, full, 2, (1, 1, 1)) == (0.0,)
    assert dice(full, full * IGNORE, 2) == pytest.approx((math.nan,), nan_ok=True)


def test_mean_of_the_known() -> None:
    assert mean_known([1.0, math.nan, 2.0]) == 1.5
    assert math.isnan(mean_known([math.nan]))
    assert math.isnan(mean_known([]))
