"""The volumes of a project's cases, compared with what was recorded when they became part of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_alnt.data.case import Case
from napari_alnt.data.fingerprint import file_hash, file_stat, same_hash
from napari_alnt.data.images.volume import Grid, Volume, read_grid, read_labels, read_volume
from napari_alnt.errors import ChangedFile

if TYPE_CHECKING:
    from napari_alnt.data.store import ProjectStore

Kind = Literal["image", "teacher", "expert"]
"""A file of a case."""
KINDS: tuple[Kind, ...] = ("image", "teacher", "expert")

_CURES = {
    "image": "put the old image back, or make a new project with the new one",
    "teacher mask": "put the old mask back, or take the new one with 'napari-alnt teach --folder'",
    "expert mask": "put the old mask back, or make a new project with the new one",
    "accepted mask": "put it back from a backup, as an accepted mask is never changed",
}


class CaseData:
    """Reads the files of a project's cases, and only as they were when they were recorded."""

    def __init__(self, project: ProjectStore) -> None:
        self._project = project
        # files that were hashed by this process, as they were then
        self._verified: dict[tuple[Path, str], str] = {}

    def grid(self, case: Case) -> Grid:
        """Where the image's voxels lie, as recorded: the image itself may be out of reach.

        Raises
        ------
        AlntError
            If an earlier napari-alnt recorded none and the image cannot be read.
        """
        (row,) = self._project.table.rows("SELECT grid FROM cases WHERE name = ?", case.name)
        if row["grid"]:
            return Grid.from_json(row["grid"], case.image)
        self.require_unchanged(case, "image")
        grid = read_grid(case.image)
        self._save("cases", "grid", grid.to_json(), case)
        return grid

    def image(self, case: Case) -> Volume:
        """A case's image, (Z, Y, X); raises as :meth:`require_unchanged`."""
        self.require_unchanged(case, "image")
        volume = read_volume(case.image)
        # it may have been replaced while it was read
        self.require_unchanged(case, "image")
        return volume

    def mask(self, case: Case, kind: Literal["teacher", "expert"]) -> Volume | None:
        """A case's mask, (Z, Y, X), or None; raises as :meth:`require_unchanged`."""
        path: Path | None = getattr(case, kind)
        if path is None:
            return None
        self.require_unchanged(case, kind)
        ignore_label = self._project.settings.ignore_label
        volume = read_labels(path, like=self.grid(case), ignore_label=ignore_label)
        self.require_unchanged(case, kind)
        return volume

    def require_unchanged(self, case: Case, *kinds: Kind) -> None:
        """Compare files of a case with what was recorded: size and time, then the hash.

        Parameters
        ----------
        case : of this project
        kinds : which of its files; one that the case does not have is passed over

        Raises
        ------
        ChangedFile
            If the content of one is another now.
        AlntError
            If one is missing or cannot be read.
        """
        for kind in kinds:
            path: Path | None = getattr(case, kind)
            if path is not None:
                self._require(case, kind, path)

    def _require(self, case: Case, kind: Kind, path: Path) -> None:
        table, column = ("cases", f"{kind}_stat")
        if kind == "expert" and case.version:
            table, column = ("versions", "stat")
        sha: str = getattr(case, f"{kind}_sha256")
        stat = _stat(path)
        if stat in (self._recorded(table, column, case), self._verified.get((path, sha))):
            return
        if not same_hash(path, sha):
            what = "accepted mask" if table == "versions" else f"{kind} mask"
            what = "image" if kind == "image" else what
            raise ChangedFile(
                f"The {what} of case '{case.name}' ('{path.name}') has changed since it became part"
                f" of the project; {_CURES[what]}."
            )
        self._verified[path, sha] = stat
        self._save(table, column, stat, case)

    def _recorded(self, table: str, column: str, case: Case) -> Any:
        query, values = _where(table, case)
        (row,) = self._project.table.rows(f"SELECT {column} FROM {table} {query}", *values)
        return row[0]

    def _save(self, table: str, column: str, value: str, case: Case) -> None:
        """Spare the next process the work; a project that is only read does without."""
        if self._project.writable:
            query, values = _where(table, case)
            with self._project.change() as connection:
                connection.execute(f"UPDATE {table} SET {column} = ? {query}", (value, *values))


def _stat(path: Path) -> str:
    try:
        return file_stat(path)
    except OSError:
        # raises the sentence for a file that is missing
        file_hash(path)
        return ""


def _where(table: str, case: Case) -> tuple[str, tuple[Any, ...]]:
    if table == "versions":
        return 'WHERE "case" = ? AND number = ?', (case.name, case.version)
    return "WHERE name = ?", (case.name,)
