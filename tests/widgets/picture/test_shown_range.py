"""The grey values that are shown where the user has chosen none."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.settings import WINDOWS
from napari_alnt.widgets.picture.shown_range import shown_range

SHAPE = (20, 80, 80)


def tissue(dtype=np.float32):
    return np.random.default_rng(0).normal(500, 100, SHAPE).astype(dtype)


def test_a_preset_is_what_it_is_whatever_the_volume():
    for name, limits in WINDOWS.items():
        assert shown_range(tissue(), name) == limits


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_without_one_it_holds_most_of_the_values(dtype):
    low, high = shown_range(tissue(dtype), "percentile")
    assert (low, high) == (pytest.approx(267, abs=12), pytest.approx(733, abs=12))
    outliers = tissue(dtype)
    outliers.ravel()[::997] = 32000
    assert shown_range(outliers, "percentile")[1] < 1000


@pytest.mark.parametrize("padding", [0, -3024])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.97])
def test_padding_neither_burns_the_tissue_out_nor_darkens_it(padding, part):
    padded = tissue()
    padded[:, int(80 * (1 - part)) :] = padding
    low, high = shown_range(padded, "percentile")
    assert 200 < low < 400
    assert 600 < high < 800


def test_few_values_are_told_apart():
    mask = np.zeros(SHAPE, np.uint8)
    mask[:, 20:60] = 1
    assert shown_range(mask, "percentile") == (0, 1)
    assert shown_range(mask[:1, :1, :1], "percentile") == (-0.5, 0.5)
    low, high = shown_range(np.full(SHAPE, 7, np.int16), "percentile")
    assert low < 7 < high
