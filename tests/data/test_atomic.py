import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_alnt.data import save_array, sha256, write_atomic, write_bytes, write_text
from napari_alnt.errors import AlntError, ReadOnly


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    write_text(path, "old")

    def fail(temporary: Path) -> None:
        assert temporary.parent == path.parent
        assert temporary.name.endswith(".nii.gz")
        temporary.write_text("half")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_atomic(path, fail)
    assert [p.name for p in tmp_path.iterdir()] == ["a.nii.gz"]
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("number", "kind", "says"),
    [
        (errno.ENOSPC, AlntError, "disk is full"),
        (errno.EROFS, ReadOnly, "read-only"),
        (errno.EIO, AlntError, "check the disk"),
    ],
)
def test_a_disk_that_fails_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[AlntError], says: str
) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(kind, match=says) as caught:
        write_text(path, "new")
    assert str(path) in str(caught.value)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_folder_is_an_alnt_error(tmp_path: Path) -> None:
    with pytest.raises(AlntError, match="not saved"):
        write_bytes(tmp_path / "none" / "a", b"")


def test_arrays_and_hashes(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float16).reshape(2, 3)
    save_array(tmp_path / "a.npy", values)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), values)
    write_bytes(tmp_path / "abc", b"abc")
    assert (
        sha256(tmp_path / "abc")
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    with pytest.raises(ValueError, match="pickle"):
        save_array(tmp_path / "b.npy", np.array([{}]))


WRITER = """
import sys
from pathlib import Path
from napari_alnt.data.atomic import write_bytes
print("up", flush=True)
n = 0
while True:
    n = (n + 1) % 256
    write_bytes(Path(sys.argv[1]), bytes([n]) * 300_000)
"""


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"x" * 300_000)
    for delay in range(4):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        try:
            writer.wait(0.03 + 0.013 * delay)
        except subprocess.TimeoutExpired:
            writer.send_signal(signal.SIGKILL)
        writer.wait()
        content = path.read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1
