"""A copy of a project in one file, also while another window or command is writing to it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from napari_alnt.data.atomic import is_temporary, write_atomic
from napari_alnt.data.folder import LOCK, TABLE
from napari_alnt.data.paths import inside
from napari_alnt.data.project import Project
from napari_alnt.data.seal import SEAL
from napari_alnt.errors import AlntError

LEFT_OUT = ("cache", "maps")
"""Folders of what can be made anew."""
TRIES = 5
"""How often the table is copied anew where a draft was replaced meanwhile."""


def back_up(project: Path | str, file: Path | str) -> int:
    """Write a ZIP file of all that a project alone has; unpack it and open it to go on.

    These are the table, all accepted masks, drafts, the masks of a teacher that was trained here,
    settings and checkpoints. Images and masks from outside stay where they are.

    Parameters
    ----------
    project : its folder; another process may be writing to it
    file : a new file

    Returns
    -------
    the number of files in it

    Raises
    ------
    AlntError
        If ``file`` exists or lies in the project, it is no project, or the disk fails.
    """
    project, file = Path(project).absolute(), Path(file).absolute()
    if file.exists():
        raise AlntError(f"'{file}' is there already; choose another name for the backup.")
    if project in file.parents:
        raise AlntError(
            f"The backup '{file}' would lie in the project itself; choose a place outside."
        )
    count = 0

    def write(temporary: Path) -> None:
        nonlocal count
        count = _write(project, temporary)

    write_atomic(file, write, replace=False)
    return count


def _write(folder: Path, to: Path) -> int:
    for _ in range(TRIES):
        try:
            return _pack(folder, to)
        # a draft that the copied table names has been replaced by a newer one
        except FileNotFoundError:
            continue
    raise AlntError(
        f"Project '{folder.name}' changes too fast to be backed up; try again in a moment."
    )


def _pack(folder: Path, to: Path) -> int:
    """Pack a project; the table is copied first, as the files that it names are there by then."""
    with Project.open(folder, write=False) as project:
        table = project.table.snapshot()
        named = [*_named(project)]
    others = [path for path in _files(folder) if path not in named]
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(f"{folder.name}/{TABLE}", table)
        for path in named:
            _add(archive, folder, path)
        for path in others:
            # what no row names may go at any time
            if path.exists():
                _add(archive, folder, path)
        return len(archive.namelist())


def _add(archive: zipfile.ZipFile, folder: Path, path: Path) -> None:
    archive.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")


def _named(project: Project) -> Iterator[Path]:
    """The masks that rows of the table name; one that is lost is left to verify."""
    files = project.table.rows("SELECT file FROM versions UNION SELECT file FROM drafts")
    paths = (inside(project.folder, row["file"]) for row in files)
    drafts = {row["file"] for row in project.table.rows("SELECT file FROM drafts")}
    for path in paths:
        is_draft = path.relative_to(project.folder).as_posix() in drafts
        if path.is_file() or (is_draft and not path.exists()):
            yield path


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in names:
            path = Path(parent) / name
            of_table = name.startswith((TABLE, LOCK, SEAL)) and path.parent == folder
            # a link may lead to anything
            # nor has a pipe an end
            is_plain = path.is_file() and not path.is_symlink()
            if not of_table and not is_temporary(name) and is_plain:
                yield path
