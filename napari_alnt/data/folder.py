"""A project's folder: what makes it one, who may write to it, and how it comes to be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from napari_alnt.data.atomic import is_temporary, make_folder
from napari_alnt.data.paths import damaged, inside
from napari_alnt.errors import AlntError, ProjectLocked, ReadOnly

TABLE = "alnt.sqlite"
"""Name of the table in a project's folder; a folder that has it is a project."""
LOCK = "alnt.lock"


def is_project(folder: Path | str) -> bool:
    """Whether a folder is a napari-alnt project."""
    return (Path(folder) / TABLE).is_file()


def require_plain(folder: Path) -> None:
    """Refuse a project whose table SQLite would write elsewhere.

    Raises
    ------
    AlntError
        If a file that belongs to the table is a link, a folder or a pipe.
    """
    for name in (TABLE, *(f"{TABLE}-{part}" for part in ("journal", "wal", "shm"))):
        path = folder / name
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise damaged(f"'{name}' is no plain file")


def require_new(folder: Path) -> None:
    """Refuse a folder in which a project cannot be made.

    What a project that was cut off in the making has left there does not count.

    Raises
    ------
    AlntError
        If it is a project, a file, or holds anything of somebody else.
    """
    if is_project(folder):
        raise AlntError(f"'{folder}' already is a project; open it, or choose another folder.")
    if folder.exists() and (not folder.is_dir() or any(_foreign(folder))):
        raise AlntError(f"'{folder}' is not empty; choose a new folder for the project.")


def _foreign(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.name != LOCK and not is_temporary(path.name))


@contextmanager
def making(folder: Path) -> Iterator[filelock.BaseFileLock]:
    """Make a project's folder and hold its lock; what fails in the block leaves no new folder.

    Raises
    ------
    ProjectLocked
        If another process is making a project there.
    AlntError
        As :func:`require_new`.
    """
    require_new(folder)
    is_new = not folder.exists()
    make_folder(folder)
    try:
        lock = take_lock(folder, _nobody)
    except ProjectLocked as error:
        raise ProjectLocked(
            f"'{folder}' is being made a project by another window or command; open it when that"
            " is done, or choose another folder."
        ) from error
    try:
        # another process may have made it before this one had the lock
        require_new(folder)
        yield lock
    except BaseException:
        if not is_project(folder):
            _clear(folder, is_new)
        lock.release()
        raise


def _clear(folder: Path, is_new: bool) -> None:
    with suppress(OSError):
        (folder / LOCK).unlink(missing_ok=True)
        if is_new:
            folder.rmdir()


def take_lock(folder: Path, owner: Callable[[Path], str]) -> filelock.BaseFileLock:
    """The lock of a project; the operating system releases it when the process ends, however.

    Raises
    ------
    ProjectLocked
        If another process has it; ``owner`` says which.
    ReadOnly
        If the folder cannot be written to.
    """
    lock = filelock.FileLock(inside(folder, LOCK), thread_local=False)
    try:
        if not os.access(folder, os.W_OK):
            raise PermissionError
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise ProjectLocked(
            f"Project '{folder.name}' is being written to by {owner(folder)}; close it there, or"
            " open it read-only."
        ) from error
    except OSError as error:
        raise ReadOnly(
            f"Project '{folder}' lies in a folder that you cannot write to; open it read-only, or"
            " copy it."
        ) from error
    return lock


def _nobody(_: Path) -> str:
    return "another program"
