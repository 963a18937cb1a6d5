"""A project: made once, then opened by one process that writes and any number that read."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_alnt.data.atomic import write_atomic
from napari_alnt.data.case import CaseFiles, Role
from napari_alnt.data.draft_store import DraftStore
from napari_alnt.data.folder import TABLE, is_project, making, require_plain, take_lock
from napari_alnt.data.intake.create import Checked, check_cases
from napari_alnt.data.intake.inspection import Inspected
from napari_alnt.data.intake.notices import Notice, require_none, to_json
from napari_alnt.data.label_store import LabelStore
from napari_alnt.data.leftovers import clear_leftovers
from napari_alnt.data.local import save_launcher
from napari_alnt.data.paths import inside
from napari_alnt.data.run_store import RunStore
from napari_alnt.data.seal import BROKEN, broken_seal, changed_files
from napari_alnt.data.store import ProjectStore, now, relative_path
from napari_alnt.data.table import Table, insert, put
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings

if TYPE_CHECKING:
    import filelock


class Project(ProjectStore):
    """An open project folder, made by :meth:`create` or :meth:`open`.

    Close it with :meth:`close`, or use it in a ``with`` block.

    Attributes
    ----------
    drafts : unfinished work on cases
    labels : expert masks with their versions, and the teacher's masks
    runs : runs of the engine, with their ledger, scores, predictions and test results
    """

    def __init__(self, folder: Path, table: Table, lock: filelock.BaseFileLock | None) -> None:
        super().__init__(folder, table, lock)
        self.drafts = DraftStore(self)
        self.labels = LabelStore(self, self.drafts)
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
        notices: Sequence[Notice] = (),
        strict: bool = False,
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
        notices : what the source left out; more are found in the files
        strict : take notices for errors; else they are kept as :attr:`input_notices`
        progress : is called with (done, total) cases

        Raises
        ------
        AlntError
            If the folder is in use, a file is broken, grids or labels do not fit, or experts are
            too few; nothing is left behind then.
        """
        folder = Path(folder).absolute()
        with making(folder) as lock:
            # all that can be wrong is found before anything is written
            checked = check_cases(
                cases,
                teacher_training=teacher_training,
                reference=reference,
                test=test,
                roles=roles,
                labels=labels,
                settings=settings,
                notices=notices,
                progress=progress,
            )
            if strict:
                require_none(checked.notices)
            return cls._make(folder, checked, lock)

    @classmethod
    def create_checked(cls, folder: Path | str, checked: Checked) -> Project:
        """Make a project of cases that were checked before; raises as :meth:`create` does."""
        folder = Path(folder).absolute()
        with making(folder) as lock:
            return cls._make(folder, checked, lock)

    @classmethod
    def _make(cls, folder: Path, checked: Checked, lock: filelock.BaseFileLock) -> Project:
        write_atomic(folder / TABLE, lambda path: _fill(path, folder, checked), replace=False)
        save_launcher(folder, checked.settings.launcher)
        return cls._to_write(folder, lock)

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
        if not is_project(folder):
            raise AlntError(
                f"'{folder}' is not a napari-alnt project (it has no {TABLE}); check the path or"
                " make one."
            )
        require_plain(folder)
        # readers need no lock: SQLite shows them whole transactions
        if not write:
            broken, changed = broken_seal(folder), changed_files(folder)
            project = cls(folder, Table(inside(folder, TABLE), write=False), None)
            project.broken, project.changed = broken, changed
            return project
        return cls._to_write(folder, take_lock(folder, _owner))

    @classmethod
    def _to_write(cls, folder: Path, lock: filelock.BaseFileLock) -> Project:
        try:
            # before the table is changed, which breaks every seal
            broken, changed = broken_seal(folder), changed_files(folder)
            project = cls(folder, Table(inside(folder, TABLE), write=True), lock)
        except BaseException:
            lock.release()
            raise
        try:
            # shown to others who find the project locked
            project._set("owner", f"process {os.getpid()} on {socket.gethostname()}")
            project.broken, project.changed = broken, changed
            if broken:
                project._set(BROKEN, f"{broken} ({now()})")
            clear_leftovers(project)
        except BaseException:
            project.close()
            raise
        return project

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _fill(path: Path, folder: Path, checked: Checked) -> None:
    """Write all of a new project's table."""
    table = Table.create(path)
    try:
        with table.change() as connection:
            put(connection, "meta", key="settings", value=json.dumps(checked.settings.to_file()))
            put(connection, "meta", key="created", value=now())
            put(connection, "meta", key="notices", value=to_json(checked.notices))
            for value, name in checked.names.items():
                insert(connection, "labels", value=value, name=name)
            pairs = zip(checked.cases, checked.inspected, strict=True)
            for number, (case, found) in enumerate(pairs, start=1):
                insert(
                    connection,
                    "cases",
                    number=number,
                    name=case.name,
                    patient=case.patient or case.name,
                    role=checked.roles[case.name],
                    shape=json.dumps(found.grid.shape),
                    spacing=json.dumps(found.grid.spacing),
                    grid=found.grid.to_json(),
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
        columns[f"{kind}_stat"] = getattr(found, f"{kind}_stat")
    return columns


def _owner(folder: Path) -> str:
    with suppress(AlntError, IndexError), Project.open(folder, write=False) as project:
        return project.owner
    return "another program"
