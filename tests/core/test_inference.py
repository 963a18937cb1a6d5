from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from napari_alnt.core import (
    build,
    predict,
    resample,
    resample_image,
    resample_labels,
    training_shape,
)
from napari_alnt.errors import AlntError

SHAPES = st.tuples(*[st.integers(2, 12)] * 3)


class _Grey(nn.Module):
    """Logits that are the grey value itself, so that the blending must give the image back."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, -x], 1)


@pytest.mark.parametrize("shape", [(5, 6, 7), (16, 16, 16), (17, 40, 33)])
def test_windows_blend_to_the_whole(shape: tuple[int, int, int]) -> None:
    image = torch.randn(1, 1, *shape)
    net = nn.Sequential(nn.Conv3d(1, 1, 1), _Grey())
    nn.init.ones_(net[0].weight)
    nn.init.zeros_(net[0].bias)
    probabilities = predict(net, image, (16, 16, 16), overlap=0.5)
    torch.testing.assert_close(
        probabilities[0], torch.sigmoid(2 * image[0, 0]), rtol=1e-4, atol=1e-5
    )
    assert not probabilities.requires_grad


def test_prediction_is_in_evaluation_mode_and_gives_the_mode_back() -> None:
    net = nn.Sequential(build("unet_small", 2), nn.Dropout(0.9)).train()
    net[0].eval()
    image = torch.randn(1, 1, 16, 16, 16)
    assert torch.equal(predict(net, image, (16, 16, 16)), predict(net, image, (16, 16, 16)))
    assert net.training
    assert not net[0].training


class _Deep(_Grey):
    """Two outputs, as with deep supervision."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


@pytest.mark.parametrize(
    ("last", "words"), [(_Deep(), "deep supervision"), (nn.Identity(), "as for a sigmoid")]
)
def test_a_network_that_gives_no_classes_is_refused(last: nn.Module, words: str) -> None:
    net = nn.Sequential(nn.Conv3d(1, 1, 1), last)
    with pytest.raises(AlntError, match=words):
        predict(net, torch.zeros(1, 1, 8, 8, 8), (8, 8, 8))
    with pytest.raises(AlntError, match="volumes"):
        predict(net, torch.zeros(8, 8, 8), (8, 8, 8))


def test_a_volume_smaller_than_a_window_is_padded_with_the_darkest_grey() -> None:
    """The network sees −1 where there is no image, as in training."""
    seen: list[Tensor] = []
    net = nn.Sequential(nn.Conv3d(1, 1, 1), _Grey())
    net.register_forward_pre_hook(lambda _, args: seen.append(args[0].clone()))
    assert predict(net, torch.ones(1, 1, 4, 8, 8), (8, 8, 8)).shape == (2, 4, 8, 8)
    assert set(seen[0].flatten().tolist()) == {-1.0, 1.0}
    assert seen[0].eq(1).sum() == 4 * 8 * 8


def _itk(array: np.ndarray, shape: tuple[int, ...], kind: int) -> np.ndarray:
    """SimpleITK on a grid that covers the same extent (its voxel centres lie half a voxel inside
    the faces).
    """
    image = sitk.GetImageFromArray(array)
    grid = sitk.Image([int(n) for n in shape[::-1]], image.GetPixelID())
    spacing = [old / new for old, new in zip(array.shape[::-1], shape[::-1], strict=True)]
    grid.SetSpacing(spacing)
    grid.SetOrigin([s / 2 - 0.5 for s in spacing])
    edge = sitk.ResampleImageFilter()
    edge.SetReferenceImage(grid)
    edge.SetInterpolator(kind)
    edge.SetUseNearestNeighborExtrapolator(True)
    return sitk.GetArrayFromImage(edge.Execute(image))


def _inner(old: tuple[int, ...], new: tuple[int, ...]) -> tuple[slice, ...]:
    """The voxels whose centre lies between old voxel centres; past those, ITK and torch extend
    differently.
    """
    keep = []
    for a, b in zip(old, new, strict=True):
        centres = (np.arange(b) + 0.5) * a / b - 0.5
        inside = np.flatnonzero((centres >= 0) & (centres <= a - 1))
        keep.append(slice(inside[0], inside[-1] + 1))
    return tuple(keep)


@settings(max_examples=40, deadline=None)
@given(SHAPES, st.tuples(*[st.integers(2, 20)] * 3), st.integers(0, 1000))
def test_probabilities_are_resampled_as_itk_does(
    old: tuple[int, int, int], new: tuple[int, int, int], seed: int
) -> None:
    array = np.random.default_rng(seed).random(old, dtype=np.float32)
    ours = resample(torch.from_numpy(array)[None], new)[0].numpy()
    dot = _inner(old, new)
    np.testing.assert_allclose(ours[dot], _itk(array, new, sitk.sitkLinear)[dot], atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(SHAPES, st.tuples(*[st.integers(1, 20)] * 3), st.integers(0, 1000))
def test_labels_take_the_nearest_voxel(
    old: tuple[int, int, int], new: tuple[int, int, int], seed: int
) -> None:
    labels = np.random.default_rng(seed).integers(0, 60_000, old).astype(np.uint16)
    ours = resample_labels(labels, new)
    assert ours.dtype == labels.dtype
    assert ours.shape == new
    for index in np.ndindex(*new):
        centre = [(i + 0.5) * a / b - 0.5 for i, a, b in zip(index, old, new, strict=True)]
        # A centre midway between two voxels may take either.
        near = [{int(np.ceil(c - 0.5 - 1e-9)), int(np.floor(c + 0.5 + 1e-9))} for c in centre]
        choices = {
            labels[z, y, x]
            for z in near[0]
            for y in near[1]
            for x in near[2]
            if (z, y, x) < (*old,)
        }
        assert ours[index] in choices


@settings(max_examples=40, deadline=None)
@given(SHAPES)
def test_nothing_changes_on_the_same_grid(shape: tuple[int, int, int]) -> None:
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    np.testing.assert_array_equal(resample_image(image, shape), image)
    np.testing.assert_array_equal(resample_labels(image, shape), image)
    np.testing.assert_array_equal(resample(torch.from_numpy(image)[None], shape)[0], image)


def test_positions_in_space_survive_the_way_there_and_back() -> None:
    """A ramp in mm is a ramp on every grid: no half-voxel shift."""
    old, new = (20, 30, 40), (10, 33, 17)
    ramp = (np.arange(40, dtype=np.float32) + 0.5)[None, None].repeat(20, 0).repeat(30, 1)
    expected = (np.arange(17) + 0.5) * 40 / 17
    np.testing.assert_allclose(resample_image(ramp, new)[5, 15, 3:-3], expected[3:-3], atol=1e-3)
    back = resample_image(resample_image(ramp, new), old)
    np.testing.assert_allclose(back[10, 15, 8:-8], ramp[10, 15, 8:-8], atol=1e-3)


def test_shrinking_does_not_alias() -> None:
    """Stripes finer than the new grid become grey; plain interpolation would pick stripes."""
    stripes = np.zeros((32, 32, 90), dtype=np.float32)
    stripes[..., ::3] = 1
    small = resample_image(stripes, (32, 32, 30))
    assert np.abs(small[16, 16, 2:-2] - 1 / 3).max() < 0.15
    assert np.ptp(resample(torch.from_numpy(stripes)[None], (32, 32, 29))[0].numpy()) > 0.5


@pytest.mark.parametrize(
    ("shape", "spacing", "target", "expected"),
    [
        ((100, 512, 512), (5, 0.8, 0.8), (2, 1.6, 1.6), (250, 256, 256)),
        ((3, 3, 3), (1, 1, 1), (10, 1, 2), (1, 3, 2)),
    ],
)
def test_the_training_grid_covers_the_same_extent(shape, spacing, target, expected) -> None:  # type: ignore[no-untyped-def]
    assert training_shape(shape, spacing, target) == expected
