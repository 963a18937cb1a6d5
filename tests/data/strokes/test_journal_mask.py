"""Masks and changes are encoded without loss, and nothing else is decoded."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_alnt.data.strokes.journal_mask import (
    DamagedJournal,
    apply,
    decode_base,
    encode_base,
    encode_plane,
    encode_planes,
    slice_sum,
    slice_sums,
    state_of,
)

SHAPE = (3, 4, 5)


def masks(dtype=np.uint8):
    return arrays(dtype, SHAPE, elements=st.integers(0, 3))


@given(masks(), st.sampled_from([np.uint8, np.uint16, np.uint32, np.int64]))
def test_a_base_comes_back(mask, dtype):
    mask = mask.astype(dtype)
    found = decode_base(encode_base(mask), SHAPE)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, mask)


@given(masks(), masks())
def test_changes_lead_from_one_mask_to_the_other(before, after):
    payload, voxels = encode_planes(before, after, slice_sums(after))
    assert voxels == np.count_nonzero(before != after)
    mask, sums = before.copy(), slice_sums(before)
    apply(mask, sums, payload)
    np.testing.assert_array_equal(mask, after)
    np.testing.assert_array_equal(sums, slice_sums(after))


def test_equal_slices_take_no_room():
    plane = np.ones((4, 5), np.uint8)
    assert encode_plane(1, plane, plane, slice_sum(plane)) == (b"", 0)
    big = np.zeros((300, 512, 512), np.uint8)
    assert len(encode_base(big)) < 100


def test_a_disc_takes_few_bytes():
    before = np.zeros((512, 512), np.uint8)
    after = before.copy()
    after[np.hypot(*np.mgrid[-256:256, -256:256]) < 20] = 1
    payload, voxels = encode_plane(0, before, after, slice_sum(after))
    assert voxels > 1200
    assert len(payload) < 200


def test_the_state_tells_masks_apart():
    mask = np.zeros(SHAPE, np.uint8)
    empty = state_of(slice_sums(mask))
    mask[0, 0, 0] = 1
    one = state_of(slice_sums(mask))
    mask[:] = 0
    mask[1, 0, 0] = 1
    assert len({empty, one, state_of(slice_sums(mask))}) == 3


def test_changes_of_another_mask_are_refused():
    before, after = np.zeros(SHAPE, np.uint8), np.ones(SHAPE, np.uint8)
    payload, _ = encode_planes(before, after, slice_sums(after))
    for mask in (after, np.zeros((1, 4, 5), np.uint8), np.zeros((3, 2, 2), np.uint8)):
        with pytest.raises(DamagedJournal):
            apply(mask.copy(), slice_sums(mask), payload)
    other = before.copy()
    other[1, 3, 3] = 2
    changed, _ = encode_planes(before, after, slice_sums(after))
    with pytest.raises(DamagedJournal):
        apply(other, slice_sums(other), changed)


def test_a_base_of_another_shape_or_type_is_refused():
    payload = encode_base(np.ones(SHAPE, np.uint8))
    with pytest.raises(DamagedJournal):
        decode_base(payload, (3, 5, 4))
    with pytest.raises(DamagedJournal):
        decode_base(encode_base(np.ones(SHAPE, np.float32)), SHAPE)
    with pytest.raises(DamagedJournal):
        decode_base(payload[:-1], SHAPE)


def test_a_payload_that_swells_is_stopped():
    bomb = zlib.compress(bytes(10**7), 9)
    payload = encode_base(np.ones(SHAPE, np.uint8))
    start = len(payload) - len(zlib.compress(np.ones(SHAPE[1:], np.uint8).data, 1))
    head = payload[: start - 4] + len(bomb).to_bytes(4, "little")
    with pytest.raises(DamagedJournal):
        decode_base(head + bomb, SHAPE)


@given(st.binary(max_size=200), st.data())
def test_no_bytes_raise_anything_else(content, data):
    mask = np.zeros(SHAPE, np.uint8)
    payload, _ = encode_planes(mask, np.ones_like(mask), slice_sums(np.ones_like(mask)))
    place = data.draw(st.integers(0, len(payload)))
    for mixed in (content, payload[:place] + content + payload[place:]):
        try:
            apply(mask.copy(), slice_sums(mask), mixed)
            decode_base(mixed, SHAPE)
        except DamagedJournal:
            pass
