"""Records come back as they were written; less of them, or other bytes, do not."""

from __future__ import annotations

import os

import pytest

from napari_alnt.data.strokes.journal_file import MAGIC, Kind, Record, last_record, scan

BASE = Record(Kind.BASE, 0, 2, 10.0, 1.5, 0, 7, 7, b"base")
STROKES = tuple(
    Record(Kind.STROKE, n, 2, 10.0 + n, 2.5, 3 * n, 100 + n, 7, bytes([n]) * n) for n in (1, 2, 3)
)
ALL = (BASE, *STROKES)


def told(record: Record) -> tuple:
    return (record.kind, record.number, record.version, record.time, record.voxels, record.state)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "journal"
    path.write_bytes(MAGIC + b"".join(record.encode() for record in ALL))
    return path


def test_records_come_back(path):
    found = scan(path)
    assert [told(record) for record in found.records] == [told(record) for record in ALL]
    assert found.end == path.stat().st_size == found.records[-1].end
    assert not found.damaged
    content = path.read_bytes()
    for record, written in zip(found.records, ALL, strict=True):
        assert content[record.place : record.place + record.length] == written.payload
    assert told(last_record(path)) == told(STROKES[-1])


def test_a_record_that_was_being_written_is_cut_off_without_a_word(path):
    content = path.read_bytes()
    ends = [record.end for record in scan(path).records]
    for size in range(len(content)):
        for rest in (b"", bytes(len(content) - size)):  # a power failure may leave zeros
            path.write_bytes(content[:size] + rest)
            found = scan(path)
            whole = [end for end in ends if end <= size]
            # the last bytes of a record may be zeros of their own
            if rest and len(found.records) == len(whole) + 1:
                assert content[size : ends[len(whole)]].strip(b"\0") == b""
                continue
            assert len(found.records) == len(whole)
            assert found.end == (whole[-1] if whole else found.end)
            # the file's first bytes come with a rename, all at once
            assert not found.damaged or (rest and size < len(MAGIC))
            last = last_record(path)
            assert (last is None) == (not whole)
            if last is not None:
                assert told(last) == told(ALL[len(whole) - 1])


def test_every_other_byte_is_noticed(path):
    content = path.read_bytes()
    ends = [record.end for record in scan(path).records]
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        found = scan(path)
        assert found.damaged, place
        assert len(found.records) == sum(end <= place for end in ends)


def test_what_is_no_journal_holds_nothing(tmp_path):
    path = tmp_path / "journal"
    for content, damaged in ((b"", False), (b"ALNT", False), (b"something of another kind", True)):
        path.write_bytes(content)
        assert scan(path).records == ()
        assert scan(path).damaged is damaged
        assert last_record(path) is None
    path.write_bytes(MAGIC + STROKES[0].encode())  # without a base
    assert scan(path).records == ()
    assert scan(path).damaged
    path.write_bytes(MAGIC + BASE.encode() + BASE.encode())
    assert scan(path).damaged


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such pipes")
def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        for read in (scan, last_record):
            with pytest.raises(OSError, match="no plain file"):
                read(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        scan(tmp_path / "none")


def test_a_human_made_some_of_the_kinds():
    assert {kind.name for kind in Kind if kind.is_change} == {
        "STROKE", "FILL", "UNDO", "REDO", "TOOL", "STEP",
    }  # fmt: skip
