"""What a case's journal says when the case is opened, listed or decided on."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from napari_alnt.data.atomic import Appender
from napari_alnt.data.images.on_disk import Array
from napari_alnt.data.strokes.journal_file import Kind, Record, Scan, last_record, scan
from napari_alnt.data.strokes.journal_mask import (
    DamagedJournal,
    apply,
    decode_base,
    encode_base,
    encode_planes,
    slice_sums,
    state_of,
)
from napari_alnt.errors import AlntError

LONGEST = 32 * 2**20
"""Bytes of a journal above which its older steps are merged."""
WRITING = threading.Lock()
"""Held by whoever writes to a journal: its own thread, or the one that accepts the mask."""


class Live(Protocol):
    """A journal that is being written by this process."""

    def flush(self) -> bool:
        """Wait until all that was handed over is on the disk; whether it is."""

    def settled(self, version: int) -> None:
        """Go on from a mask that has just been accepted as a version."""


OPEN: dict[Path, Live] = {}
"""The journals of this process's open cases, by their files."""


@dataclass(frozen=True, eq=False)
class Resumed:
    """How a case goes on, and how its journal does.

    Attributes
    ----------
    mask : the mask to go on with (Z, Y, X), the one that was given or the journal's, which becomes
        the journal's own: paint on a copy
    restored : how many changes the journal's has that the given mask lacks
    seconds : human time spent on the case as the journal knows it
    notice : a sentence about damage, or ''
    path : the journal's file
    sums : :func:`slice_sums` of the mask
    end : the length of the journal that holds, in bytes; 0 to begin anew
    first : records to write before any other; with ``end`` 0 they begin with the base
    number : of the last record
    state : :func:`state_of` the mask to which the records up to ``end`` lead
    version : the case's accepted version
    ground : :func:`state_of` the mask that was given
    damaged : whether bytes behind ``end`` are worth keeping
    """

    mask: Array
    restored: int
    seconds: float
    notice: str
    path: Path
    sums: Array
    end: int = 0
    first: tuple[Record, ...] = ()
    number: int = 0
    state: int = 0
    version: int = 0
    ground: int = 0
    damaged: bool = False


@dataclass(frozen=True)
class Step:
    """One step of a case's history: ``kind`` as in :class:`Kind`, time since 1970, voxels."""

    index: int
    kind: str
    time: float
    seconds: float
    voxels: int


def has_changes(path: Path, version: int) -> bool:
    """Whether a journal holds work on a case's accepted version that may be nowhere else.

    Only the last record's head is read.
    """
    try:
        last = last_record(path)
    except OSError:
        return False
    return last is not None and _is_open(last, version) and last.state != last.ground


def settle(path: Path, kind: Kind, version: int) -> None:
    """Note that the project's table says from now on which mask is the case's.

    Parameters
    ----------
    path : the journal's file; where there is none, nothing is done
    kind : ACCEPTED, or REVERTED where a version or the draft was taken back
    version : the case's accepted version from now on

    Raises
    ------
    AlntError
        If it cannot be written.
    """
    live = OPEN.get(path)
    if live is not None:
        live.flush()
        live.settled(version)
    with WRITING, contextlib.suppress(FileNotFoundError):
        found = _scan(path)
        # behind a damaged record nobody would find it
        if found.records and not found.damaged:
            last = found.records[-1]
            record = dataclasses.replace(
                last, kind=kind, version=version, time=time.time(), voxels=0, ground=last.state,
                payload=b"",
            )  # fmt: skip
            file = Appender(path, found.end)
            try:
                file.append(record.encode())
            finally:
                file.close()


def resume(path: Path, mask: Array, version: int, *, draft: bool) -> Resumed:
    """Compare a case's mask with its journal, and say which of the two goes on; writes nothing.

    Parameters
    ----------
    path : the journal's file, which need not exist
    mask : label values (Z, Y, X): the draft, else the accepted or the teacher's mask
    version : the case's accepted version, 0 if there is none
    draft : whether the mask is the draft

    Raises
    ------
    AlntError
        If the journal cannot be read because of its disk.
    """
    live = OPEN.get(path)
    if live is not None:
        live.flush()
    sums = slice_sums(mask)
    fresh = Resumed(mask, 0, 0.0, "", path, sums, version=version, ground=state_of(sums))
    try:
        found = _scan(path)
    except FileNotFoundError:
        return fresh
    records, own = found.records, mask
    if records and records[-1].state != fresh.ground:
        own, records = _replay(path, records, mask.shape)
    notice = _notice(path) if found.damaged or len(records) < len(found.records) else ""
    if not records:
        return dataclasses.replace(fresh, notice=notice, damaged=bool(notice))
    last = records[-1]
    base = dataclasses.replace(
        fresh, seconds=last.seconds, notice=notice, damaged=bool(notice), number=last.number,
        state=last.state,
        end=found.end if records is found.records else last.end,
    )  # fmt: skip
    if last.state == fresh.ground:
        return base if base.end <= LONGEST else _shorten(base, mask)
    is_foreign = draft and fresh.ground not in {record.state for record in records}
    if not _is_open(last, version) or is_foreign:
        return _take_over(base, own, last)
    since = records[_since(records, fresh.ground) :]
    return _go_on(base, own, max(sum(record.kind.is_change for record in since), 1))


def steps(path: Path) -> tuple[Step, ...]:
    """The history of a case as its journal knows it, oldest first.

    Raises
    ------
    AlntError
        If the journal cannot be read.
    """
    try:
        records = _scan(path).records
    except FileNotFoundError:
        return ()
    return tuple(
        Step(index, record.kind.name.lower(), record.time, record.seconds, record.voxels)
        for index, record in enumerate(records)
    )


def mask_at(path: Path, index: int, shape: tuple[int, ...]) -> Array:
    """The mask (Z, Y, X) after a step of the history.

    Raises
    ------
    AlntError
        If the journal does not hold it.
    """
    records: tuple[Record, ...] = ()
    with contextlib.suppress(FileNotFoundError):
        mask, records = _replay(path, _scan(path).records[: index + 1], shape)
    if len(records) <= index:
        raise AlntError(f"'{path}' does not hold step {index}; choose another step.")
    return mask


def find_damage(path: Path, shape: tuple[int, ...]) -> str:
    """What is wrong with the journal of a mask of a shape (Z, Y, X), in words; '' for nothing."""
    try:
        found = _scan(path)
    except FileNotFoundError:
        return ""
    if found.damaged or len(_replay(path, found.records, shape)[1]) < len(found.records):
        return "damaged"
    return "cut short" if path.stat().st_size > found.end or not found.records else ""


def _scan(path: Path) -> Scan:
    try:
        return scan(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise AlntError(
            f"The strokes in '{path}' cannot be read ({(error.strerror or str(error)).lower()});"
            " check the disk and open the case again."
        ) from error


def _is_open(last: Record, version: int) -> bool:
    """Whether a journal that ends so goes on with a case, or another mask was decided on since."""
    if last.version > version:  # the table is older, as from a backup made just then
        return last.kind.is_change or last.kind is Kind.ACCEPTED
    return last.kind.is_change and last.version == version


def _since(records: tuple[Record, ...], state: int) -> int:
    """Where the records begin that were made after a mask was saved."""
    for index in range(len(records) - 1, -1, -1):
        if records[index].state == state or not records[index].kind.is_change:
            return index + 1
    return 0


def _replay(
    path: Path, records: tuple[Record, ...], shape: tuple[int, ...]
) -> tuple[Array, tuple[Record, ...]]:
    """The mask (Z, Y, X) that records lead to, and those of them that are as they were written."""
    if not records:
        return np.zeros(shape, np.uint8), ()
    done = 0
    with path.open("rb") as file:

        def payload(record: Record) -> bytes:
            if record.length > _most_bytes(shape):
                raise DamagedJournal("the record is longer than any change")
            file.seek(record.place)
            return file.read(record.length)

        try:
            mask = decode_base(payload(records[0]), shape)
            sums = slice_sums(mask)
            for done, record in enumerate(records):
                if done:
                    apply(mask, sums, payload(record))
                if state_of(sums) != record.state:
                    raise DamagedJournal("the mask is not the one that was painted")
        except DamagedJournal:
            # from the start again, as the record may have been applied in part
            return _replay(path, records[:done], shape)
    return mask, records


def _most_bytes(shape: tuple[int, ...]) -> int:
    return 2**16 + 32 * math.prod(shape)


def _notice(path: Path) -> str:
    return (
        f"A part of the strokes kept in '{path.parent.name}/{path.name}' is damaged, perhaps by the"
        " disk: those before it are kept, so look at the mask before you accept it."
    )


def _take_over(base: Resumed, own: Array, last: Record) -> Resumed:
    """The given mask goes on; the journal gets a step that leads to it."""
    kind = Kind.REVERT if last.kind is Kind.REVERTED else Kind.TAKEN_OVER
    if own.dtype != base.mask.dtype:
        return dataclasses.replace(base, end=0)
    payload, voxels = encode_planes(own, base.mask, base.sums)
    record = Record(
        kind, base.number, base.version, time.time(), base.seconds, voxels, base.ground,
        base.ground, payload,
    )  # fmt: skip
    return dataclasses.replace(base, first=(record,))


def _go_on(base: Resumed, own: Array, restored: int) -> Resumed:
    """The journal's mask goes on."""
    cast = own.astype(base.mask.dtype)
    if not np.array_equal(cast, own):
        notice = f"The strokes in '{base.path}' hold labels that the project lacks; they are kept."
        return dataclasses.replace(base, notice=notice, end=0, damaged=True)
    done = dataclasses.replace(base, mask=cast, sums=slice_sums(cast), restored=restored)
    if cast.dtype == own.dtype and base.end <= LONGEST:
        return done
    return _shorten(done, base.mask)


def _shorten(found: Resumed, given: Array) -> Resumed:
    """A journal of the given mask (Z, Y, X), and one step from there to the mask that goes on."""
    state = state_of(found.sums)
    base = Record(
        Kind.BASE, found.number, found.version, time.time(), found.seconds, 0, found.ground,
        found.ground, encode_base(given),
    )  # fmt: skip
    first: tuple[Record, ...] = (base,)
    if state != found.ground:
        payload, voxels = encode_planes(given, found.mask, found.sums)
        step = dataclasses.replace(
            base, kind=Kind.TOOL, voxels=voxels, state=state, payload=payload
        )
        first = (base, step)
    return dataclasses.replace(found, end=0, first=first)
