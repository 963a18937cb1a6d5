"""Slices of a case that a human has corrected, and the mask that holds them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from napari_alnt.data.atomic import sha256
from napari_alnt.data.case import Case
from napari_alnt.data.images.on_disk import Array
from napari_alnt.errors import AlntError

if TYPE_CHECKING:
    from napari_alnt.data.project import Project

PLANES = ("axial", "coronal", "sagittal")
"""The planes of the slices along the axes z, y and x."""


def check_slices(case: Case, axis: int, slices: Collection[int]) -> tuple[int, ...]:
    """The numbers of a case's corrected slices, sorted, each once.

    Parameters
    ----------
    case : the case
    axis : 0, 1 or 2 for slices along z, y or x of the turned volume
    slices : their numbers, from 0 up

    Raises
    ------
    AlntError
        If there is no such axis or slice, if none is corrected, or if no other is left.
    """
    if axis not in range(3):
        raise AlntError(f"There is no axis {axis} in case '{case.name}'; use 0, 1 or 2.")
    count = case.shape[axis]
    numbers = tuple(sorted(set(slices)))
    if not numbers:
        raise AlntError(
            f"No slice of case '{case.name}' is corrected yet; correct one or more, then propagate."
        )
    foreign = [number for number in numbers if number not in range(count)]
    if foreign:
        raise AlntError(
            f"Case '{case.name}' has no {PLANES[axis]} slice {foreign[0]}; its {count} slices are"
            f" numbered from 0 to {count - 1}."
        )
    if len(numbers) == count:
        raise AlntError(
            f"All {count} {PLANES[axis]} slices of case '{case.name}' are corrected, so no other is"
            " left to propagate to."
        )
    return numbers


def present_mask(project: Project, case: Case) -> tuple[Array, str]:
    """The labels ``(Z, Y, X)`` that a case has now, and their file's hash: the draft, else the
    expert's mask, else the teacher's.

    Raises
    ------
    AlntError
        If the case has none, or its file is lost or damaged.
    """
    while project.drafts.file(case.name) is not None:
        draft = present_sha256(project, case)
        try:
            labels = project.drafts.load(case.name)
        except AlntError:
            # the window may have saved a newer one meanwhile, which replaces the file
            if present_sha256(project, case) == draft:
                raise
        else:
            if labels is not None:
                return labels, draft
    volume = project.expert(case) or project.teacher(case)
    if volume is None:
        raise AlntError(
            f"Case '{case.name}' has no mask with corrected slices; correct one or more, then"
            " propagate."
        )
    return volume.voxels, case.label_sha256


def present_sha256(project: Project, case: Case) -> str:
    """Hash of the file of :func:`present_mask`; "" if the case has none."""
    file = project.drafts.file(case.name)
    if file is None:
        return case.label_sha256
    # earlier versions recorded none
    return project.drafts.sha256(case.name) or sha256(file)
