"""Files are whole or not there; and nothing else of the package writes any."""

import ast
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import napari_alnt
from napari_alnt.data import make_folder, save_array, sha256, write_atomic, write_bytes, write_text
from napari_alnt.data.atomic import Appender, try_disk
from napari_alnt.errors import AlntError, ReadOnly

PACKAGE = Path(napari_alnt.__file__).parent


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


def test_a_disk_is_tried_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_disk(tmp_path / "labels" / "0001" / "journal", 1000)
    assert list(tmp_path.iterdir()) == []

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(AlntError, match="check the disk"):
        try_disk(tmp_path / "journal")
    assert list(tmp_path.iterdir()) == []


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
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            try:
                writer.wait(0.03 + 0.013 * delay)
            except subprocess.TimeoutExpired:
                writer.send_signal(signal.SIGKILL)
        content = path.read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1


def test_a_missing_file_has_no_hash(tmp_path):
    with pytest.raises(AlntError, match=r"'.*/none' cannot be read"):
        sha256(tmp_path / "none")


def test_folders_are_made_with_those_above(tmp_path):
    make_folder(tmp_path / "a" / "b" / "c")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b" / "c").is_dir()
    write_text(tmp_path / "file", "")
    with pytest.raises(AlntError, match="file/d"):
        make_folder(tmp_path / "file" / "d")


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot flush a folder")
def test_the_names_of_new_folders_are_flushed(tmp_path, monkeypatch):
    flushed = []
    real = os.fsync

    def note(handle: int) -> None:
        flushed.append(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(os, "fsync", note)
    make_folder(tmp_path / "a" / "b")
    # a folder's name is in the one above it
    assert set(flushed) == {tmp_path.stat().st_ino, (tmp_path / "a").stat().st_ino}


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot flush a folder")
def test_content_name_and_folder_are_flushed_in_this_order(tmp_path, monkeypatch):
    flushed = []
    real = os.fsync

    def note(handle: int) -> None:
        there = (tmp_path / "a").exists()
        flushed.append(("folder" if os.path.isdir(f"/dev/fd/{handle}") else "file", there))
        real(handle)

    monkeypatch.setattr(os, "fsync", note)
    write_text(tmp_path / "a", "text")
    assert flushed == [("file", False), ("folder", True)]


def test_what_is_appended_is_flushed_and_behind_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"whole, and a rest")
    flushed = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (flushed.append(path.read_bytes()), real(handle))
    )
    file = Appender(path, 5)
    assert path.read_bytes() == b"whole"
    file.append(b" 1")
    file.append(b" 2")
    file.close()
    assert flushed == [b"whole", b"whole 1", b"whole 1 2"]


@pytest.mark.parametrize("cut_too", [False, True])
def test_a_failed_append_leaves_no_rest(tmp_path, monkeypatch, cut_too):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    file = Appender(path, 3)
    real = os.write

    def half(handle: int, content: bytes) -> int:
        return real(handle, content[:2]) if path.read_bytes() == b"old" else full()

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        if cut_too:
            patch.setattr(os, "ftruncate", full)
        with pytest.raises(AlntError, match="disk is full"):
            file.append(b"new")
        assert path.read_bytes() == (b"oldne" if cut_too else b"old")
    file.append(b"new")
    assert path.read_bytes() == b"oldnew"
    file.close()


def test_a_file_that_cannot_be_opened_is_said(tmp_path):
    with pytest.raises(AlntError, match="not saved"):
        Appender(tmp_path / "none", 0)


# who writes files ---------------------------------------------------------------------------------

ALLOWED = {("session/engine_log.py", "open")}
"""The engine's log, of which the last lines may be lost."""
SAVERS = {"np", "numpy", "nib", "nibabel", "torch"}


def writes(node: ast.AST) -> str:
    """What a node writes with, or ''."""
    if not isinstance(node, ast.Call):
        return ""
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    words = [*node.args[:2], *(item.value for item in node.keywords if item.arg == "mode")]
    modes = [word.value for word in words if isinstance(word, ast.Constant)]
    if name == "open" and any(isinstance(mode, str) and set("wax+") & set(mode) for mode in modes):
        return name
    on = called.value if isinstance(called, ast.Attribute) else None
    if name in ("write_text", "write_bytes", "tofile", "savez", "savetxt", "save_file") and on:
        return name
    return name if name == "save" and isinstance(on, ast.Name) and on.id in SAVERS else ""


def writers(tree: ast.AST) -> list[str]:
    """All of that in a tree, but for what :func:`write_atomic` is given to write with."""
    if isinstance(tree, ast.Call) and getattr(tree.func, "id", "") == "write_atomic":
        return []
    below = [found for node in ast.iter_child_nodes(tree) for found in writers(node)]
    return [*filter(None, [writes(tree)]), *below]


def test_only_one_module_writes_files():
    found = {
        (path.relative_to(PACKAGE).as_posix(), writer)
        for path in PACKAGE.rglob("*.py")
        for writer in writers(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == ALLOWED | {("data/atomic.py", "open"), ("data/atomic.py", "save")}


@pytest.mark.parametrize(
    "code",
    [
        "path.write_text('a')", "file.write_bytes(b'')", "open(path, 'w')", "path.open('ab')",
        "path.open(mode='x')", "np.save(path, a)", "nib.save(image, path)", "gzip.open(path, 'wb')",
    ],
)  # fmt: skip
def test_that_test_knows_a_writer(code):
    assert len(writers(ast.parse(code))) == 1


@pytest.mark.parametrize(
    "code", ["write_text(path, 'a')", "path.open('rb')", "Project.open(path, write=False)",
             "student.save(run)", "write_atomic(path, lambda to: nib.save(image, to))"],
)  # fmt: skip
def test_that_test_lets_others_be(code):
    assert writers(ast.parse(code)) == []


@pytest.mark.skipif(os.name != "posix", reason="a limit that POSIX knows")
def test_an_array_that_does_not_fit_is_told(tmp_path):
    import resource

    save_array(tmp_path / "a.npy", np.zeros(5000))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(AlntError, match="not saved"):
            save_array(tmp_path / "a.npy", np.ones(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not np.load(tmp_path / "a.npy").any()
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name != "posix", reason="pipes are files of POSIX")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AlntError, match="not a plain file"):
        sha256(tmp_path / "pipe")
