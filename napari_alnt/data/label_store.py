"""A human's accepted masks, in versions that are written once, and which file is the teacher's."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from napari_alnt.data.atomic import delete, make_folder, sha256
from napari_alnt.data.case import Case
from napari_alnt.data.draft_store import DraftStore
from napari_alnt.data.fingerprint import file_hash, file_stat
from napari_alnt.data.images.on_disk import Array
from napari_alnt.data.images.volume import Volume, label_values, read_labels, write_labels
from napari_alnt.data.intake.mask_checks import require_structure
from napari_alnt.data.paths import inside
from napari_alnt.data.store import ProjectStore, next_number, now, relative_path
from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.table import insert, record
from napari_alnt.errors import AlntError


@dataclass(frozen=True)
class LabelVersion:
    """One accepted expert mask.

    Attributes
    ----------
    case : name of the case
    number : from 1 up for each case; numbers of reverted versions are not used again
    file : the mask's file, which is written once and never changed
    sha256 : of the file
    author : who accepted it
    seconds : human time spent
    confirmed : whether the mask was accepted as it was
    parent : :attr:`Case.label_version` of the label it was made from
    model : the student that helped
    created : when, in UTC
    reverted : whether it has been taken back since
    source : what it was drawn on: "teacher", "student", "expert", "file" or a version's number
    scores : of the case in the queue at that moment, by name
    dice : :func:`mask_dice` of the teacher's mask with this one, nan where not compared
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
    reverted: bool
    dice: float = math.nan
    source: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)


class LabelStore:
    """The masks of a project: accepted versions, and which file is the teacher's."""

    def __init__(self, project: ProjectStore, drafts: DraftStore) -> None:
        self._project = project
        self._drafts = drafts

    def read_mask(self, name: str, path: Path | str) -> Volume:
        """A mask from any file for a case of this project, (Z, Y, X).

        Raises
        ------
        AlntError
            If the mask does not fit the image or holds values that are none of the project's.
        """
        grid = self._project.grid(self._project.case(name))
        volume = read_labels(path, like=grid, ignore_label=self._project.settings.ignore_label)
        _require_values(volume.voxels, self._project, f"The mask '{path}'")
        return volume

    def set_teacher(self, name: str, path: Path | str) -> None:
        """Make a file the teacher mask of a case; raises as :meth:`read_mask`."""
        self._project.require_writable()
        path = Path(path).absolute()
        self.read_mask(name, path)
        # before the hash, so that a change meanwhile is seen later
        stat = file_stat(path)
        relative = relative_path(path, self._project.folder)
        values = (str(path), relative, file_hash(path), stat, name)
        sql = (
            "UPDATE cases SET teacher = ?, teacher_relative = ?, teacher_sha256 = ?,"
            " teacher_stat = ? WHERE name = ?"
        )
        with self._project.change() as table:
            table.execute(sql, values)
            # those were of the teacher's mask before
            table.execute('UPDATE versions SET dice = NULL WHERE "case" = ?', (name,))

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
        source: str = "",
        scores: Mapping[str, float] | None = None,
        teacher: Array | None = None,
    ) -> LabelVersion:
        """Save a new version of a case's expert mask; a case of the pool becomes reference.

        Parameters
        ----------
        name : the case
        labels : label values (Z, Y, X)
        author, seconds, confirmed, model, source, scores : as in :class:`LabelVersion`
        parent : the label it was made from; None takes the case's present one
        teacher : the teacher's label values (Z, Y, X) where they have been read already

        Raises
        ------
        AlntError
            If the case is one of teacher_training or test, or the labels do not fit its grid or the
            project; nothing is changed then.
        """
        self._project.require_writable()
        case = self._project.case(name)
        if case.role in ("teacher_training", "test"):
            raise AlntError(
                f"The mask of case '{name}' is fixed, as its role is {case.role}; correct cases of"
                " the pool or reference cases."
            )
        _require_values(labels, self._project, f"The mask for case '{name}'")
        # where the image is out of reach, the project's own grid does
        if case.image.exists():
            self._project.require_unchanged(case, "image")
        grid = self._project.grid(case)
        parent = case.label_version if parent is None else parent
        dice = self._teacher_dice(case, labels, teacher)
        # no other thread may take the same number
        with self._project.table.lock:
            number, file = self._next_file(case)
            # the file is durable before the row that names it
            make_folder(file.parent)
            write_labels(file, labels, grid)
            version = LabelVersion(
                name, number, file, sha256(file), author, float(seconds), bool(confirmed), parent,
                model, now(), reverted=False, dice=dice, source=source, scores=dict(scores or {}),
            )  # fmt: skip
            draft = self._drafts.file(name)
            self._add(version)
        if draft is not None:
            delete(draft)
        self._drafts.note(name, Kind.ACCEPTED)
        return version

    def _add(self, version: LabelVersion) -> None:
        place = version.file.relative_to(self._project.folder).as_posix()
        with self._project.change() as table:
            insert(table, "versions", version, file=place, stat=file_stat(version.file))
            table.execute('DELETE FROM drafts WHERE "case" = ?', (version.case,))
            table.execute("UPDATE cases SET mark = 'new' WHERE name = ?", (version.case,))

    def revert(self, name: str) -> None:
        """Revert the newest accepted version; the case is as it was before it.

        Raises
        ------
        AlntError
            If there is no accepted version.
        """
        case = self._project.case(name)
        if not case.version:
            raise AlntError(f"Case '{name}' has no accepted version to revert.")
        sql = 'UPDATE versions SET reverted = 1 WHERE "case" = ? AND number = ?'
        with self._project.change() as table:
            table.execute(sql, (name, case.version))
        self._drafts.note(name, Kind.REVERTED)

    def versions(self, name: str) -> tuple[LabelVersion, ...]:
        """Every version ever accepted for a case, oldest first, also the reverted ones."""
        rows = self._project.table.rows(
            'SELECT * FROM versions WHERE "case" = ? ORDER BY number', name
        )
        return tuple(_version(row, self._project.folder) for row in rows)

    def reviewed_dice(self) -> dict[str, float]:
        """Dice of the teacher's mask with the accepted one, for every case that came from the pool.

        Where it was not computed when the mask was accepted, it is computed now, and saved if this
        process writes. A case whose masks cannot be read is left out.
        """
        cases = (self._project.case(name) for name in self._project.pool_with_teacher)
        dices = {case.name: self._saved_dice(case) for case in cases if case.version}
        return {name: dice for name, dice in dices.items() if not math.isnan(dice)}

    def _saved_dice(self, case: Case) -> float:
        (saved,) = (one.dice for one in self.versions(case.name) if one.number == case.version)
        if not math.isnan(saved):
            return saved
        dice = math.nan
        with suppress(AlntError):
            expert = self._project.expert(case)
            dice = math.nan if expert is None else self._teacher_dice(case, expert.voxels)
        if self._project.writable and not math.isnan(dice):
            sql = 'UPDATE versions SET dice = ? WHERE "case" = ? AND number = ?'
            with self._project.change() as table:
                table.execute(sql, (dice, case.name, case.version))
        return dice

    def _teacher_dice(self, case: Case, labels: Array, teacher: Array | None = None) -> float:
        """Dice of ``labels`` (Z, Y, X) with the teacher's mask (Z, Y, X); nan if there is none."""
        # a human's work is saved, whatever has become of the teacher's file
        with suppress(AlntError):
            if teacher is None and (volume := self._project.teacher(case)) is not None:
                teacher = volume.voxels
            if teacher is not None and teacher.shape == np.shape(labels):
                dice = mask_dice(teacher, np.asarray(labels), self._project.settings.ignore_label)
                # two masks that mark nothing agree
                return 1.0 if math.isnan(dice) else dice
        return math.nan

    def _next_file(self, case: Case) -> tuple[int, Path]:
        """The next version's number and file."""
        folder = self._project.label_folder(case)
        known = self.versions(case.name)
        # a crash between file and row leaves a file, which is never written over
        number = next_number(folder, known[-1].number if known else 0)
        return number, folder / f"{number:04d}.nii.gz"


def mask_dice(one: Array, other: Array, ignore_label: int | None = None) -> float:
    """Dice of two masks, the mean of ``2 |A ∩ B| / (|A| + |B|)`` over the labels in either.

    Parameters
    ----------
    one, other : integer label values of one shape, (Z, Y, X); 0 is background
    ignore_label : voxels that have it in either mask are left out

    Returns
    -------
    0…1, or nan where neither mask has a label

    Notes
    -----
    Dice, Ecology 1945. It compares whole masks in the project's label values; the Dice of class
    indices on the training grid is ``core.metrics.dice``.
    """
    # nearly all of a CT is background in both masks and takes no part
    marked = (one != 0) | (other != 0)
    if ignore_label is not None:
        marked &= (one != ignore_label) & (other != ignore_label)
    one = one[marked]
    other = other[marked]
    largest = max(int(one.max(initial=0)), int(other.max(initial=0)))
    if largest >= 2**16:
        # counting takes memory by the value, so large ones are numbered first; 0 stays 0
        values = np.union1d(np.union1d(one, other), 0)
        one, other = np.searchsorted(values, one), np.searchsorted(values, other)
        largest = len(values) - 1
    both = np.bincount(one[one == other], minlength=largest + 1)[1:]
    total = np.bincount(one, minlength=largest + 1)[1:]
    total = total + np.bincount(other, minlength=largest + 1)[1:]
    present = total > 0
    return float(np.mean(2 * both[present] / total[present])) if present.any() else math.nan


def _require_values(labels: Array, project: ProjectStore, what: str) -> None:
    labels = np.asarray(labels)
    # a mask of floats is refused even if they are whole: it may have been resampled
    if labels.dtype.kind not in "iub":
        raise AlntError(f"{what} holds {labels.dtype} values; labels must be whole numbers.")
    known = project.label_names
    strange = set(label_values(labels)) - {0, project.settings.ignore_label, *known}
    if strange:
        raise AlntError(
            f"{what} holds the label {min(strange)}, which is none of the project's"
            f" ({', '.join(map(str, known))}); paint with those."
        )
    require_structure(labels, project.settings.ignore_label, what)


def _version(row: Any, folder: Path) -> LabelVersion:
    plain = record(LabelVersion, row)
    return dataclasses.replace(
        plain,
        file=inside(folder, plain.file),
        confirmed=bool(plain.confirmed),
        reverted=bool(plain.reverted),
    )
