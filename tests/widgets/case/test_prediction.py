"""What the student says of a case, as it is shown."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data import Project
from napari_alnt.widgets.case.prediction import Prediction, as_type, mask_type


def test_a_few_voxels_do_not_take_the_colour_scale():
    trust = np.full((20, 40, 40), -0.25, np.float32)
    trust[0, 0, :3] = 9
    assert Prediction(trust > 0, trust, 0).highest_trust == 0.25
    assert Prediction(trust > 0, np.zeros_like(trust), 0).highest_trust == 1.0


@pytest.mark.parametrize(("part", "is_sensible"), [(1, True), (4, False), (20, False)])
def test_a_mask_of_a_large_part_of_the_volume_is_none(part, is_sensible):
    labels = np.zeros((20, 4, 4), np.uint8)
    labels[:part] = 3
    assert Prediction(labels, labels * 1.0, 0).is_sensible == is_sensible


def test_masks_are_of_one_type_unless_that_cannot_hold_them(balls):
    with Project.open(balls.folder, write=False) as project:
        dtype = mask_type(project)
    assert dtype == np.uint8
    mask = np.array([[[0, 1, 255]]])
    assert as_type(mask, dtype).dtype == np.uint8
    np.testing.assert_array_equal(as_type(mask, dtype), mask)
    for other in (mask + 1, mask - 1):
        np.testing.assert_array_equal(as_type(other, dtype), other)
    assert as_type(mask[:0], dtype).dtype == np.uint8
