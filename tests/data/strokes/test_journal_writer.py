"""What was handed over is on the disk soon, whatever the disk or the painting does meanwhile."""

from __future__ import annotations

import errno
import shutil
import threading
import time

import numpy as np
import pytest

from napari_alnt.data import atomic
from napari_alnt.data.strokes import journal, journal_writer
from napari_alnt.data.strokes.journal import resume, settle
from napari_alnt.data.strokes.journal_file import Kind, scan
from napari_alnt.data.strokes.journal_mirror import Change
from napari_alnt.data.strokes.journal_writer import Journal
from napari_alnt.errors import AlntError

SHAPE = (4, 5, 6)


class Painting:
    """A mask that is painted on, and its journal."""

    def __init__(self, path, mask=None, version=0, found=None):
        start = np.zeros(SHAPE, np.uint8) if mask is None else mask
        self.path = path
        self.told, self.written = [], []
        self.quiet = True
        self.found = found or resume(path, start.copy(), version, draft=False)
        self.mask = self.found.mask.copy()
        self.journal = Journal(self.found, self.look, self.told.append, self.written.append)

    def look(self):
        return self.mask, self.quiet

    def paint(self, z, value, kind=Kind.STROKE):
        where = (slice(z, z + 1), slice(1, 4), slice(2, 5))
        self.mask[where] = value
        return self.journal.append(kind, [Change(where, None, value)], 12.0)

    def replayed(self, mask=None):
        given = np.zeros(SHAPE, np.uint8) if mask is None else mask
        return resume(self.path, given, 0, draft=False)


@pytest.fixture
def painting(tmp_path):
    painting = Painting(tmp_path / "labels" / "0007" / "journal")
    yield painting
    painting.journal.close()


def test_a_change_is_on_the_disk_when_it_is_said_to_be(painting):
    painting.paint(1, 2)
    assert painting.journal.flush()
    assert painting.written[-1] == 1
    found = painting.replayed()
    np.testing.assert_array_equal(found.mask, painting.mask)
    assert found.restored == 1
    assert found.seconds == 12.0
    assert painting.told == []


def test_nothing_is_written_before_the_first_change(painting):
    assert painting.journal.flush()
    assert not painting.path.parent.exists()
    painting.paint(1, 0)  # which changes nothing
    assert painting.journal.flush()
    assert not painting.path.exists()


def test_a_disk_that_is_full_is_said_before_anything_is_painted(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(atomic, "_flush", full)
    painting = Painting(tmp_path / "journal")
    assert painting.journal.flush()
    (error,) = painting.told
    assert "the disk is full" in str(error)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    painting.paint(1, 2)
    assert painting.journal.close()
    assert painting.told[1:] == [None]
    np.testing.assert_array_equal(painting.replayed().mask, painting.mask)


def test_a_journal_knows_at_once_which_mask_goes_on(painting):
    painting.paint(1, 2)
    assert painting.journal.close()
    foreign = np.full(SHAPE, 3, np.uint8)
    again = Painting(painting.path, found=resume(painting.path, foreign, 0, draft=True))
    assert again.journal.close()
    # the draft is dropped by a process that is killed before the journal hears of it
    assert not painting.replayed().mask.any()


def test_many_changes_come_back_in_order(painting):
    for turn in range(200):
        painting.paint(turn % 4, turn % 3)
    assert painting.journal.flush()
    found = painting.replayed()
    np.testing.assert_array_equal(found.mask, painting.mask)
    kinds = [record.kind for record in scan(painting.path).records]
    assert kinds[0] is Kind.BASE
    assert kinds.count(Kind.STROKE) == found.restored


def test_a_journal_goes_on_after_a_crash(painting):
    painting.paint(1, 2)
    assert painting.journal.flush()
    content = painting.path.read_bytes()
    painting.path.write_bytes(content + content[-40:-9])  # the rest of a write
    again = Painting(painting.path)
    np.testing.assert_array_equal(again.mask, painting.mask)
    again.paint(3, 1)
    assert again.journal.close()
    found = painting.replayed()
    assert found.restored == 2
    assert found.notice == ""
    np.testing.assert_array_equal(found.mask, again.mask)


def test_what_nobody_told_is_found_by_comparison(painting):
    painting.paint(1, 2)
    painting.mask[2, 3] = 5
    painting.journal.compare()
    painting.paint(2, 1)
    assert painting.journal.flush()
    painting.journal.compare()
    assert painting.journal.close()
    np.testing.assert_array_equal(painting.replayed().mask, painting.mask)
    assert Kind.TOOL in [record.kind for record in scan(painting.path).records]


def test_a_comparison_waits_until_nothing_is_painted(painting):
    painting.quiet = False
    painting.mask[0] = 1
    painting.journal.compare()
    assert painting.journal.flush()
    assert not painting.path.exists()
    painting.quiet = True
    deadline = time.monotonic() + 20
    while not painting.path.exists() and time.monotonic() < deadline:
        painting.journal.flush()
    np.testing.assert_array_equal(painting.replayed().mask, painting.mask)


def test_changes_of_an_unknown_kind_are_found_by_comparison(painting):
    painting.mask[0, 0, 0] = 3
    painting.journal.append(Kind.TOOL, [Change((slice(0, 1), "?"), None, 3)])
    assert painting.journal.close()
    np.testing.assert_array_equal(painting.replayed().mask, painting.mask)
    assert painting.told == []


def test_what_is_unforeseen_is_said_and_the_next_stroke_is_kept(painting, monkeypatch):
    change = journal_writer.Mirror.change

    def fail(*_):
        monkeypatch.setattr(journal_writer.Mirror, "change", change)
        raise RuntimeError("stop")

    monkeypatch.setattr(journal_writer.Mirror, "change", fail)
    painting.paint(1, 2)
    assert painting.journal.flush()
    assert "RuntimeError: stop" in str(painting.told[0])
    painting.paint(2, 2)
    painting.journal.compare()
    assert painting.journal.close()
    np.testing.assert_array_equal(painting.replayed().mask, painting.mask)


@pytest.fixture
def refusing(monkeypatch):
    """The disk refuses every n-th flush, or all while the gate is shut."""
    monkeypatch.setattr(journal_writer, "RETRY", 0.01)
    shut = threading.Event()
    real = atomic.os.fsync

    def fsync(handle):
        if shut.is_set():
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(atomic.os, "fsync", fsync)
    return shut


@pytest.mark.parametrize("begun", [False, True])
def test_a_full_disk_is_said_once_and_nothing_is_lost(painting, refusing, begun):
    if begun:
        painting.paint(3, 1)
        assert painting.journal.flush()
        size = painting.path.stat().st_size
    refusing.set()
    painting.paint(1, 2)
    assert not painting.journal.flush()
    painting.paint(2, 2)
    assert not painting.journal.flush()
    (error,) = painting.told
    assert isinstance(error, AlntError)
    assert "the disk is full" in str(error)
    assert painting.path.stat().st_size == size if begun else not painting.path.exists()
    refusing.clear()
    assert painting.journal.flush()
    assert painting.told[1:] == [None]
    assert painting.journal.close()
    np.testing.assert_array_equal(painting.replayed().mask, painting.mask)
    left = [path.name for path in painting.path.parent.iterdir()]
    assert left == ["journal"]


@pytest.mark.parametrize("way", ["deleted", "replaced", "folder"])
def test_a_file_that_another_program_took_away_is_begun_anew(painting, way):
    painting.paint(1, 2)
    assert painting.journal.flush()
    if way == "folder":
        shutil.rmtree(painting.path.parent)
    elif way == "deleted":
        painting.path.unlink()
    else:
        atomic.write_bytes(painting.path, b"of another day")
    painting.paint(2, 2)
    assert painting.journal.flush()
    painting.paint(3, 2)
    assert painting.journal.close()
    found = painting.replayed()
    np.testing.assert_array_equal(found.mask, painting.mask)
    assert found.restored
    kept = painting.path.with_name("journal.damaged")
    assert kept.exists() == (way == "replaced")


def test_a_journal_that_cannot_be_begun_anew_at_once_is_begun_later(painting, refusing):
    painting.paint(1, 2)
    assert painting.journal.flush()
    painting.path.unlink()
    refusing.set()
    painting.paint(2, 2)
    assert not painting.journal.flush()
    painting.paint(3, 2)
    assert not painting.journal.flush()
    refusing.clear()
    assert painting.journal.flush()
    np.testing.assert_array_equal(painting.replayed().mask, painting.mask)


def test_closing_with_a_full_disk_ends_the_thread(painting, refusing):
    refusing.set()
    painting.paint(1, 2)
    assert not painting.journal.close()
    assert "alnt-journal" not in {thread.name for thread in threading.enumerate()}
    refusing.clear()


def test_strokes_after_an_accept_belong_to_the_new_version(painting):
    painting.paint(1, 2)
    painting.journal.settled(4)
    painting.paint(2, 2)
    assert painting.journal.close()
    versions = [record.version for record in scan(painting.path).records]
    assert versions == [0, 0, 4]


def test_a_journal_that_grew_meanwhile_is_not_mixed_up(painting):
    painting.paint(1, 2)
    assert painting.journal.flush()
    found = resume(painting.path, np.zeros(SHAPE, np.uint8), 0, draft=False)
    painting.paint(2, 3)  # after the case was read again
    again = Painting(painting.path, found=found)
    again.paint(3, 1)
    assert again.journal.close()
    assert painting.journal.close()
    content = painting.replayed()
    np.testing.assert_array_equal(content.mask, again.mask)
    assert content.notice == ""
    assert content.restored == 1
    assert painting.path.with_name("journal.damaged").exists()


def test_a_note_of_the_table_is_behind_what_was_handed_over(painting):
    painting.paint(1, 2)
    settle(painting.path, Kind.ACCEPTED, 3)
    painting.paint(2, 2)
    assert painting.journal.close()
    kinds = [(record.kind, record.version) for record in scan(painting.path).records]
    assert kinds == [(Kind.BASE, 0), (Kind.STROKE, 0), (Kind.ACCEPTED, 3), (Kind.STROKE, 3)]
    assert painting.path not in journal.OPEN


def test_a_note_of_the_table_before_the_first_stroke_is_not_cut_off(painting):
    painting.paint(1, 2)
    assert painting.journal.close()
    again = Painting(painting.path)
    settle(painting.path, Kind.ACCEPTED, 3)
    again.paint(2, 2)
    assert again.journal.close()
    kinds = [(record.kind, record.version) for record in scan(painting.path).records]
    assert kinds[2:] == [(Kind.ACCEPTED, 3), (Kind.STROKE, 3)]


def test_damage_is_kept_beside_the_journal_before_it_is_cut(painting):
    for z in range(4):
        painting.paint(z, 2)
        assert painting.journal.flush()
    content = bytearray(painting.path.read_bytes())
    records = scan(painting.path).records
    content[records[2].place] ^= 1
    painting.path.write_bytes(content)
    again = Painting(painting.path)
    assert "damaged" in again.found.notice
    assert again.found.restored == 1
    again.paint(3, 1)
    assert again.journal.close()
    assert painting.path.with_name("journal.damaged").read_bytes() == bytes(content)
    found = painting.replayed()
    assert found.notice == ""
    np.testing.assert_array_equal(found.mask, again.mask)
