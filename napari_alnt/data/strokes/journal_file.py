"""The file of a journal: a mask, and every change that was made to it since, in records.

A record is a head with a checksum of its own, a payload with another, and the record's length once
more, so that the file can be read from its end. All numbers are little-endian.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

MAGIC = b"ALNT journal 1\r\n"
_HEAD = struct.Struct("<4sQB3xIIddQQQI")
_MARK = b"rec\n"
_CRC = struct.Struct("<I")
_LENGTH = struct.Struct("<Q")
_AROUND = _HEAD.size + _CRC.size + _LENGTH.size
_PIECE = 2**20


class Kind(IntEnum):
    """What a record tells of.

    BASE holds a whole mask. ACCEPTED and REVERTED hold nothing: from there on the project's table
    says which mask is the case's. TAKEN_OVER and REVERT lead from the journal's mask to that one.
    All others are a human's changes.
    """

    BASE = 0
    ACCEPTED = 1
    REVERTED = 2
    REVERT = 3
    TAKEN_OVER = 4
    STROKE = 10
    FILL = 11
    UNDO = 12
    REDO = 13
    TOOL = 14
    STEP = 15

    @property
    def is_change(self) -> bool:
        """Whether it is a human's."""
        return self >= Kind.STROKE


@dataclass(frozen=True)
class Record:
    """One record.

    Attributes
    ----------
    kind : what it tells of
    number : the changes up to this one, counted from the journal's first
    version : the case's accepted version that it was made on, 0 if there was none
    time : when, in seconds since 1970
    seconds : human time spent on the case until then
    voxels : how many it changed
    state : :func:`state_of` the mask after it
    ground : that of the mask that the project's table named when work on it began
    payload : the changes, empty where they were not read
    place : where the payload begins in the file
    length : of the payload, in bytes
    """

    kind: Kind
    number: int
    version: int
    time: float
    seconds: float
    voxels: int
    state: int
    ground: int
    payload: bytes = field(default=b"", repr=False)
    place: int = 0
    length: int = 0

    @property
    def end(self) -> int:
        """Where the record ends in the file."""
        return self.place + self.length + _LENGTH.size

    def encode(self) -> bytes:
        """Its bytes in the file."""
        head = _HEAD.pack(
            _MARK, len(self.payload), self.kind, self.number, self.version, self.time, self.seconds,
            self.voxels, self.state, self.ground, zlib.crc32(self.payload),
        )  # fmt: skip
        whole = len(self.payload) + _AROUND
        return b"".join((head, _CRC.pack(zlib.crc32(head)), self.payload, _LENGTH.pack(whole)))


@dataclass(frozen=True)
class Scan:
    """What a journal's file holds.

    Attributes
    ----------
    records : the whole ones, of which the first is the base; none where the file is not usable
    end : their length in the file, in bytes
    damaged : whether more follows that is no record and no rest of one that was being written
    """

    records: tuple[Record, ...] = ()
    end: int = 0
    damaged: bool = False


def scan(path: Path) -> Scan:
    """Read the heads of a journal's records, and check what lies between them.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    records: list[Record] = []
    with _open(path) as file:
        size = os.fstat(file.fileno()).st_size
        if file.read(len(MAGIC)) != MAGIC:
            # a file that was being made, when the power was cut
            return Scan(damaged=size > len(MAGIC) and not _is_blank(file, 0, size))
        end = len(MAGIC)
        while end < size:
            record = _read_head(file, end, size)
            if record is None or not _is_sound(file, record):
                torn = _is_torn(file, record, end, size)
                return _checked(Scan(tuple(records), end, damaged=not torn))
            records.append(record)
            end = record.end
    return _checked(Scan(tuple(records), end))


def last_record(path: Path) -> Record | None:
    """The last whole record, found from the file's end where that is whole; None if there is none.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with _open(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size >= len(MAGIC) + _AROUND:
            file.seek(size - _LENGTH.size)
            (whole,) = _LENGTH.unpack(file.read(_LENGTH.size))
            if _AROUND <= whole <= size - len(MAGIC):
                record = _read_head(file, size - whole, size)
                if record is not None and record.length + _AROUND == whole:
                    return record
    records = scan(path).records
    return records[-1] if records else None


def _open(path: Path) -> BinaryIO:
    # a pipe would never end
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no plain file")
    return path.open("rb")


def _checked(found: Scan) -> Scan:
    """Without a base first, and nowhere else, nothing can be made of the records."""
    bases = [record.kind is Kind.BASE for record in found.records]
    if bases and (not bases[0] or any(bases[1:])):
        return Scan(damaged=True)
    return found


def _read_head(file: BinaryIO, start: int, size: int) -> Record | None:
    """The record whose head lies whole at a place; None if none does."""
    file.seek(start)
    head = file.read(_HEAD.size + _CRC.size)
    if len(head) < _HEAD.size + _CRC.size:
        return None
    mark, length, kind, *values = _HEAD.unpack(head[: _HEAD.size])
    if mark != _MARK or _CRC.unpack(head[_HEAD.size :])[0] != zlib.crc32(head[: _HEAD.size]):
        return None
    place = start + len(head)
    if kind not in set(Kind) or place + length + _LENGTH.size > size:
        return None
    number, version, time, seconds, voxels, state, ground, _ = values
    return Record(
        Kind(kind), number, version, time, seconds, voxels, state, ground, b"", place, length
    )


def _is_sound(file: BinaryIO, record: Record) -> bool:
    """Whether a record's payload and end are as they were written."""
    file.seek(record.place - _CRC.size - _CRC.size)
    (wanted,) = _CRC.unpack(file.read(_CRC.size))
    file.seek(record.place)
    left, found = record.length, 0
    while left:
        piece = file.read(min(left, _PIECE))
        if not piece:
            return False
        found = zlib.crc32(piece, found)
        left -= len(piece)
    end = file.read(_LENGTH.size)
    return found == wanted and end == _LENGTH.pack(record.length + _AROUND)


def _is_torn(file: BinaryIO, record: Record | None, start: int, size: int) -> bool:
    """Whether what begins at a place is the rest of a record that was being written.

    A power failure leaves less of it, or zeros in place of its end.
    """
    if record is not None:
        return _is_blank(file, record.end - _LENGTH.size, size)
    file.seek(start)
    head = file.read(_HEAD.size + _CRC.size)
    if len(head) < _HEAD.size + _CRC.size:
        return True
    is_whole = _CRC.unpack(head[_HEAD.size :])[0] == zlib.crc32(head[: _HEAD.size])
    if head.startswith(_MARK) and is_whole:
        _, length, *_ = _HEAD.unpack(head[: _HEAD.size])
        return bool(start + length + _AROUND > size)
    return _is_blank(file, start + len(head) - 1, size)


def _is_blank(file: BinaryIO, start: int, end: int) -> bool:
    file.seek(start)
    while start < end:
        piece = file.read(min(end - start, _PIECE))
        if not piece or piece.strip(b"\0"):
            return False
        start += len(piece)
    return True
