"""Where cases come from: file patterns, and what every source has in common."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from napari_alnt.data.case import CaseFiles
from napari_alnt.data.intake.notices import Notice, named
from napari_alnt.data.intake.patterns import (
    CASE,
    MaskRule,
    Pattern,
    find_images,
    told,
    unknown_files,
)
from napari_alnt.errors import AlntError

OTHER_IMAGES = (
    ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm", ".dicom", ".ima", ".png", ".jpg", ".tif", ".tiff",
    ".zip", ".mnc", ".gipl", ".vtk", ".nii.bz2", ".nii.xz", ".nii.zip", ".npy", ".npz",
)  # fmt: skip
"""Endings of images that are passed over, which is worth saying; of a text file it is not."""


class Source(Protocol):
    """A way to find the cases of a new project."""

    def cases(self) -> tuple[CaseFiles, ...]:
        """Every case with its files; raises an ``AlntError`` that says what was not found."""

    def notices(self) -> tuple[Notice, ...]:
        """What was found and left out, and what is missing; raises as :meth:`cases`."""
        return ()

    def labels(self) -> dict[int, str]:
        """Names of the label values, without the background; empty where they are not known."""
        return {}

    def ignore_label(self) -> int | None:
        """The value of voxels that nobody has labelled; None where it is not known."""
        return None


@dataclass(frozen=True)
class Patterns(Source):
    """Images and masks by the names of their files.

    Attributes
    ----------
    images : a folder, a pattern such as ``ct/*.nii.gz``, or a path in which ``{case}`` stands for
        the name of the case, which else is the image's name without its ending
    expert, teacher : a path in which ``{case}`` stands for the name of the case, or a folder of
        masks with the cases' names
    patient : a regular expression for case names; its first group, or all of it, is the patient
    """

    images: str
    expert: str | None = None
    teacher: str | None = None
    patient: str | None = None

    def cases(self) -> tuple[CaseFiles, ...]:
        """The images with their masks.

        Raises
        ------
        AlntError
            If a pattern finds nothing, or two cases share a name.
        """
        return self._found()[0]

    def notices(self) -> tuple[Notice, ...]:
        """Masks without an image, cases without a mask, and images of no known format."""
        cases, rules = self._found()
        images = {case.image for case in cases}
        taken = images | {mask for case in cases for mask in (case.expert, case.teacher) if mask}
        notices = [
            notice
            for kind, rule in rules.items()
            for notice in left_out([mask for mask in rule.unclaimed if mask not in taken], kind)
        ]
        unknown = _unknown(Pattern(self.images).paths)
        return (*notices, *unknown, *missing_teacher(cases, self.teacher))

    def _found(self) -> tuple[tuple[CaseFiles, ...], dict[str, MaskRule]]:
        images = find_images(self.images)
        cure = f"write {CASE} for what differs, such as 'ct/{CASE}/image.nii.gz', or rename one"
        require_different(images.items(), cure)
        rules = {
            kind: MaskRule(rule, images.values())
            for kind, rule in (("expert", self.expert), ("teacher", self.teacher))
            if rule is not None
        }
        cases = tuple(
            CaseFiles(
                name,
                image,
                **{kind: rule.mask(name, image) for kind, rule in rules.items()},
                patient=patient_of(self.patient, name),
            )
            for image, name in images.items()
        )
        for kind, rule in rules.items():
            if not any(getattr(case, kind) for case in cases):
                raise AlntError(
                    f"The {kind} masks '{rule.rule}' were found for none of the {len(cases)}"
                    f" images{told(rule.unknown)}, of which the first is case '{cases[0].name}';"
                    f" correct the pattern, or write {CASE} into that of the images, too."
                )
        return cases, rules


def missing_teacher(cases: Sequence[CaseFiles], rule: str | None) -> list[Notice]:
    """A notice of the cases that have no mask, though the teacher's are said to be there."""
    lacking = tuple(case.name for case in cases if not (case.teacher or case.expert))
    if rule is None or not lacking:
        return []
    text = f"there is neither a teacher mask ('{rule}') nor an expert mask"
    return [Notice(lacking, text, "make it, or leave the image out")]


def left_out(masks: Sequence[Path], kind: str) -> list[Notice]:
    """A notice of masks that belong to no image, as it is misnamed or missing."""
    if not masks:
        return []
    count = f"1 {kind} mask belongs" if len(masks) == 1 else f"{len(masks)} {kind} masks belong"
    text = f"{count} to no image ({named([mask.name for mask in masks])})"
    return [Notice((), text, "give them the names of their cases if they are meant")]


def _unknown(paths: Iterable[Path]) -> list[Notice]:
    """A notice of images that no format here can read."""
    others = [
        path.name for path in unknown_files(paths) if path.name.lower().endswith(OTHER_IMAGES)
    ]
    if not others:
        return []
    files = "1 file is" if len(others) == 1 else f"{len(others)} files are"
    text = f"{files} of no known format and left out ({named(others)})"
    return [Notice((), text, "export NIfTI if they are meant")]


# what the sources have in common ------------------------------------------------------------------


def require_different(images: Iterable[tuple[Path, str]], cure: str) -> None:
    """Refuse images of which two have one name; the case of letters does not tell apart.

    Raises
    ------
    AlntError
        That names both files, as one name in two folders is hard to find.
    """
    seen: dict[str, Path] = {}
    for image, name in images:
        if other := seen.get(name.lower()):
            raise AlntError(f"Two images have the name '{name}' ('{other}', '{image}'); {cure}.")
        seen[name.lower()] = image


def patient_of(rule: str | None, name: str) -> str:
    """The patient by a regular expression for case names; "" without one.

    Raises
    ------
    AlntError
        If it is no regular expression, or finds nothing.
    """
    if rule is None:
        return ""
    try:
        match = re.search(rule, name)
    except re.error as error:
        raise AlntError(
            f"The patient rule '{rule}' is no regular expression ({error}); correct it."
        ) from error
    if match is None:
        raise AlntError(
            f"The patient rule '{rule}' finds nothing in the case name '{name}'; correct the rule."
        )
    return (match.group(1) if match.groups() else match.group(0)) or ""


def load_json(path: Path) -> Any:
    """What a JSON file of somebody else holds, in UTF-8 or as Windows writes it.

    Raises
    ------
    AlntError
        If it is missing or no JSON.
    """
    try:
        content = path.read_bytes()
        # json knows UTF-16 and UTF-32 by their zeros, but not by their mark
        is_wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        return json.loads(content.decode("utf-16") if is_wide else content.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise AlntError(
            f"'{path}' cannot be read as JSON ({str(error).rstrip('.')}); check the path."
        ) from error
