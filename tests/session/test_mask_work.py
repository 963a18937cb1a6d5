"""The work between two masks."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.correction import differences
from napari_alnt.session.mask_work import work_between, work_of
from napari_alnt.session.minutes import Work

SPACING = (2.0, 1.0, 1.0)


def empty() -> np.ndarray:
    return np.zeros((12, 30, 30), np.uint8)


def two_blocks() -> np.ndarray:
    mask = empty()
    mask[3:7, 5:12, 5:12] = 1
    mask[5:10, 20:24, 20:24] = 1
    return mask


def test_regions_slices_and_outlines_are_counted():
    work = work_between(empty(), two_blocks(), SPACING, 255)
    # each block: two faces in the plane, four of height × 2 mm
    first = 2 * 7 * 7 + 4 * 7 * 8
    second = 2 * 4 * 4 + 4 * 4 * 10
    assert (work.regions, work.slices) == (2, 7)
    assert work.cm2 == pytest.approx((first + second) / 100)
    assert work_between(two_blocks(), empty(), SPACING, 255) == work


def test_the_work_is_that_of_the_regions_that_a_list_shows():
    found = differences(empty(), two_blocks(), SPACING)
    assert work_of(found, SPACING) == work_between(empty(), two_blocks(), SPACING, 255)
    assert work_of(found[:1], SPACING).regions == 1


def test_equal_masks_and_voxels_nobody_labelled_are_no_work():
    assert work_between(two_blocks(), two_blocks(), SPACING, 255) == Work()
    unknown = np.where(two_blocks() > 0, 255, 0).astype(np.uint8)
    assert work_between(unknown, two_blocks(), SPACING, 255) == Work()
