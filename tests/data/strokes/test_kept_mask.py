"""A mask that is given up can be had again from its case's journal."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data.strokes.journal import mask_at, resume, steps
from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.strokes.journal_mirror import Change
from napari_alnt.data.strokes.journal_writer import Journal
from napari_alnt.data.strokes.kept_mask import keep_mask

SHAPE = (4, 6, 5)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "labels" / "journal"


@pytest.fixture
def mask():
    made = np.zeros(SHAPE, np.uint8)
    made[1:3, 2:4] = 1
    return made


def test_a_mask_without_a_journal_gets_one(path, mask):
    step = keep_mask(path, mask, 0, 12.0)
    np.testing.assert_array_equal(mask_at(path, step, SHAPE), mask)
    found = resume(path, mask, 0, draft=True)
    assert (found.restored, found.notice) == (0, "")
    assert found.end == path.stat().st_size


def test_what_the_journal_has_is_not_written_again(path, mask):
    live = Journal(resume(path, mask.copy(), 0, draft=True), lambda: (mask, True), print)
    mask[0, 0, 0] = 1
    live.append(Kind.STROKE, [Change((0, 0, 0), None, np.uint8(1))])
    step = keep_mask(path, mask, 0, 0.0)
    live.close()
    assert [one.kind for one in steps(path)] == ["base", "stroke"]
    assert step == 1
    before = path.read_bytes()
    assert keep_mask(path, mask, 0, 0.0) == 1
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"no journal at all", None])
def test_a_journal_that_lacks_it_is_put_beside_a_new_one(path, mask, damage):
    keep_mask(path, mask, 0, 0.0)
    if damage is not None:
        path.write_bytes(damage)
    before = path.read_bytes()
    other = np.ones(SHAPE, np.uint8)
    step = keep_mask(path, other, 0, 0.0)
    np.testing.assert_array_equal(mask_at(path, step, SHAPE), other)
    assert path.with_name("journal.damaged").read_bytes() == before


def test_a_journal_at_work_goes_on_after_it(path, mask):
    live = Journal(resume(path, mask.copy(), 0, draft=True), lambda: (mask, True), print)
    keep_mask(path, mask, 0, 0.0)
    mask[3, 3, 3] = 1
    live.append(Kind.STROKE, [Change((3, 3, 3), None, np.uint8(1))])
    live.close()
    np.testing.assert_array_equal(mask_at(path, len(steps(path)) - 1, SHAPE), mask)
