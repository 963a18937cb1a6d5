"""What is known of every axial slice: structure, unknown, differing, corrected."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data.strokes.journal_mask import slice_sums
from napari_alnt.data.strokes.journal_mirror import Change
from napari_alnt.widgets.picture.slice_marks import (
    Masks,
    columns,
    slice_at,
    slice_marks,
    touched,
    unknown_slices,
)

IGNORE = 255


def masks(slices=6, **given):
    """Masks of 8 × 8 pixels; ``given`` holds for each mask its slices with a square of a label."""
    found = {}
    for name in ("correction", "teacher", "student"):
        mask = np.zeros((slices, 8, 8), np.uint8)
        for z, value in given.get(name, {}).items():
            mask[z, 2:5, 2:5] = value
        found[name] = mask
    return Masks(**found, ignore_label=IGNORE)


def test_each_mark_stands_where_it_belongs():
    found = slice_marks(
        masks(
            correction={0: 1, 1: IGNORE, 3: 2},
            teacher={0: 1, 1: IGNORE, 4: 1},
            student={0: 1, 1: 1, 3: 1},
        )
    )
    assert np.flatnonzero(found.structure).tolist() == [0, 3, 4]
    np.testing.assert_array_equal(found.unknown, [0, 9, 0, 0, 0, 0])
    # what nobody has labelled cannot be wrong
    np.testing.assert_array_equal(found.differing, [0, 0, 0, 9, 9, 0])
    assert np.flatnonzero(found.corrected).tolist() == [3, 4]


def test_without_a_teacher_and_a_student_the_mask_is_compared_with_how_it_began():
    mask = masks(correction={1: 1}).correction
    began = slice_sums(mask)
    mask[2, 0, 0] = 1
    found = slice_marks(Masks(mask, sums=began))
    assert np.flatnonzero(found.structure).tolist() == [1, 2]
    assert np.flatnonzero(found.corrected).tolist() == [2]
    assert not found.differing.any()


def test_only_changed_slices_are_looked_at():
    given = masks(correction={0: 1}, teacher={0: 1})
    before = slice_marks(given)
    given.correction[2] = given.correction[4] = IGNORE
    after = slice_marks(given, [2], before)
    np.testing.assert_array_equal(np.flatnonzero(after.unknown), [2])
    assert not before.unknown.any()
    np.testing.assert_array_equal(np.flatnonzero(slice_marks(given).unknown), [2, 4])
    # marks of another case are of no use
    np.testing.assert_array_equal(
        slice_marks(given, [2], slice_marks(masks(5))).unknown, slice_marks(given).unknown
    )


def test_the_slices_that_a_change_touches():
    stroke = Change((slice(3, 5), slice(0, 2), slice(0, 2)), None, 1)
    points = Change((np.array([1, 1, -1]), np.zeros(3, int), np.zeros(3, int)), None, 1)
    assert touched([stroke, points], 9) == {1, 3, 4, 8}
    assert touched([], 9) == set()


@pytest.mark.parametrize(("slices", "width"), [(6, 600), (1000, 100), (270, 271), (1, 40)])
def test_a_strip_hides_no_mark(slices, width):
    given = masks(slices)
    marked = {0, slices // 3, slices - 1}
    for z in marked:
        given.correction[z, 0, 0] = IGNORE
        given.student[z, 1, 1] = 1
    shown = columns(slice_marks(given), width)
    assert shown.shape == (4, width)
    for z in marked:
        x = max(x for x in range(width) if slice_at(x, width, slices) <= z)
        assert shown[1, x] == 1
        assert shown[2, x] > 0.3
    assert not shown[0].any()
    assert {slice_at(x, width, slices) for x in range(width)} <= set(range(slices))


def test_a_place_beside_the_strip_is_the_slice_at_its_end():
    assert [slice_at(x, 100, 10) for x in (-5, 0, 99.9, 100, 400)] == [0, 0, 9, 9, 9]
    assert slice_at(3, 0, 10) == 9


def test_a_slice_in_words():
    found = slice_marks(masks(correction={0: 1, 1: IGNORE}, student={0: 2}))
    assert found.words(0) == "Slice 1 of 6: structure, differs in 9 voxels, corrected"
    assert found.words(1) == "Slice 2 of 6: 9 voxels unknown, corrected"
    assert found.words(5) == "Slice 6 of 6: nothing marked"


def test_unknown_slices_are_found():
    given = masks(correction={1: IGNORE, 2: 1, 4: IGNORE})
    assert unknown_slices(given.correction, IGNORE) == [1, 4]
