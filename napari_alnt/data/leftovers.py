"""What a crash has left in a project is cleared when it is next opened to write."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_alnt.data.atomic import delete, is_temporary, sha256
from napari_alnt.data.case import Case
from napari_alnt.data.draft_store import NAMES
from napari_alnt.data.fingerprint import file_stat
from napari_alnt.data.images.volume import read_labels
from napari_alnt.data.store import ProjectStore, now
from napari_alnt.data.table import insert
from napari_alnt.errors import AlntError

if TYPE_CHECKING:
    from napari_alnt.data.project import Project

RECOVERED = "recovered"
"""Source of a version whose row a crash has kept from being written."""


def clear_leftovers(project: Project) -> None:
    """Bring a project that is open to write to what it would be without a crash.

    Unfinished files are deleted, an accepted mask that never got its row is kept as a version that
    is reverted, a draft without a row is deleted, and a run whose engine is gone is stopped.
    """
    remove_temporaries(project.folder)
    for case in project.cases:
        _keep_versions(project, case)
        _remove_drafts(project, case)
    with project.change() as table:
        table.execute(
            "UPDATE runs SET state = 'stopped', ended = ? WHERE state = 'running'", (now(),)
        )


def remove_temporaries(folder: Path) -> None:
    """Delete the files and folders under a folder that were never given their name."""
    # links to folders are not followed, as they may lead anywhere
    for parent, folders, names in os.walk(folder):
        for name in filter(is_temporary, names):
            delete(Path(parent) / name)
        for name in filter(is_temporary, folders):
            shutil.rmtree(Path(parent) / name, ignore_errors=True)


def orphans(project: ProjectStore, case: Case) -> list[Path]:
    """The files of versions of a case that have no row, by number."""
    folder = project.label_folder(case)
    rows = project.table.rows('SELECT file FROM versions WHERE "case" = ?', case.name)
    known = {project.folder / row["file"] for row in rows}
    return sorted(set(folder.glob("[0-9][0-9][0-9][0-9].nii.gz")) - known)


def _remove_drafts(project: Project, case: Case) -> None:
    """Delete drafts that were replaced or accepted, or whose saving was never reported."""
    for name in NAMES:
        path = project.label_folder(case) / name
        if path != project.drafts.file(case.name):
            delete(path)


def _keep_versions(project: Project, case: Case) -> None:
    for path in orphans(project, case):
        # one that cannot be read is left where it is, and named by verify
        with suppress(AlntError, OSError):
            read_labels(path, like=project.grid(case))
            with project.change() as table:
                insert(
                    table, "versions", case=case.name, number=int(path.name[:4]), reverted=True,
                    file=path.relative_to(project.folder).as_posix(), sha256=sha256(path),
                    author="", seconds=0.0, confirmed=False, parent="", model="", created=now(),
                    stat=file_stat(path), source=RECOVERED,
                )  # fmt: skip
