"""The only place that writes files: each is wholly there, and durable, or as it was before.

Two files are written elsewhere: the project's table, of which SQLite takes the same care, and the
engine's log, of which the last lines may be lost.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from napari_alnt.errors import AlntError, ReadOnly

_TEMPORARY = re.compile(r"\.[0-9a-f]{12}-.+", re.DOTALL)
_DENIED = (errno.EROFS, errno.EACCES, errno.EPERM)
_FULL = (errno.ENOSPC, errno.EDQUOT)


def write_atomic(path: Path, write: Callable[[Path], object], replace: bool = True) -> None:
    """Write a file so that a crash, a kill or a full disk leaves the old one or the new one whole.

    The file and its folder are flushed to the disk before this returns.

    Parameters
    ----------
    path : the file, in a folder that exists
    write : writes all of the content to the temporary path that it is given, which lies in the same
        folder and has the same suffixes
    replace : False leaves a file that is already there, which is then an error

    Raises
    ------
    ReadOnly
        If the folder may not be written to.
    AlntError
        If the disk is full, the folder is missing, or the disk fails; the old file is untouched.
    """
    path = Path(path)
    # in the same folder, as only a rename within one file system is atomic
    temporary = path.with_name(f".{secrets.token_hex(6)}-{path.name}")
    try:
        write(temporary)
        # content before name: after a power failure the new name must not stand for an empty file
        _flush(temporary)
        if replace:
            os.replace(temporary, path)
        else:
            _name_first(temporary, path)
        _flush_folder(path.parent)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        # there is none after the rename, and a part of one after an error
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _name_first(temporary: Path, path: Path) -> None:
    """Give a file its name unless another one has it."""
    try:
        # a second name is refused where there is one already, by the system itself
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        # disks such as FAT know no second name
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.rename(temporary, path)


def is_temporary(name: str) -> bool:
    """Whether a file of this name is one that :func:`write_atomic` had not yet given its name."""
    return _TEMPORARY.fullmatch(name) is not None


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes with :func:`write_atomic`."""
    write_atomic(path, lambda temporary: temporary.write_bytes(content))


def try_disk(path: Path, size: int = 0) -> None:
    """Find out whether a file could be written now, by a write of ``size`` bytes and a little more.

    Raises
    ------
    AlntError
        As :func:`write_atomic` does.
    """
    # the folder itself may not be there yet
    folder = next(parent for parent in path.parents if parent.is_dir())
    temporary = folder / f".{secrets.token_hex(6)}-{path.name}"
    try:
        with temporary.open("wb") as file:
            file.write(bytes(size + 2**16))
        _flush(temporary)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        delete(temporary)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8 with :func:`write_atomic`."""
    write_bytes(path, text.encode("utf-8"))


def save_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write one array as ``.npy`` with :func:`write_atomic`.

    Raises
    ------
    ValueError
        If it holds Python objects, which could only be stored as a pickle.
    """

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            # into a real file NumPy writes by itself, and says nothing of a disk that is full
            np.save(_Writer(file), array, allow_pickle=False)

    write_atomic(path, write)


class _Writer:
    """A file that can only be written to."""

    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write


class Appender:
    """Adds to the end of one file; what was added is on the disk when :meth:`append` returns.

    Parameters
    ----------
    path : a file that exists
    size : what lies behind this many bytes is cut off first, as after a power failure
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path = Path(path)
        self._size: int | None = None  # where the file ends but for the rest of a failed write
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
            if os.fstat(self._handle).st_size > size:
                os.ftruncate(self._handle, size)
                os.fsync(self._handle)
        except OSError as error:
            raise write_error(self._path, error) from error

    def append(self, content: bytes) -> None:
        """Add bytes to the file, all of them or none.

        Raises
        ------
        AlntError
            As :func:`write_atomic` does; the file then ends where it ended before.
        """
        rest = memoryview(content)
        try:
            self._cut()
            self._size = os.fstat(self._handle).st_size
            while rest:
                rest = rest[os.write(self._handle, rest) :]
            os.fsync(self._handle)
            self._size = None
        except OSError as error:
            with contextlib.suppress(OSError):
                self._cut()
            raise write_error(self._path, error) from error

    def _cut(self) -> None:
        if self._size is not None:
            os.ftruncate(self._handle, self._size)
            self._size = None

    def is_in_place(self) -> bool:
        """Whether the file still has its name, and not another file."""
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._handle))
        except OSError:
            return False

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises
    ------
    AlntError
        If the file is missing or cannot be read.
    """
    path = Path(path)
    try:
        # a pipe may be waited for without an end
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "not a plain file")
        # read in blocks, as a CT may be larger than the memory
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AlntError(
            f"The file '{path}' cannot be read ({_reason(error)}); check that its disk is there."
        ) from error


def make_folder(path: Path) -> None:
    """Make a folder and those above it, durably; an existing one is left as it is.

    Raises
    ------
    AlntError
        As :func:`write_atomic` does.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        # a folder is durable only when the one above it, which has its name, is flushed
        for folder in missing:
            _flush_folder(folder.parent)
    except OSError as error:
        raise write_error(path, error) from error


def delete(path: Path) -> None:
    """Delete a file that nothing names any more; one that cannot be is deleted at a later opening
    of the project.
    """
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def write_error(path: Path, error: OSError) -> AlntError:
    """What to tell the user of a failed write."""
    if error.errno in _DENIED:
        return ReadOnly(
            f"'{path}' cannot be written because its folder is read-only for you"
            f" ({_reason(error)}); ask for the right to write there, or use another folder."
        )
    if error.errno in _FULL or _is_full(path.parent):
        return AlntError(
            f"'{path}' was not saved because the disk is full; free some space and save again (the"
            " old file is kept)."
        )
    return AlntError(
        f"'{path}' was not saved because of its disk ({_reason(error)}); check the disk and save"
        " again."
    )


def _is_full(folder: Path) -> bool:
    """Whether the disk is full; some writers fail by it without giving the reason."""
    try:
        return shutil.disk_usage(folder).free < 2**16
    except OSError:
        return False


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).strip().rstrip(".").lower()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_folder(folder: Path) -> None:
    """Make a new name in the folder durable; Windows has no such call."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
