"""Unfinished work on cases, which is replaced as it goes on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from napari_alnt.data.atomic import delete, make_folder, sha256
from napari_alnt.data.images.on_disk import Array
from napari_alnt.data.images.volume import read_labels, write_labels
from napari_alnt.data.paths import inside
from napari_alnt.data.store import ProjectStore, now
from napari_alnt.data.strokes.journal import settle
from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.table import put
from napari_alnt.errors import AlntError

NAMES = ("draft.nii.gz", "draft-2.nii.gz")
"""Names of a draft's file, which it has in turn."""


class DraftStore:
    """The drafts of a project, at most one a case."""

    def __init__(self, project: ProjectStore) -> None:
        self._project = project

    def save(self, name: str, labels: Array, seconds: float = 0.0) -> None:
        """Save unfinished work (Z, Y, X) on a case; it replaces the draft before.

        Raises
        ------
        AlntError
            If the labels do not fit, or cannot be written; the draft before is kept then.
        """
        self._project.require_writable()
        case = self._project.case(name)
        old = self.file(name)
        # beside the old one, which holds until the row names the new one
        place = NAMES[old is not None and old.name == NAMES[0]]
        file = self._project.label_folder(case) / place
        make_folder(file.parent)
        write_labels(file, labels, self._project.grid(case))
        place = file.relative_to(self._project.folder).as_posix()
        with self._project.change() as table:
            put(
                table, "drafts", case=name, seconds=float(seconds), created=now(), file=place,
                sha256=sha256(file),
            )  # fmt: skip
            # who works on a case that was skipped no longer skips it
            table.execute(
                "UPDATE cases SET mark = 'new' WHERE name = ? AND mark = 'skipped'", (name,)
            )
        if old is not None and old != file:
            delete(old)

    def load(self, name: str) -> Array | None:
        """The unfinished work (Z, Y, X) on a case, or None.

        Raises
        ------
        AlntError
            If its file is lost or damaged.
        """
        file = self.file(name)
        if file is None:
            return None
        if not file.is_file():
            raise AlntError(
                f"The draft of case '{name}' is lost ('{file}' is not there); put it back from a"
                " backup, or discard the draft."
            )
        recorded = self.sha256(name)
        # earlier versions recorded none
        if recorded and sha256(file) != recorded:
            raise AlntError(
                f"The draft of case '{name}' is damaged ('{file}' is not what was saved); put it"
                " back from a backup, or discard the draft."
            )
        return read_labels(file, like=self._project.grid(self._project.case(name))).voxels

    def seconds(self, name: str) -> float:
        """Time spent on a case's draft, in seconds; 0 if there is none."""
        row = self._row(name)
        return float(row["seconds"]) if row else 0.0

    def file(self, name: str) -> Path | None:
        """The file of a case's draft, which may be lost; None where there is no draft."""
        row = self._row(name)
        return inside(self._project.folder, row["file"]) if row else None

    def sha256(self, name: str) -> str:
        """Hash of the file of a case's draft; "" if there is none, or none was recorded."""
        row = self._row(name)
        return str(row["sha256"]) if row else ""

    def drop(self, name: str) -> None:
        """Delete the unfinished work on a case; its journal keeps the strokes as its history."""
        file = self.file(name)
        # row before file: a file without a row is no draft
        with self._project.change() as table:
            table.execute('DELETE FROM drafts WHERE "case" = ?', (name,))
        # and before the journal, which brings back all of the work if this is cut short
        settle(self.journal(name), Kind.REVERTED, self._project.case(name).version)
        if file is not None:
            delete(file)

    def journal(self, name: str) -> Path:
        """The file of a case's strokes, which need not exist."""
        return self._project.journal(self._project.case(name))

    def note(self, name: str, kind: Kind) -> None:
        """Note in a case's journal that its mask was accepted or reverted."""
        # the decision stands, whether or not this can be written
        with suppress(AlntError):
            settle(self.journal(name), kind, self._project.case(name).version)

    def _row(self, name: str) -> Any:
        rows = self._project.table.rows('SELECT * FROM drafts WHERE "case" = ?', name)
        return rows[0] if rows else None
