"""A project: made once, then opened by one that writes and any number that look."""

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
from napari_alnt.data.create import Looked, check_roles, draw_roles, look, name_labels
from napari_alnt.data.label_store import LabelBook
from napari_alnt.data.run_store import RunBook
from napari_alnt.data.store import near, now
from napari_alnt.data.table import Table, insert, put
from napari_alnt.errors import AlntError, ProjectLocked, ReadOnly
from napari_alnt.settings import Settings

TABLE, LOCK = "alnt.sqlite", "alnt.lock"


class Project(LabelBook, RunBook):
    """An open project folder; use :meth:`create` or :meth:`open`, and close it, or use it in a
    ``with`` block.
    """

    @classmethod
    def create(
        cls,
        folder: Path | str,
        cases: Sequence[CaseFiles],
        *,
        seed_cases: int = 0,
        reference: int = 0,
        audit: int = 0,
        roles: Mapping[str, Role] | None = None,
        labels: Mapping[int, str] | None = None,
        settings: Settings | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Project:
        """Make a project and open it for writing.

        Every file is read and hashed once. Expert cases are drawn as seed, reference and audit by
        patient with ``settings.seed``, once and for all; without counts, half are reference and
        half audit. ``roles`` instead names the role of every expert case, and the counts are not
        looked at. ``labels`` names the label values; None takes those found. ``progress`` hears
        (done, total) cases.

        Raises
        ------
        AlntError
            If the folder is in use, a file is broken, grids or labels do not fit, or experts are
            too few; nothing is left behind then.
        """
        folder, settings = Path(folder).absolute(), settings or Settings()
        _require_new(folder)
        looked = look(cases, settings.unknown, progress)
        names = name_labels(looked, labels, settings.unknown)
        if roles is None:
            roles = draw_roles(
                cases, seed_cases=seed_cases, reference=reference, audit=audit, seed=settings.seed
            )
        else:
            roles = check_roles(cases, roles)
        there = folder.exists()
        try:
            make_folder(folder)
            write_atomic(
                folder / TABLE,
                lambda path: _fill(path, folder, cases, looked, names, roles, settings),
            )
        except AlntError:
            with suppress(OSError):
                if not there:
                    folder.rmdir()
            raise
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path | str, write: bool = True) -> Project:
        """Open a project; with ``write=False`` it can be looked at while another window writes.

        Raises
        ------
        ProjectLocked
            If another window or command is writing to it.
        ReadOnly
            If its folder cannot be written to.
        AlntError
            If it is no project, or one of a newer napari-alnt.
        """
        folder = Path(folder).absolute()
        path = folder / TABLE
        if not path.is_file():
            raise AlntError(
                f"'{folder}' is not a napari-alnt project (it has no {TABLE}); check the path or"
                " make one."
            )
        if not write:
            return cls(folder, Table(path, write=False), None)
        lock = _take_lock(folder)
        try:
            project = cls(folder, Table(path, write=True), lock)
            owner = f"process {os.getpid()} on {socket.gethostname()}"
            project._set("owner", owner)
        except BaseException:
            lock.release()
            raise
        return project

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _require_new(folder: Path) -> None:
    if (folder / TABLE).exists():
        raise AlntError(f"'{folder}' already is a project; open it, or choose another folder.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AlntError(f"'{folder}' is not empty; choose a new folder for the project.")


def _fill(
    path: Path,
    folder: Path,
    cases: Sequence[CaseFiles],
    looked: Sequence[Looked],
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
            for number, (case, found) in enumerate(zip(cases, looked, strict=True), start=1):
                files = _files(case, found, folder)
                insert(
                    connection, "cases", number=number, name=case.name, patient=case.patient or case.name,
                    role=roles[case.name], shape=json.dumps(found.grid.shape), spacing=json.dumps(found.grid.spacing),
                    **files,
                )  # fmt: skip
    finally:
        table.close()


def _files(case: CaseFiles, found: Looked, folder: Path) -> dict[str, str | None]:
    columns: dict[str, str | None] = {}
    for kind in ("image", "teacher", "expert"):
        path = getattr(case, kind)
        columns[kind] = str(path.absolute()) if path else None
        columns[f"{kind}_near"] = near(path.absolute(), folder) if path else None
        columns[f"{kind}_sha256"] = getattr(found, f"{kind}_sha256")
    return columns


def _take_lock(folder: Path) -> filelock.BaseFileLock:
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
        return project._get("owner")
    return "another program"
