"""What became of a case's mask: its versions compared, and an earlier one taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data.atomic import sha256
from napari_alnt.data.images.on_disk import Array
from napari_alnt.data.images.volume import read_labels
from napari_alnt.data.label_store import LabelVersion, mask_dice
from napari_alnt.errors import AlntError, ChangedFile

if TYPE_CHECKING:
    from napari_alnt.data.project import Project


@dataclass(frozen=True)
class Comparison:
    """Two masks of one case.

    Attributes
    ----------
    one, other : what was compared, as the user named it
    dice : :func:`~napari_alnt.data.mask_dice` of the two
    changed_ml : volume (ml) of the voxels whose labels differ
    added_ml, removed_ml : volume (ml) of those that are a structure in the other or the one alone
    """

    one: str
    other: str
    dice: float
    changed_ml: float
    added_ml: float
    removed_ml: float


def find_version(project: Project, case: str, number: int) -> LabelVersion:
    """One version of a case, also one that was reverted.

    Raises
    ------
    AlntError
        If there is none of that number.
    """
    versions = project.labels.versions(case)
    for version in versions:
        if version.number == number:
            return version
    known = ", ".join(str(version.number) for version in versions) or "none"
    raise AlntError(f"Case '{case}' has no version {number}; it has {known}.")


def read_version(project: Project, case: str, number: int) -> Array:
    """The labels (Z, Y, X) of a version, as they were accepted.

    Raises
    ------
    ChangedFile
        If its file is not what was saved.
    AlntError
        If there is no such version, or its file is lost.
    """
    version = find_version(project, case, number)
    if sha256(version.file) != version.sha256:
        raise ChangedFile(
            f"Version {number} of case '{case}' is not what was accepted ('{version.file.name}' has"
            " changed); put it back from a backup."
        )
    return read_labels(version.file, like=project.grid(project.case(case))).voxels


def compare(project: Project, case: str, one: str, other: str) -> Comparison:
    """Compare two masks of a case: numbers of versions, or "teacher".

    Raises
    ------
    AlntError
        If there is no such mask, or it cannot be read.
    """
    before, after = (_mask(project, case, name) for name in (one, other))
    voxel = float(np.prod(project.case(case).spacing)) / 1000
    return Comparison(
        one,
        other,
        mask_dice(before, after, project.settings.ignore_label),
        changed_ml=voxel * int(np.count_nonzero(before != after)),
        added_ml=voxel * int(np.count_nonzero((before == 0) & (after != 0))),
        removed_ml=voxel * int(np.count_nonzero((before != 0) & (after == 0))),
    )


def take_up(project: Project, case: str, number: int, author: str = "") -> LabelVersion:
    """Accept an earlier version again, as a new one; nothing is lost of those between.

    Raises
    ------
    AlntError
        As :func:`read_version` and :meth:`~napari_alnt.data.LabelStore.accept`.
    """
    labels = read_version(project, case, number)
    source = f"version {number}"
    return project.labels.accept(case, labels, author=author, parent=f"{number:04d}", source=source)


def _mask(project: Project, case: str, name: str) -> Array:
    if name == "teacher":
        teacher = project.teacher(project.case(case))
        if teacher is None:
            raise AlntError(f"Case '{case}' has no teacher mask; compare two versions.")
        return teacher.voxels
    if not name.isdecimal():
        raise AlntError(
            f"'{name}' is no mask of case '{case}'; give a version's number or teacher."
        )
    return read_version(project, case, int(name))
