"""The copy is changed as the mask is."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data.strokes.journal import resume
from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.strokes.journal_mask import apply, decode_base, slice_sums, state_of
from napari_alnt.data.strokes.journal_mirror import Change, Mirror
from napari_alnt.errors import AlntError

SHAPE = (3, 4, 5)


@pytest.fixture
def mask():
    return np.arange(60, dtype=np.uint8).reshape(SHAPE) % 3


@pytest.fixture
def mirror(tmp_path, mask):
    return Mirror(resume(tmp_path / "journal", mask.copy(), 2, draft=False))


REGION = (slice(1, 3), slice(0, 2), slice(2, 5))
INSIDE = np.random.default_rng(0).random((2, 2, 3)) < 0.5
CHANGES = {
    "box": [Change(REGION, None, 2)],
    "values of a box": [Change(REGION, None, np.full((2, 2, 3), 1, np.uint8))],
    "inside": [Change(REGION, INSIDE, 2)],
    "values inside": [Change(REGION, INSIDE, np.arange(INSIDE.sum()) % 2)],
    "indices": [Change((np.array([0, 2, 2]), np.array([1, 1, 3]), np.array([0, 0, 4])), None, 2)],
    "from the end": [Change((np.array([-1]), np.array([-1]), np.array([-2])), None, 0)],
    "one over another": [Change(REGION, INSIDE, 2), Change(REGION, None, 1)],
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_changes_are_made_and_told(mirror, mask, changes):
    after = mask.copy()
    for change in changes:
        if change.inside is None:
            after[change.where] = change.values
        else:
            after[change.where][change.inside] = change.values
    payload, voxels = mirror.change(changes)
    assert voxels == np.count_nonzero(after != mask)
    found, sums = mask.copy(), slice_sums(mask)
    apply(found, sums, payload)
    np.testing.assert_array_equal(found, after)
    record = mirror.record(Kind.STROKE, (payload, voxels), 5.0, 6.0)
    assert (record.number, record.version, record.voxels) == (1, 2, voxels)
    assert record.state == state_of(slice_sums(after))
    assert record.ground == state_of(slice_sums(mask))


def test_what_changes_nothing_is_no_change(mirror, mask):
    assert mirror.change([Change(REGION, None, mask[REGION].copy())]) == (b"", 0)


def test_a_change_that_fails_changes_nothing(mirror, mask):
    with pytest.raises(IndexError):
        mirror.change([Change(REGION, None, 2), Change(REGION, np.ones((9, 9), bool), 1)])
    np.testing.assert_array_equal(decode_base(mirror.base().payload, SHAPE), mask)


def test_a_mask_that_differs_is_taken_over(mirror, mask):
    other = mask.astype(np.int64)
    other[1, 2, 3] = 7
    planes = mirror.differing(other)
    assert list(planes) == [1]
    _, voxels = mirror.replace(planes)
    assert voxels == 1
    assert mirror.differing(other) == {}


def test_a_mask_that_cannot_be_kept_is_said(mirror, mask):
    with pytest.raises(AlntError, match=r"another shape now \(\(3, 4, 4\)"):
        mirror.differing(mask[..., 1:])
    with pytest.raises(AlntError, match="Slice 0 of the correction holds values"):
        mirror.differing(mask.astype(int) + 300)


def test_an_accepted_mask_is_the_new_ground(mirror):
    mirror.change([Change(REGION, None, 2)])
    mirror.settle(3)
    record = mirror.record(Kind.STROKE, (b"", 0), 0.0, 0.0)
    assert record.version == 3
    assert record.ground == record.state
