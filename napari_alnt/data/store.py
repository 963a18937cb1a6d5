"""What all parts of a project share: its folder, its table, and its cases as they are now."""

from __future__ import annotations

import dataclasses
import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from napari_alnt.data.case import Case, Role
from napari_alnt.data.case_data import CaseData, Kind
from napari_alnt.data.case_row import CASES, read_case
from napari_alnt.data.images.volume import Grid, Volume
from napari_alnt.data.intake.notices import Notice, from_json
from napari_alnt.data.local import load_launcher, save_launcher
from napari_alnt.data.open_folder import OpenFolder
from napari_alnt.data.paths import inside, read_json
from napari_alnt.data.strokes.journal import has_changes
from napari_alnt.data.table import Table
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings

if TYPE_CHECKING:
    import filelock


class ProjectStore(OpenFolder):
    """An open project folder, with its settings and its cases as they are now."""

    def __init__(self, folder: Path, table: Table, lock: filelock.BaseFileLock | None) -> None:
        super().__init__(folder, table, lock)
        self._data = CaseData(self)

    @property
    def settings(self) -> Settings:
        """The project's settings, with the launcher that this user has entered for it."""
        launcher = load_launcher(self.folder)
        return dataclasses.replace(self._from_table()[0], launcher=launcher)

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know of a project that another napari-alnt made; usually nothing."""
        # settings that this napari-alnt does not know, or does not take from a project
        notices = self._from_table()[1]
        if self.broken:
            notices = (
                f"The table of project '{self.name}' {self.broken}; check the project with"
                " 'napari-alnt verify', or restore it from a backup.",
                *notices,
            )
        if self.changed:
            names = ", ".join(self.changed[:3]) + (", …" if len(self.changed) > 3 else "")
            changed = (
                f"Since project '{self.name}' was closed, something else has changed or deleted"
                f" {names}; put this back from a backup, or go on without it."
            )
            notices = (changed, *notices)
        if not self.table.newer:
            return notices
        newer = (
            f"Project '{self.name}' was made by a newer napari-alnt and is opened read-only; what"
            " this one does not know is not shown."
        )
        return (newer, *notices)

    @property
    def input_notices(self) -> tuple[Notice, ...]:
        """What was strange about the files when the project was made."""
        rows = self.table.rows("SELECT value FROM meta WHERE key = 'notices'")
        # earlier versions looked for nothing
        return from_json(rows[0][0]) if rows else ()

    def save_settings(self, settings: Settings) -> None:
        """Save new settings; ``ignore_label`` is fixed once masks have been checked with it.

        The launcher is kept for this user and machine, and does not go into the project.

        Raises
        ------
        AlntError
            If ``ignore_label`` has changed, or the project is read-only.
        """
        if settings.ignore_label != self.settings.ignore_label:
            raise AlntError(
                f"Setting 'ignore_label' of project '{self.name}' stays"
                f" {self.settings.ignore_label}, as its masks were checked with it; make a new"
                " project to change it."
            )
        self._set("settings", json.dumps(settings.to_file()))
        save_launcher(self.folder, settings.launcher)

    @property
    def label_names(self) -> dict[int, str]:
        """Names of the label values, in their order; 0 is the background and not among them."""
        return {
            row["value"]: row["name"]
            for row in self.table.rows("SELECT * FROM labels ORDER BY value")
        }

    @property
    def cases(self) -> tuple[Case, ...]:
        """All cases as they are now, by number."""
        rows = self.table.rows(f"{CASES} ORDER BY cases.number")
        return self._with_work([read_case(row, self.folder) for row in rows])

    def case(self, name: str) -> Case:
        """One case.

        Raises
        ------
        AlntError
            If there is none of that name.
        """
        rows = self.table.rows(f"{CASES} WHERE cases.name = ?", name)
        if not rows:
            raise AlntError(f"Project '{self.name}' has no case '{name}'; see its list of cases.")
        return self._with_work([read_case(rows[0], self.folder)])[0]

    def _with_work(self, cases: list[Case]) -> tuple[Case, ...]:
        """The cases, of which those with strokes from before a crash have a draft."""
        try:
            folders = {name.rstrip("_") for name in os.listdir(self.folder / "labels")}
        except OSError:
            return tuple(cases)
        for place, case in enumerate(cases):
            if case.status == "new" and f"{case.number:04d}" in folders:
                # a folder that leads elsewhere is refused when the case is opened
                with suppress(AlntError):
                    if has_changes(self.journal(case), 0):
                        cases[place] = dataclasses.replace(case, status="draft")
        return tuple(cases)

    def by_role(self, role: Role) -> tuple[Case, ...]:
        """The cases that play a role now."""
        return tuple(case for case in self.cases if case.role == role)

    @property
    def pool_with_teacher(self) -> tuple[str, ...]:
        """Names of the cases with a teacher's mask that were in the pool when the project was made.

        They are those in the pool now, and those that were accepted since.
        """
        query = "SELECT name FROM cases WHERE role = 'pool' AND teacher IS NOT NULL ORDER BY number"
        return tuple(row["name"] for row in self.table.rows(query))

    def image(self, case: Case) -> Volume:
        """A case's image, (Z, Y, X); raises as :meth:`require_unchanged`."""
        return self._data.image(case)

    def teacher(self, case: Case) -> Volume | None:
        """A case's teacher mask, (Z, Y, X), or None; raises as :meth:`require_unchanged`."""
        return self._data.mask(case, "teacher")

    def expert(self, case: Case) -> Volume | None:
        """A case's expert mask in its newest version, (Z, Y, X), or None; raises as
        :meth:`require_unchanged`.
        """
        return self._data.mask(case, "expert")

    def grid(self, case: Case) -> Grid:
        """Where a case's voxels lie; the image itself is not needed."""
        return self._data.grid(case)

    def require_unchanged(self, case: Case, *kinds: Kind) -> None:
        """Raise :class:`ChangedFile` if a file of a case is not as it was when it was recorded."""
        self._data.require_unchanged(case, *kinds)

    def label_folder(self, case: Case) -> Path:
        """The folder of a case's versions and draft, named by its number."""
        name = f"{case.number:04d}"
        # up to version 4 of the table folders had the names of cases
        while name != case.name and self.table.rows("SELECT 1 FROM cases WHERE name = ?", name):
            name += "_"
        return inside(self.folder, f"labels/{name}")

    def journal(self, case: Case) -> Path:
        """The file of a case's strokes, which need not exist."""
        path = self.label_folder(case) / "journal"
        return inside(self.folder, path.relative_to(self.folder))

    def set_status(self, name: str, status: str) -> None:
        """Mark a pool case as "skipped" or "flagged", or as "new" again.

        Raises
        ------
        AlntError
            If the case is not in the pool, or the status is another.
        """
        self.require_writable()
        if status not in ("new", "skipped", "flagged"):
            raise AlntError(
                f"The status '{status}' cannot be set by hand; use new, skipped or flagged."
            )
        case = self.case(name)
        # marks say what to do with the queue, and only the pool is in it
        if case.role != "pool":
            raise AlntError(f"Case '{name}' is a {case.role} case; only pool cases can be marked.")
        with self.change() as table:
            table.execute("UPDATE cases SET mark = ? WHERE name = ?", (status, name))

    def _from_table(self) -> tuple[Settings, tuple[str, ...]]:
        return Settings.from_file(read_json(self._get("settings"), "its settings"))


def next_number(folder: Path, number: int) -> int:
    """The first number that is above ``number`` and all that files or folders there have."""
    taken = [number]
    if folder.is_dir():
        taken += [int(path.name[:4]) for path in folder.glob("[0-9][0-9][0-9][0-9]*")]
    return max(taken) + 1


def now() -> str:
    """The time in UTC, as it is stored in the table."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def relative_path(path: Path, folder: Path) -> str | None:
    """The way from the project's folder to a file; None between two drives of Windows."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return None
