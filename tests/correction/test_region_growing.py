import math

import numpy as np
import pytest
from correction.volumes import CROSS, SEEDS, flood, image, made, places, volume, within

from napari_alnt.correction import Limits, grow_region
from napari_alnt.errors import AlntError

ONE = (1.0, 1.0, 1.0)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("protect", [frozenset(), frozenset({1})])
def test_a_region_is_what_a_flood_reaches(seed, protect):
    mask, spacing = volume(seed)
    grey = image(seed, mask.shape)
    rng = np.random.default_rng([seed, 7])
    point = tuple(int(rng.integers(size)) for size in mask.shape)
    mm = float(rng.choice([0, 1.5, 4, 30]))
    low, high = grey[point] - 60, grey[point] + 90
    fits = np.zeros(mask.shape, bool)
    for place in places(mask.shape):
        free = mask[place] != 255 and mask[place] not in protect
        fits[place] = free and low <= grey[place] <= high and within(place, point, mm, spacing)
    expected = np.where(flood(fits, point, CROSS), 2, mask)
    limits = Limits(protect, 255, grey, low, high)
    after = made(mask, grow_region(mask, point, 2, mm, spacing, limits))
    np.testing.assert_array_equal(after, expected)


def test_a_click_on_other_hu_fills_nothing():
    mask = np.zeros((3, 4, 5), np.uint8)
    limits = Limits(image=np.zeros(mask.shape), low=10, high=20)
    assert grow_region(mask, (1, 1, 1), 1, 9.0, ONE, limits).is_empty
    everything = Limits(image=np.zeros(mask.shape), low=0, high=0)
    assert made(mask, grow_region(mask, (1, 1, 1), 1, 9.0, ONE, everything)).all()


def test_no_image_no_length_and_no_voxel_are_refused():
    mask = np.zeros((3, 4, 5), np.uint8)
    limits = Limits(image=np.zeros(mask.shape))
    for point, mm, own, text in (
        ((1, 1, 1), 1.0, Limits(), "needs the case's image"),
        ((1, 1, 1), math.nan, limits, "above 0"),
        ((3, 1, 1), 1.0, limits, "click inside"),
    ):
        with pytest.raises(AlntError, match=text):
            grow_region(mask, point, 1, mm, ONE, own)
