"""A copy of a project in one file, also while another window or command is writing to it."""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from napari_alnt.data.atomic import is_temporary, write_atomic
from napari_alnt.data.draft_store import NAMES as DRAFTS
from napari_alnt.data.folder import LOCK, TABLE
from napari_alnt.data.paths import inside
from napari_alnt.data.project import Project
from napari_alnt.data.seal import SEAL
from napari_alnt.errors import AlntError

LEFT_OUT = ("cache", "maps")
"""Folders of what can be made anew."""


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
    counts: list[int] = []
    write_atomic(file, lambda temporary: counts.append(_write(project, temporary)), replace=False)
    return counts[0]


def _write(folder: Path, to: Path) -> int:
    with (
        zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        Project.open(folder, write=False) as project,
    ):
        # a draft goes when the table names the next one, so that it stays as long as this does
        with project.table.unchanged():
            archive.writestr(f"{folder.name}/{TABLE}", project.table.snapshot())
            versions = _named(project, "versions")
            drafts = _named(project, "drafts")
            for path in drafts:
                _add(archive, folder, path)
        # these are never deleted
        for path in versions:
            _add(archive, folder, path)
        for path in _files(folder, {*versions, *drafts}):
            # what no row names may go at any time
            with contextlib.suppress(FileNotFoundError):
                _add(archive, folder, path)
        return len(archive.namelist())


def _add(archive: zipfile.ZipFile, folder: Path, path: Path) -> None:
    archive.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")


def _named(project: Project, table: str) -> list[Path]:
    """The masks that rows of a table name; one that is lost is left to verify."""
    rows = project.table.rows(f"SELECT file FROM {table}")
    paths = [inside(project.folder, row["file"]) for row in rows]
    return [path for path in paths if path.is_file()]


def _files(folder: Path, named: set[Path]) -> Iterator[Path]:
    """Plain files that no row of the table names, but for those that can be made anew."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in names:
            path = Path(parent) / name
            of_table = name.startswith((TABLE, LOCK, SEAL)) and path.parent == folder
            # a draft that no row names yet is being saved at this moment
            is_passing = is_temporary(name) or name in DRAFTS
            # a link may lead to anything, and a pipe has no end
            is_plain = path.is_file() and not path.is_symlink()
            if is_plain and path not in named and not of_table and not is_passing:
                yield path
