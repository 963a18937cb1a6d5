"""What all parts of a project share: its folder, its table, and its cases as they are now."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_alnt.data.case import Case, Role, Status
from napari_alnt.data.table import Table, put
from napari_alnt.data.volume import Volume, read_grid, read_labels, read_volume
from napari_alnt.errors import AlntError, ReadOnly
from napari_alnt.settings import Settings

if TYPE_CHECKING:
    import filelock

# every case with its newest version that has not been reverted, and whether there is a draft
_CASES = """
SELECT cases.*, versions.number AS version, versions.file AS version_file,
    versions.sha256 AS version_sha256, drafts.seconds IS NOT NULL AS draft
FROM cases
LEFT JOIN versions ON versions."case" = cases.name AND versions.number =
    (SELECT max(number) FROM versions AS v WHERE v."case" = cases.name AND v.reverted = 0)
LEFT JOIN drafts ON drafts."case" = cases.name
"""


class ProjectStore:
    """An open project folder, with the lock if this process is the one that writes.

    Attributes
    ----------
    folder : the project's folder
    table : its table; use :meth:`change` to write to it
    """

    def __init__(self, folder: Path, table: Table, lock: filelock.BaseFileLock | None) -> None:
        self.folder = folder
        self.table = table
        self._lock = lock

    def close(self) -> None:
        """Close the table and release the lock."""
        self.table.close()
        if self._lock is not None:
            self._lock.release()

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def writable(self) -> bool:
        """Whether this window or command is the one that writes."""
        return self._lock is not None

    @property
    def settings(self) -> Settings:
        """The project's settings."""
        return Settings.from_file(json.loads(self._get("settings")))[0]

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know of a project that another napari-alnt made; usually nothing."""
        # names of settings that this napari-alnt does not know
        notices = Settings.from_file(json.loads(self._get("settings")))[1]
        if not self.table.newer:
            return notices
        newer = (
            f"Project '{self.name}' was made by a newer napari-alnt and is opened read-only; what"
            " this one does not know is not shown."
        )
        return (newer, *notices)

    @property
    def owner(self) -> str:
        """Which process was the last to open the project for writing."""
        return self._get("owner")

    def save_settings(self, settings: Settings) -> None:
        """Save new settings; ``ignore_label`` is fixed once masks have been checked with it.

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
        self._set("settings", json.dumps(settings.to_dict()))

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
        return tuple(self._case(row) for row in self.table.rows(f"{_CASES} ORDER BY cases.number"))

    def case(self, name: str) -> Case:
        """One case.

        Raises
        ------
        AlntError
            If there is none of that name.
        """
        rows = self.table.rows(f"{_CASES} WHERE cases.name = ?", name)
        if not rows:
            raise AlntError(f"Project '{self.name}' has no case '{name}'; see its list of cases.")
        return self._case(rows[0])

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
        """A case's image, (Z, Y, X)."""
        return read_volume(case.image)

    def teacher(self, case: Case) -> Volume | None:
        """A case's teacher mask, (Z, Y, X), or None."""
        return self._mask(case, case.teacher)

    def expert(self, case: Case) -> Volume | None:
        """A case's expert mask in its newest version, (Z, Y, X), or None."""
        return self._mask(case, case.expert)

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

    def require_writable(self) -> None:
        """Raise :class:`ReadOnly` unless this process writes to the project."""
        if not self.writable:
            raise ReadOnly(
                f"Project '{self.name}' is open read-only, so nothing can be changed in it; open it"
                " to write."
            )

    @contextmanager
    def change(self) -> Iterator[Any]:
        """A transaction on the table, see :meth:`Table.change`; raises :class:`ReadOnly`."""
        self.require_writable()
        with self.table.change() as connection:
            yield connection

    def _get(self, key: str) -> str:
        return str(self.table.rows("SELECT value FROM meta WHERE key = ?", key)[0][0])

    def _set(self, key: str, value: str) -> None:
        with self.change() as table:
            put(table, "meta", key=key, value=value)

    def _case(self, row: Any) -> Case:
        accepted = bool(row["version"])
        if accepted:
            expert = self.folder / row["version_file"]
        else:
            expert = self._find(row, "expert") if row["expert"] else None
        return Case(
            name=row["name"],
            number=row["number"],
            image=self._find(row, "image"),
            teacher=self._find(row, "teacher") if row["teacher"] else None,
            expert=expert,
            role="reference" if accepted and row["role"] == "pool" else row["role"],
            status=_status(row, expert),
            patient=row["patient"],
            version=row["version"] or 0,
            image_sha256=row["image_sha256"],
            teacher_sha256=row["teacher_sha256"],
            expert_sha256=row["version_sha256"] if accepted else row["expert_sha256"],
            shape=tuple(json.loads(row["shape"])),
            spacing=tuple(json.loads(row["spacing"])),
        )

    def _find(self, row: Any, kind: str) -> Path:
        """A case's file, of which either recorded path may be out of date."""
        if relative := row[f"{kind}_relative"]:
            # the project and its data may have been moved together, or the project alone
            by_relative = Path(os.path.normpath(self.folder / relative))
            if by_relative.exists():
                return by_relative
        return Path(row[kind])

    def _mask(self, case: Case, path: Path | None) -> Volume | None:
        if path is None:
            return None
        grid = read_grid(case.image)
        return read_labels(path, like=grid, ignore_label=self.settings.ignore_label)


def _status(row: Any, expert: Path | None) -> Status:
    """How far the work on a case has come; a draft counts for less than what was decided."""
    if row["version"]:
        return "accepted"
    if expert:
        return "expert"
    mark: Status = row["mark"]
    return "draft" if mark == "new" and row["draft"] else mark


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
