"""Expert labels: versions that are written once, and drafts that are written over."""

from __future__ import annotations

import dataclasses
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_alnt.data.atomic import make_folder, sha256
from napari_alnt.data.case import Case, Role
from napari_alnt.data.store import Store, after, near, now
from napari_alnt.data.table import insert, put, record
from napari_alnt.data.volume import Volume, label_values, read_grid, read_labels, write_labels
from napari_alnt.errors import AlntError

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class LabelVersion:
    """One accepted expert mask; the file is written once and never changed.

    ``seconds`` is the human time spent, ``parent`` the label it was made from, ``model`` the
    student that helped, ``confirmed`` says that a mask was accepted as it stood, ``set_aside`` that
    it was reverted later. ``dice`` is that of the teacher's mask with this one (:func:`mask_dice`),
    nan where it has not been compared.
    """

    case: str
    number: int
    file: Path
    sha256: str
    author: str
    seconds: float
    confirmed: bool
    parent: str
    model: str
    created: str
    set_aside: bool
    dice: float = math.nan


class LabelBook(Store):
    """The part of a project that keeps a human's work."""

    def set_status(self, name: str, status: str) -> None:
        """Mark a pool case as "skipped" or "flagged", or as "new" again.

        Raises
        ------
        AlntError
            If the case is not in the pool, or the status is another.
        """
        self._require_writable()
        if status not in ("new", "skipped", "flagged"):
            raise AlntError(
                f"The status '{status}' cannot be set by hand; use new, skipped or flagged."
            )
        self._require_role(name, "pool", "marked")
        with self._change() as table:
            table.execute("UPDATE cases SET mark = ? WHERE name = ?", (status, name))

    def read_mask(self, name: str, path: Path | str) -> Volume:
        """A mask from anywhere for a case of this project, (Z, Y, X).

        Raises
        ------
        AlntError
            If the mask does not fit the image or holds values that are none of the project's.
        """
        volume = read_labels(
            path, like=read_grid(self.case(name).image), unknown=self.settings.unknown
        )
        self._require_values(volume.voxels, f"The mask '{path}'")
        return volume

    def set_teacher(self, name: str, path: Path | str) -> None:
        """Make a file the teacher mask of a case; raises as :meth:`read_mask`."""
        self._require_writable()
        path = Path(path).absolute()
        self.read_mask(name, path)
        values = (str(path), near(path, self.folder), sha256(path), name)
        with self._change() as table:
            table.execute(
                "UPDATE cases SET teacher = ?, teacher_near = ?, teacher_sha256 = ? WHERE name = ?",
                values,
            )
            table.execute(
                'UPDATE versions SET dice = NULL WHERE "case" = ?', (name,)
            )  # that of the mask before

    def accept(
        self,
        name: str,
        labels: Array,
        *,
        author: str = "",
        seconds: float = 0.0,
        confirmed: bool = False,
        parent: str | None = None,
        model: str = "",
        teacher: Array | None = None,
    ) -> LabelVersion:
        """Keep ``labels`` (Z, Y, X) as a new version of a case's expert mask; the case becomes
        reference.

        The version's file is durable before the row that names it. ``seconds`` is the human time
        spent; ``teacher`` (Z, Y, X) saves the reading of the teacher's mask where it is at hand.

        Raises
        ------
        AlntError
            If the case is seed or audit, or the labels do not fit its grid or the project; nothing
            is changed then.
        """
        self._require_writable()
        case = self.case(name)
        if case.role in ("seed", "audit"):
            raise AlntError(
                f"Case '{name}' is a {case.role} case and frozen; corrections are for the pool and"
                " reference."
            )
        grid = read_grid(case.image)
        self._require_values(labels, f"The mask for case '{name}'")
        parent = case.label if parent is None else parent
        dice = self._teacher_dice(case, labels, teacher)
        with self._table.lock:
            number, file = self._next_file(name)
            make_folder(file.parent)
            write_labels(file, labels, grid)
            with self._change() as table:
                insert(
                    table, "versions", case=name, number=number, file=file.relative_to(self.folder).as_posix(),
                    sha256=sha256(file), author=author, seconds=float(seconds), confirmed=bool(confirmed),
                    parent=parent, model=model, created=now(), dice=None if math.isnan(dice) else dice,
                )  # fmt: skip
                table.execute('DELETE FROM drafts WHERE "case" = ?', (name,))
                table.execute("UPDATE cases SET mark = 'new' WHERE name = ?", (name,))
            self._draft_file(name).unlink(missing_ok=True)
            return self.versions(name)[-1]

    def revert(self, name: str) -> None:
        """Set the newest accepted version aside; the case returns to the version before, or to
        where it was.

        Raises
        ------
        AlntError
            If there is no accepted version.
        """
        case = self.case(name)
        if not case.version:
            raise AlntError(f"Case '{name}' has no accepted version to take back.")
        with self._change() as table:
            table.execute(
                'UPDATE versions SET set_aside = 1 WHERE "case" = ? AND number = ?', (name, case.version)
            )  # fmt: skip

    def versions(self, name: str) -> tuple[LabelVersion, ...]:
        """Every version ever accepted for a case, oldest first, with those set aside."""
        rows = self._table.rows('SELECT * FROM versions WHERE "case" = ? ORDER BY number', name)
        return tuple(_version(row, self.folder) for row in rows)

    def looked_at(self) -> dict[str, float]:
        """Of every case of the pool as it was with an accepted mask: the Dice of the teacher's mask
        with that one.

        It was taken when the mask was accepted, and is read here; where it was not, it is taken
        now, and kept if this window writes. A case whose masks cannot be read is left out.
        """
        cases = (self.case(name) for name in self.taught_pool)
        dices = {case.name: self._kept_dice(case) for case in cases if case.version}
        return {name: dice for name, dice in dices.items() if not math.isnan(dice)}

    def _kept_dice(self, case: Case) -> float:
        newest = next(
            version for version in self.versions(case.name) if version.number == case.version
        )
        if not math.isnan(newest.dice):
            return newest.dice
        dice = math.nan
        with suppress(AlntError):
            expert = self.expert(case)
            dice = math.nan if expert is None else self._teacher_dice(case, expert.voxels)
        if self.writable and not math.isnan(dice):
            with self._change() as table:
                values = (dice, case.name, case.version)
                table.execute(
                    'UPDATE versions SET dice = ? WHERE "case" = ? AND number = ?', values
                )
        return dice

    def _teacher_dice(self, case: Case, labels: Array, teacher: Array | None = None) -> float:
        """Dice of the teacher's mask with ``labels`` (Z, Y, X); nan, and no error, where there is
        none to compare.
        """
        with suppress(
            AlntError
        ):  # a human's work is kept, whatever has become of the teacher's file
            if teacher is None and (volume := self.teacher(case)) is not None:
                teacher = volume.voxels
            if teacher is not None and teacher.shape == np.shape(labels):
                dice = mask_dice(teacher, np.asarray(labels), self.settings.unknown)
                return 1.0 if math.isnan(dice) else dice  # neither marks anything: they agree
        return math.nan

    def save_draft(self, name: str, labels: Array, seconds: float = 0.0) -> None:
        """Keep unfinished work (Z, Y, X) on a case; it replaces the draft before.

        Raises
        ------
        AlntError
            If the labels do not fit, or cannot be written; the draft before is kept then.
        """
        self._require_writable()
        case, file = self.case(name), self._draft_file(name)
        make_folder(file.parent)
        write_labels(file, labels, read_grid(case.image))
        with self._change() as table:
            put(table, "drafts", case=name, seconds=float(seconds), created=now())
            table.execute(
                "UPDATE cases SET mark = 'new' WHERE name = ? AND mark = 'skipped'", (name,)
            )

    def load_draft(self, name: str) -> Array | None:
        """The unfinished work (Z, Y, X) on a case, or None."""
        file = self._draft_file(name)
        if not self._table.rows('SELECT 1 FROM drafts WHERE "case" = ?', name) or not file.exists():
            return None
        return read_labels(file, like=read_grid(self.case(name).image)).voxels

    def draft_seconds(self, name: str) -> float:
        """Time spent on a case's draft, in seconds; 0 if there is none."""
        rows = self._table.rows('SELECT seconds FROM drafts WHERE "case" = ?', name)
        return float(rows[0][0]) if rows else 0.0

    def drop_draft(self, name: str) -> None:
        """Throw the unfinished work on a case away."""
        with self._change() as table:
            table.execute('DELETE FROM drafts WHERE "case" = ?', (name,))
        self._draft_file(name).unlink(missing_ok=True)

    def _require_role(self, name: str, role: Role, verb: str) -> None:
        if (case := self.case(name)).role != role:
            raise AlntError(
                f"Case '{name}' is a {case.role} case; only {role} cases can be {verb}."
            )

    def _require_values(self, labels: Array, what: str) -> None:
        labels = np.asarray(labels)
        if labels.dtype.kind not in "iub":
            raise AlntError(f"{what} holds {labels.dtype} values; labels must be whole numbers.")
        allowed = {0, self.settings.unknown, *self.labels}
        strange = [value for value in label_values(labels) if value not in allowed]
        if strange:
            raise AlntError(
                f"{what} holds the label {strange[0]}, which is none of the project's"
                f" ({', '.join(map(str, self.labels))}); paint with those."
            )

    def _draft_file(self, name: str) -> Path:
        return self.folder / "labels" / name / "draft.nii.gz"

    def _next_file(self, name: str) -> tuple[int, Path]:
        """The next version's number and file; a file left by a crash before its row is never
        written over.
        """
        folder = self.folder / "labels" / name
        known = self.versions(name)
        number = after(folder, known[-1].number if known else 0)
        return number, folder / f"{number:04d}.nii.gz"


def mask_dice(one: Array, other: Array, unknown: int | None = None) -> float:
    """Dice of two masks (Z, Y, X): the mean of ``2 |A ∩ B| / (|A| + |B|)`` over the labels present
    in either.

    Voxels that are ``unknown`` in either are left out; nan where no label is left.
    """
    marked = (one != 0) | (other != 0)  # nearly all of a CT is background and says nothing here
    if unknown is not None:
        marked &= (one != unknown) & (other != unknown)
    one, other = one[marked], other[marked]
    size = 1 + max(int(one.max(initial=0)), int(other.max(initial=0)))
    left, right, both = (
        np.bincount(part, minlength=size)[1:] for part in (one, other, one[one == other])
    )
    present = left + right > 0
    return (
        float(np.mean(2 * both[present] / (left + right)[present])) if present.any() else math.nan
    )


def _version(row: Any, folder: Path) -> LabelVersion:
    plain = record(LabelVersion, row)
    return dataclasses.replace(
        plain,
        file=folder / plain.file,
        confirmed=bool(plain.confirmed),
        set_aside=bool(plain.set_aside),
    )
