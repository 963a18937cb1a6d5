"""A project: made once, then opened by one process that writes and any number that read."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import filelock

from napari_alnt.data.atomic import make_folder, write_atomic
from napari_alnt.data.case import CaseFiles, Role
from napari_alnt.data.create import Inspected, check_roles, draw_roles, inspect_files, name_labels
from napari_alnt.data.label_store import LabelStore
from napari_alnt.data.run_store import RunStore
from napari_alnt.data.store import ProjectStore, now, relative_path
from napari_alnt.data.table import Table, insert, put
from napari_alnt.errors import AlntError, ProjectLocked, ReadOnly
from napari_alnt.settings import Settings

TABLE = "alnt.sqlite"
"""Name of the table in a project's folder; a folder that has it is a project."""
LOCK = "alnt.lock"


def is_project(folder: Path | str) -> bool:
    """Whether a folder is a napari-alnt project."""
    return (Path(folder) / TABLE).is_file()


class Project(ProjectStore):
    """An open project folder, made by :meth:`create` or :meth:`open`.

    Close it with :meth:`close`, or use it in a ``with`` block.

    Attributes
    ----------
    labels : expert masks with their versions and drafts, and the teacher's masks
    runs : runs of the engine, with their ledger, scores, predictions and test results
    """

    def __init__(self, folder: Path, table: Table, lock: filelock.BaseFileLock | None) -> None:
        super().__init__(folder, table, lock)
        self.labels = LabelStore(self)
        self.runs = RunStore(self)

    @classmethod
    def create(
        cls,
        folder: Path | str,
        cases: Sequence[CaseFiles],
        *,
        teacher_training: int = 0,
        reference: int = 0,
        test: int = 0,
        roles: Mapping[str, Role] | None = None,
        labels: Mapping[int, str] | None = None,
        settings: Settings | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Project:
        """Make a project and open it for writing; every file is read and hashed once.

        Parameters
        ----------
        folder : a new or an empty folder
        cases : the files of all cases, as a :class:`~napari_alnt.data.Source` finds them
        teacher_training, reference, test : how many expert cases get each role, drawn by patient
            with ``settings.seed``, once and for all; without counts, half are reference, half test
        roles : the role of every expert case; the counts are then ignored
        labels : names of the label values; None takes the values that the masks hold
        settings : None takes the defaults
        progress : is called with (done, total) cases

        Raises
        ------
        AlntError
            If the folder is in use, a file is broken, grids or labels do not fit, or experts are
            too few; nothing is left behind then.
        """
        folder = Path(folder).absolute()
        settings = settings or Settings()
        _require_new(folder)
        # all that can be wrong is found before anything is written
        inspected = inspect_files(cases, settings.ignore_label, progress)
        names = name_labels(inspected, labels, settings.ignore_label)
        counts = {"teacher_training": teacher_training, "reference": reference, "test": test}
        if roles is None:
            roles = draw_roles(cases, **counts, seed=settings.seed)
        else:
            roles = check_roles(cases, roles)
        is_new = not folder.exists()
        try:
            make_folder(folder)
            write_atomic(
                folder / TABLE,
                lambda path: _fill(path, folder, cases, inspected, names, roles, settings),
            )
        except AlntError:
            if is_new:
                with suppress(OSError):
                    folder.rmdir()
            raise
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path | str, write: bool = True) -> Project:
        """Open a project; with ``write=False`` it can be read while another process writes to it.

        Raises
        ------
        ProjectLocked
            If another window or command is writing to it.
        ReadOnly
            If its folder cannot be written to, or it was made by a newer napari-alnt.
        AlntError
            If it is no project, or its table is damaged.
        """
        folder = Path(folder).absolute()
        path = folder / TABLE
        if not is_project(folder):
            raise AlntError(
                f"'{folder}' is not a napari-alnt project (it has no {TABLE}); check the path or"
                " make one."
            )
        # readers need no lock: SQLite shows them whole transactions
        if not write:
            return cls(folder, Table(path, write=False), None)
        lock = _take_lock(folder)
        try:
            project = cls(folder, Table(path, write=True), lock)
            # shown to others who find the project locked
            project._set("owner", f"process {os.getpid()} on {socket.gethostname()}")
        except BaseException:
            lock.release()
            raise
        return project

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _require_new(folder: Path) -> None:
    if is_project(folder):
        raise AlntError(f"'{folder}' already is a project; open it, or choose another folder.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AlntError(f"'{folder}' is not empty; choose a new folder for the project.")


def _fill(
    path: Path,
    folder: Path,
    cases: Sequence[CaseFiles],
    inspected: Sequence[Inspected],
    labels: Mapping[int, str],
    roles: Mapping[str, Role],
    settings: Settings,
) -> None:
    """Write all of a new project's table."""
    table = Table.create(path)
    try:
        with table.change() as connection:
            put(connection, "meta", key="settings", value=json.dumps(settings.to_dict()))
            put(connection, "meta", key="created", value=now())
            for value, name in labels.items():
                insert(connection, "labels", value=value, name=name)
            for number, (case, found) in enumerate(zip(cases, inspected, strict=True), start=1):
                insert(
                    connection,
                    "cases",
                    number=number,
                    name=case.name,
                    patient=case.patient or case.name,
                    role=roles[case.name],
                    shape=json.dumps(found.grid.shape),
                    spacing=json.dumps(found.grid.spacing),
                    **_files(case, found, folder),
                )
    finally:
        table.close()


def _files(case: CaseFiles, found: Inspected, folder: Path) -> dict[str, str | None]:
    """The columns of a case's image and masks: both paths, as either may move, and the hash."""
    columns: dict[str, str | None] = {}
    for kind in ("image", "teacher", "expert"):
        path = getattr(case, kind)
        columns[kind] = str(path.absolute()) if path else None
        columns[f"{kind}_relative"] = relative_path(path.absolute(), folder) if path else None
        columns[f"{kind}_sha256"] = getattr(found, f"{kind}_sha256")
    return columns


def _take_lock(folder: Path) -> filelock.BaseFileLock:
    # the operating system releases the lock when the process ends, however it ends
    lock = filelock.FileLock(folder / LOCK, thread_local=False)
    try:
        if not os.access(folder, os.W_OK):
            raise PermissionError
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise ProjectLocked(
            f"Project '{folder.name}' is being written to by {_owner(folder)}; close it there, or"
            " open it read-only."
        ) from error
    except OSError as error:
        raise ReadOnly(
            f"Project '{folder}' lies in a folder that you cannot write to; open it read-only, or"
            " copy it."
        ) from error
    return lock


def _owner(folder: Path) -> str:
    with suppress(AlntError, IndexError), Project.open(folder, write=False) as project:
        return project.owner
    return "another program"
