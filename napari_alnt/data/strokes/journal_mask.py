"""Masks and the changes of masks, as the records of a journal hold them."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from napari_alnt.data.images.on_disk import Array

_BASE = struct.Struct("<3I4s")
_SLICE = struct.Struct("<III")
_RUNS = struct.Struct("<IIII")


class DamagedJournal(ValueError):
    """A record that is not what was written."""


def slice_sums(mask: Array) -> Array:
    """The CRC-32 of every slice of a mask (Z, Y, X); uint32 (Z,)."""
    return np.array([slice_sum(plane) for plane in mask], "<u4")


def state_of(sums: Array) -> int:
    """One number for a mask, from :func:`slice_sums` of it."""
    digest = hashlib.blake2b(sums.tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def encode_base(mask: Array) -> bytes:
    """The payload of a base: a whole mask (Z, Y, X)."""
    name = mask.dtype.newbyteorder("<").str.encode().ljust(4)
    parts = [_BASE.pack(*mask.shape, name)]
    for z, plane in enumerate(mask):
        if plane.any():
            content = zlib.compress(np.ascontiguousarray(plane).data, 1)
            parts += [_SLICE.pack(z, slice_sum(plane), len(content)), content]
    return b"".join(parts)


def decode_base(payload: bytes, shape: tuple[int, ...]) -> Array:
    """The mask (Z, Y, X) of a base.

    Raises
    ------
    DamagedJournal
        If it is none of that shape.
    """
    try:
        *found, name = _BASE.unpack_from(payload)
        dtype = np.dtype(name.decode("ascii").strip())
        if tuple(found) != shape or dtype.kind not in "iu":
            raise DamagedJournal("the base is another's")
        mask = np.zeros(shape, dtype)
        place = _BASE.size
        while place < len(payload):
            z, wanted, length = _SLICE.unpack_from(payload, place)
            place += _SLICE.size
            content = _inflate(payload[place : place + length], mask[0].nbytes)
            place += length
            mask[z] = np.frombuffer(content, dtype).reshape(shape[1:])
            if slice_sum(mask[z]) != wanted:
                raise DamagedJournal("a slice is not as it was written")
    except (struct.error, TypeError, ValueError, IndexError, zlib.error) as error:
        raise DamagedJournal("the base cannot be read") from error
    return mask


def encode_plane(
    z: int, before: Array, after: Array, total: int, first: int = 0
) -> tuple[bytes, int]:
    """What changed in a slice, as runs of equal old and new values; b'' for nothing.

    Parameters
    ----------
    z : which slice
    before, after : label values (Y, X) of one type, of the slice or of some of its rows
    total : :func:`slice_sum` of the whole slice afterwards
    first : how many voxels of the slice come before them

    Returns
    -------
    the bytes, and the number of changed voxels
    """
    old, new = before.ravel(), after.ravel()
    where = np.flatnonzero(old != new)
    if not len(where):
        return b"", 0
    old, new = old[where], new[where]
    is_next = (np.diff(where) == 1) & (old[1:] == old[:-1]) & (new[1:] == new[:-1])
    begins = np.flatnonzero(np.r_[True, ~is_next])
    lengths = np.diff(np.r_[begins, len(where)])
    starts = where[begins] + first
    gaps = starts - np.r_[0, (starts + lengths)[:-1]]
    parts = (gaps.astype("<u4"), lengths.astype("<u4"), old[begins], new[begins])
    content = zlib.compress(b"".join(part.tobytes() for part in parts), 1)
    return _RUNS.pack(z, total, len(begins), len(content)) + content, len(where)


def encode_planes(before: Array, after: Array, sums: Array) -> tuple[bytes, int]:
    """What changed from one mask to another, and in how many voxels.

    Parameters
    ----------
    before, after : label values (Z, Y, X) of one type
    sums : :func:`slice_sums` of ``after``
    """
    parts = [
        encode_plane(z, old, new, int(total))
        for z, (old, new, total) in enumerate(zip(before, after, sums, strict=True))
    ]
    return b"".join(part for part, _ in parts), sum(voxels for _, voxels in parts)


def apply(mask: Array, sums: Array, payload: bytes) -> None:
    """Make the changes of a record.

    Parameters
    ----------
    mask : label values (Z, Y, X), changed in place
    sums : :func:`slice_sums` of it, changed in place
    payload : of the record

    Raises
    ------
    DamagedJournal
        If the changes do not fit the mask, or do not lead to the slices that were recorded.
    """
    for z, wanted, positions, old, new in _planes(mask, payload):
        plane = mask[z].reshape(-1)
        if not np.array_equal(plane[positions], old):
            raise DamagedJournal("the mask is not the one that was changed")
        plane[positions] = new
        sums[z] = slice_sum(plane)
        if sums[z] != wanted:
            raise DamagedJournal("a slice is not as it was painted")


def _planes(mask: Array, payload: bytes) -> Iterator[tuple[int, int, Array, Array, Array]]:
    size, item = mask[0].size, mask.dtype.itemsize
    place = 0
    try:
        while place < len(payload):
            z, wanted, runs, length = _RUNS.unpack_from(payload, place)
            place += _RUNS.size
            if z >= len(mask) or runs > size:
                raise DamagedJournal("there is no such slice")
            content = _inflate(payload[place : place + length], runs * (8 + 2 * item))
            place += length
            gaps, lengths = np.frombuffer(content, "<u4", 2 * runs).reshape(2, runs).astype(int)
            values = np.frombuffer(content[8 * runs :], mask.dtype).reshape(2, runs)
            ends = np.cumsum(gaps + lengths)
            if ends[-1] > size or lengths.sum() > size:
                raise DamagedJournal("the changes leave the slice")
            begins = np.cumsum(lengths) - lengths
            positions = np.repeat(ends - lengths - begins, lengths) + np.arange(lengths.sum())
            yield z, wanted, positions, np.repeat(values[0], lengths), np.repeat(values[1], lengths)
    except (struct.error, ValueError, IndexError, zlib.error) as error:
        raise DamagedJournal("the changes cannot be read") from error


def _inflate(content: bytes, size: int) -> bytes:
    """Decompress what must become exactly so many bytes, however much it could become."""
    inflater = zlib.decompressobj()
    found = inflater.decompress(content, size + 1)
    if len(found) != size or not inflater.eof:
        raise DamagedJournal("a part has another length")
    return found


def slice_sum(plane: Array) -> int:
    """The CRC-32 of a slice (Y, X)."""
    return zlib.crc32(np.ascontiguousarray(plane).data)
