"""What every part of a project stands on: its folder, its table, and its cases as they are now."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock

from napari_alnt.data.case import Case, Role, Status
from napari_alnt.data.table import Table, put
from napari_alnt.data.volume import Volume, read_grid, read_labels, read_volume
from napari_alnt.errors import AlntError, ReadOnly
from napari_alnt.settings import Settings

_CASES = """
SELECT cases.*, versions.number AS version, versions.file AS version_file, versions.sha256 AS version_sha256,
    drafts.seconds IS NOT NULL AS draft
FROM cases
LEFT JOIN versions ON versions."case" = cases.name AND versions.number =
    (SELECT max(number) FROM versions AS v WHERE v."case" = cases.name AND v.set_aside = 0)
LEFT JOIN drafts ON drafts."case" = cases.name
"""


class Store:
    """An open project folder, with the lock if this process is the one that writes."""

    def __init__(self, folder: Path, table: Table, lock: filelock.BaseFileLock | None) -> None:
        self.folder = folder
        self._table, self._lock = table, lock

    def close(self) -> None:
        """Let go of the project's files and its lock."""
        self._table.close()
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
        """What the user should know of a project that another napari-alnt has made; usually
        nothing.
        """
        notices = Settings.from_file(json.loads(self._get("settings")))[1]
        if self._table.newer:
            text = "was made by a newer napari-alnt and is opened to look at; what this one does not know is not shown."
            return (f"Project '{self.name}' {text}", *notices)
        return notices

    def save_settings(self, settings: Settings) -> None:
        """Keep new settings; the value that means unknown is fixed once masks have been read with
        it.

        Raises
        ------
        AlntError
            If ``unknown`` has changed, or the project is read-only.
        """
        if settings.unknown != self.settings.unknown:
            raise AlntError(
                f"Setting 'unknown' of project '{self.name}' stays {self.settings.unknown}, as its"
                " masks were checked"
                " with it; make a new project to change it."
            )
        self._set("settings", json.dumps(settings.to_dict()))

    @property
    def labels(self) -> dict[int, str]:
        """Label values and their names, by value; 0 is the background and not among them."""
        return {
            row["value"]: row["name"]
            for row in self._table.rows("SELECT * FROM labels ORDER BY value")
        }

    @property
    def cases(self) -> tuple[Case, ...]:
        """All cases as they are now, by number."""
        return tuple(self._case(row) for row in self._table.rows(f"{_CASES} ORDER BY cases.number"))

    def case(self, name: str) -> Case:
        """One case.

        Raises
        ------
        AlntError
            If there is none of that name.
        """
        rows = self._table.rows(f"{_CASES} WHERE cases.name = ?", name)
        if not rows:
            raise AlntError(f"Project '{self.name}' has no case '{name}'; see its list of cases.")
        return self._case(rows[0])

    def by_role(self, role: Role) -> tuple[Case, ...]:
        """The cases that play a role now."""
        return tuple(case for case in self.cases if case.role == role)

    @property
    def taught_pool(self) -> tuple[str, ...]:
        """The cases of the pool as it was that have a teacher's mask: those in it now, and those
        accepted since.
        """
        query = "SELECT name FROM cases WHERE role = 'pool' AND teacher IS NOT NULL ORDER BY number"
        return tuple(row["name"] for row in self._table.rows(query))

    def image(self, case: Case) -> Volume:
        """A case's image, (Z, Y, X)."""
        return read_volume(case.image)

    def teacher(self, case: Case) -> Volume | None:
        """A case's teacher mask, (Z, Y, X), or None."""
        return self._mask(case, case.teacher)

    def expert(self, case: Case) -> Volume | None:
        """A case's expert mask in its newest version, (Z, Y, X), or None."""
        return self._mask(case, case.expert)

    def label_version(self, case: Case) -> str:
        """Which label the case trains with: "0003", "expert", "teacher", or ""."""
        return case.label

    def _require_writable(self) -> None:
        if not self.writable:
            raise ReadOnly(
                f"Project '{self.name}' is open read-only, so nothing can be changed in it; open it"
                " to write."
            )

    @contextmanager
    def _change(self) -> Iterator[Any]:
        self._require_writable()
        with self._table.change() as connection:
            yield connection

    def _get(self, key: str) -> str:
        return str(self._table.rows("SELECT value FROM meta WHERE key = ?", key)[0][0])

    def _set(self, key: str, value: str) -> None:
        with self._change() as table:
            put(table, "meta", key=key, value=value)

    def _case(self, row: Any) -> Case:
        version = row["version"] or 0
        expert = (
            self.folder / row["version_file"]
            if version
            else self._find(row["expert_near"], row["expert"])
        )
        status: Status = "accepted" if version else "expert" if expert else row["mark"]
        if status == "new" and row["draft"]:
            status = "draft"
        image = self._find(row["image_near"], row["image"])
        assert image is not None
        return Case(
            name=row["name"], number=row["number"], image=image, expert=expert, status=status, version=version,
            teacher=self._find(row["teacher_near"], row["teacher"]),
            role="reference" if version and row["role"] == "pool" else row["role"],
            patient=row["patient"], image_sha256=row["image_sha256"], teacher_sha256=row["teacher_sha256"],
            expert_sha256=row["version_sha256"] if version else row["expert_sha256"],
            shape=tuple(json.loads(row["shape"])), spacing=tuple(json.loads(row["spacing"])),
        )  # fmt: skip

    def _find(self, near: str | None, path: str | None) -> Path | None:
        """A file that was named by its way from the project and by its full path, so that either
        may have moved.
        """
        if path is None:
            return None
        by_near = Path(os.path.normpath(self.folder / near)) if near else None
        return by_near if by_near is not None and by_near.exists() else Path(path)

    def _mask(self, case: Case, path: Path | None) -> Volume | None:
        return (
            read_labels(path, like=read_grid(case.image), unknown=self.settings.unknown)
            if path
            else None
        )


def after(folder: Path, number: int) -> int:
    """The number after ``number`` and after all that files or folders already bear."""
    taken = (
        [int(path.name[:4]) for path in folder.glob("[0-9][0-9][0-9][0-9]*")]
        if folder.is_dir()
        else []
    )
    return max([number, *taken]) + 1


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def near(path: Path, folder: Path) -> str | None:
    """The way from the project's folder to a file; None if there is none, as between Windows
    drives.
    """
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return None
