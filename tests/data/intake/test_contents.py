"""What is measured of voxels while a file is read."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data.intake.contents import (
    FEW,
    SAMPLE,
    image_content,
    is_area,
    label_counts,
    mask_content,
)

# images -------------------------------------------------------------------------------------------


def test_grey_values_are_kept_as_shares():
    voxels = np.arange(1000).reshape(10, 10, 10)
    content = image_content(voxels)
    assert (content.low, content.high, content.padding) == (0, 999, 0)
    assert content.quantile(0.5) == pytest.approx(499.5)
    assert content.within(100, 299.5) == pytest.approx(0.2, abs=0.002)
    assert content.within(-np.inf, np.inf) == 1
    assert content.within(2000, 3000) == 0


def test_padding_is_what_has_the_lowest_value_and_is_left_out():
    voxels = np.full((10, 10, 10), -3024)
    voxels[5:] = np.arange(500).reshape(5, 10, 10)
    content = image_content(voxels)
    assert content.padding == pytest.approx(0.5)
    assert (content.low, content.quantile(0)) == (-3024, 0)


def test_a_constant_image_has_quantiles_too():
    content = image_content(np.zeros((3, 3, 3), np.int16))
    assert (content.low, content.high, content.quantile(0.5), content.padding) == (0, 0, 0, 0)


def test_the_digest_is_that_of_the_values_and_not_of_their_type():
    voxels = np.random.default_rng(0).integers(-1000, 1000, (5, 6, 7)).astype(np.int16)
    one = image_content(voxels).digest
    assert image_content(voxels.astype(np.float32)).digest == one
    assert image_content(np.asfortranarray(voxels)).digest == one
    assert image_content(voxels.reshape(6, 5, 7)).digest != one
    changed = voxels.copy()
    changed[2, 3, 4] += 1
    assert image_content(changed).digest != one


def test_of_a_large_image_every_column_is_looked_at():
    voxels = np.zeros((64, 256, 256), np.int16)
    voxels[..., 129] = 100
    assert voxels.size > 4 * SAMPLE
    assert image_content(voxels).quantile(1) == 100


# masks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, bool, np.int64])
@pytest.mark.parametrize("largest", [1, 200, 70_000])
def test_labels_are_counted_as_by_unique(dtype, largest):
    labels = np.random.default_rng(0).integers(0, largest + 1, (4, 5, 6)).astype(dtype)
    values, counts = np.unique(labels, return_counts=True)
    assert label_counts(labels) == dict(zip(values.tolist(), counts.tolist(), strict=True))
    assert label_counts(np.zeros((0, 3, 3), np.uint8)) == {}


def test_small_structures_are_kept_voxel_by_voxel():
    labels = np.zeros((20, 20, 20), np.uint8)
    labels[5:] = 1
    labels[2, 3, 4] = 7
    labels[0, 0, :2] = 255
    content = mask_content(labels, 255, apart=0.02)
    assert (labels == 1).sum() > FEW
    assert list(content.small) == [7]
    assert content.small[7].tolist() == [[2, 3, 4]]
    assert (content.counts[255], content.shape, content.apart) == (2, (20, 20, 20), 0.02)


def test_what_nobody_has_labelled_lies_in_whole_slices_or_corners():
    marked = np.zeros((8, 9, 10), bool)
    assert not is_area(marked)
    marked[3:5, 3:5, 3:5] = True
    assert not is_area(marked)
    for index in ((4,), (slice(None), 4), (..., 4), (-1, -1, 0)):
        area = marked.copy()
        area[index] = True
        assert is_area(area)


def test_structures_are_smooth_and_probabilities_are_not():
    z, y, x = np.indices((20, 20, 20))
    organs = (x // 5) + 4 * (y // 5) + 1
    distance = np.sqrt((z - 10) ** 2 + (y - 10) ** 2 + (x - 10) ** 2)
    probabilities = (255 * np.exp(-distance / 6)).astype(np.uint8)
    assert mask_content(organs.astype(np.uint8), 255).smooth > 0.8
    assert mask_content(probabilities, 255).smooth < 0.3
    assert mask_content(np.zeros((3, 3, 3), np.uint8), 255).smooth == 1
