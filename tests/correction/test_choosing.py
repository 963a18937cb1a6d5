import numpy as np
import pytest
from correction.volumes import SEEDS, made, places, volume

from napari_alnt.correction import differences, erase_here, take_all, take_here, take_structure
from napari_alnt.errors import AlntError


@pytest.mark.parametrize("seed", SEEDS)
def test_a_region_becomes_the_students_the_teachers_or_nothing(seed):
    mask, spacing = volume(seed)
    student, _ = volume(seed + 1000, mask.shape, ignore=False)
    teacher, _ = volume(seed + 2000, mask.shape)
    for one in differences(mask, student, spacing, min_ml=0):
        inside = np.zeros(mask.shape, bool)
        inside[one.box] = one.voxels
        for edit, wanted in (
            (take_here(mask, student, one), student),
            (take_here(mask, teacher, one), teacher),
            (erase_here(mask, one), np.zeros_like(mask)),
        ):
            np.testing.assert_array_equal(made(mask, edit), np.where(inside, wanted, mask))


def test_when_all_regions_are_taken_no_difference_is_left():
    count = 0
    for seed in SEEDS:
        mask, spacing = volume(seed)
        student, _ = volume(seed + 1000, mask.shape, ignore=False)
        found = differences(mask, student, spacing, min_ml=0)
        count += len(found)
        for one in found:
            take_here(mask, student, one).apply(mask)
        assert differences(mask, student, spacing, min_ml=0) == ()
    assert count > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_a_structure_and_a_mask_are_taken_whole(seed):
    mask, _ = volume(seed)
    student, _ = volume(seed + 1000, mask.shape, ignore=False)
    for label in (1, 2, 7):
        expected = mask.copy()
        for place in places(mask.shape):
            if label in (mask[place], student[place]) and mask[place] != 255:
                expected[place] = student[place]
        np.testing.assert_array_equal(made(mask, take_structure(mask, student, label)), expected)
    after = made(mask, take_all(mask, student))
    np.testing.assert_array_equal(after, np.where(mask == 255, 255, student))


def test_masks_of_two_grids_are_refused():
    mask = np.zeros((2, 3, 4), np.uint8)
    for tool in (lambda m, s: take_structure(m, s, 1), take_all):
        with pytest.raises(AlntError, match="grid of the case"):
            tool(mask, mask[:1])
