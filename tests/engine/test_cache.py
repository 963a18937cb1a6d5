"""The cache: whatever happens to its files, the array is the one that was made."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

from napari_alnt.engine.cache import ArrayCache
from napari_alnt.errors import AlntError

ARRAY = np.arange(24, dtype=np.int16).reshape(2, 3, 4)


class Cached:
    """One array of a cache, and how often it was made."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.file = folder / "cache" / "key.npy"
        self.record = folder / "cache" / "key.sha256"
        self.made = 0

    def get(self, dtype=np.int16, shape=(2, 3, 4)):
        return ArrayCache(self.folder).array("key", self._make, dtype, shape)

    def _make(self):
        self.made += 1
        return ARRAY


@pytest.fixture
def cached(tmp_path) -> Cached:
    found = Cached(tmp_path)
    np.testing.assert_array_equal(found.get(), ARRAY)
    return found


def test_an_array_is_made_once(cached):
    again = cached.get()
    assert isinstance(again, np.memmap)
    np.testing.assert_array_equal(again, ARRAY)
    cached.get(shape=(2, None, 4))
    assert cached.made == 1


def _flip(place: int):
    def damage(cached: Cached) -> None:
        content = bytearray(cached.file.read_bytes())
        content[place] ^= 1
        cached.file.write_bytes(content)

    return damage


def _cut(length: int):
    return lambda cached: cached.file.write_bytes(cached.file.read_bytes()[:length])


def _pipe(cached: Cached) -> None:
    cached.file.unlink()
    os.mkfifo(cached.file)


DAMAGE = {
    "empty": _cut(0),
    "cut in its header": _cut(60),
    "cut in its values": _cut(-4),
    "a bit of its header": _flip(20),
    "a bit of its values": _flip(-1),
    "text": lambda cached: cached.file.write_text("text"),
    "gone": lambda cached: cached.file.unlink(),
    "a pipe": _pipe,
    "record gone": lambda cached: cached.record.unlink(),
    "record cut": lambda cached: cached.record.write_text("5"),
    "record no text": lambda cached: cached.record.write_bytes(b"\xff\xff"),
    "record of another": lambda cached: cached.record.write_text("1:1 " + "0" * 64),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_array_is_made_again(cached, damage):
    damage(cached)
    np.testing.assert_array_equal(cached.get(), ARRAY)
    assert cached.made == 2
    cached.get()
    assert cached.made == 2


@pytest.mark.parametrize("length", range(0, 150, 7))
def test_what_is_no_array_is_made_again_though_its_record_fits(cached, length):
    content = cached.file.read_bytes()[:length]
    cached.file.write_bytes(content)
    stat = cached.file.stat()
    cached.record.write_text(f"{stat.st_size}:{stat.st_mtime_ns} {'0' * 64}")
    np.testing.assert_array_equal(cached.get(), ARRAY)
    assert cached.made == 2


@pytest.mark.parametrize(
    "other", [ARRAY.astype(np.float32), ARRAY.astype(">i2"), ARRAY[0], ARRAY[:, :2], np.int16(3)]
)
def test_an_array_of_another_kind_is_made_again(cached, other):
    ArrayCache(cached.folder).array("key", lambda: other, other.dtype, (9,) * other.ndim)
    np.testing.assert_array_equal(cached.get(), ARRAY)
    assert cached.made == 2


def test_a_copy_of_the_cache_is_read_and_not_made_again(cached, tmp_path):
    shutil.copytree(tmp_path / "cache", tmp_path / "copy" / "cache", copy_function=shutil.copyfile)
    copy = Cached(tmp_path / "copy")
    os.utime(copy.file, (1, 1))
    for _ in range(2):
        np.testing.assert_array_equal(copy.get(), ARRAY)
    assert copy.made == 0


@pytest.mark.parametrize("what", ["cache", "cache/key.npy", "cache/key.sha256"])
def test_nothing_is_written_through_a_link(tmp_path, what):
    project, outside = tmp_path / "project", tmp_path / "outside"
    (project / what).parent.mkdir(parents=True)
    outside.mkdir()
    (project / what).symlink_to(outside if what == "cache" else outside / "file")
    with pytest.raises(AlntError, match="leads out of"):
        Cached(project).get()
    assert list(outside.iterdir()) == []
