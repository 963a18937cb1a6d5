"""Where cases come from: file patterns, nnU-Net raw folders, MONAI data lists."""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from napari_alnt.data.case import CaseFiles
from napari_alnt.data.formats import known_format
from napari_alnt.errors import AlntError


class Source(Protocol):
    """A way to find the cases of a new project."""

    def cases(self) -> tuple[CaseFiles, ...]:
        """Every case with its files; raises an ``AlntError`` that says what was not found."""

    def labels(self) -> dict[int, str]:
        """Names of the label values, without the background; empty where they are not known."""
        return {}


@dataclass(frozen=True)
class Patterns(Source):
    """Images and masks by the names of their files.

    Attributes
    ----------
    images : a folder, or a pattern such as ``ct/*.nii.gz``
    expert, teacher : a path in which ``{case}`` stands for the image's name without its ending, or
        a folder of masks with the images' names
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
            If a pattern finds nothing, a case has no mask although a teacher rule is given, or two
            cases share a name.
        """
        found = tuple(self._files(image) for image in _find(self.images))
        for rule, kind in ((self.expert, "expert"), (self.teacher, "teacher")):
            if rule and not any(getattr(case, kind) for case in found):
                raise AlntError(
                    f"The {kind} masks '{rule}' were found for none of the {len(found)} images;"
                    " correct the pattern."
                )
        # an image whose mask is misnamed would else be in the pool without a teacher, unnoticed
        for case in found if self.teacher else ():
            if not (case.teacher or case.expert):
                raise AlntError(
                    f"Case '{case.name}' has neither a teacher mask ('{self.teacher}') nor an"
                    " expert mask; add one, or leave its image out."
                )
        return _unique(found)

    def _files(self, image: Path) -> CaseFiles:
        name = _stem(image)
        expert = _mask(self.expert, name, image)
        teacher = _mask(self.teacher, name, image)
        return CaseFiles(name, image, teacher, expert, _patient(self.patient, name))


@dataclass(frozen=True)
class NnUNet(Source):
    """An nnU-Net raw folder: ``imagesTr/X_0000.nii.gz`` and expert masks ``labelsTr/X.nii.gz``.

    Images without a mask become the pool; ``teacher`` and ``patient`` are as in :class:`Patterns`.
    """

    folder: Path | str
    teacher: str | None = None
    patient: str | None = None

    def cases(self) -> tuple[CaseFiles, ...]:
        """The images with their masks.

        Raises
        ------
        AlntError
            As :meth:`Patterns.cases`, or if there are images of a second channel.
        """
        return _unique([self._files(image) for image in _find(str(Path(self.folder) / "imagesTr"))])

    def labels(self) -> dict[int, str]:
        """The labels in ``dataset.json``, without background and ignore label; {} without one."""
        path = Path(self.folder) / "dataset.json"
        if not path.exists():
            return {}
        named = {}
        for key, value in _read_json(path).get("labels", {}).items():
            # version 1 has {"1": "liver"}, version 2 {"liver": 1} and lists for regions
            number, name = (int(key), value) if str(key).isdigit() else (value, key)
            if isinstance(number, int) and number > 0 and str(name).lower() != "ignore":
                named[number] = str(name)
        return named

    def _files(self, image: Path) -> CaseFiles:
        name, _, channel = _stem(image).rpartition("_")
        if channel != "0000" or not name:
            raise AlntError(
                f"'{image}' is not the first channel of a case (X_0000); napari-alnt takes data"
                " sets of one channel."
            )
        expert = _mask(str(Path(self.folder) / "labelsTr"), name, image)
        teacher = _mask(self.teacher, name, image)
        return CaseFiles(name, image, teacher, expert, _patient(self.patient, name))


@dataclass(frozen=True)
class Datalist(Source):
    """A MONAI data list, whose paths are relative to it.

    "label" is the expert mask, "teacher" or "pseudo_label" the teacher's; "training" and
    "validation" are read alike. ``patient`` is as in :class:`Patterns`.
    """

    path: Path | str
    patient: str | None = None

    def cases(self) -> tuple[CaseFiles, ...]:
        """The cases of the list.

        Raises
        ------
        AlntError
            If the list is not readable, is empty, or names a file that does not exist.
        """
        path = Path(self.path)
        content = _read_json(path)
        items = [*content.get("training", []), *content.get("validation", [])]
        if not items:
            raise AlntError(
                f"The data list '{path}' has no cases under 'training' or 'validation'; check that"
                " it is one."
            )
        return _unique([_listed(path, item, self.patient) for item in items])


# all may be given for a case, but "pseudo_label" is another word for "teacher"
_FILES = ("image", "label", "teacher", "pseudo_label")


def _listed(path: Path, item: Any, patient: str | None) -> CaseFiles:
    item = {"image": item} if isinstance(item, str) else item
    if not isinstance(item, dict) or not isinstance(item.get("image"), str):
        raise AlntError(
            f"The data list '{path}' has an entry without one 'image': {json.dumps(item)[:80]}."
        )

    files = {
        key: path.parent / str(value) for key, value in item.items() if key in _FILES and value
    }
    for file in files.values():
        if not file.exists():
            raise AlntError(
                f"The data list '{path}' names '{file}', which does not exist; correct the list."
            )
    name = _stem(files["image"])
    teacher = files.get("teacher", files.get("pseudo_label"))
    known = str(item.get("patient", "")) or _patient(patient, name)
    return CaseFiles(name, files["image"], teacher, files.get("label"), known)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AlntError(
            f"'{path}' cannot be read as JSON ({str(error).rstrip('.')}); check the path."
        ) from error
    if not isinstance(content, dict):
        raise AlntError(
            f"'{path}' holds a list where an object was expected; check that it is the right file."
        )
    return content


def _find(images: str) -> list[Path]:
    pattern = str(Path(images) / "*") if Path(images).is_dir() else images
    # sorted, as cases are numbered in this order and file systems list in any
    found = [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]
    found = [path.absolute() for path in found if _is_image(path)]
    if not found:
        raise AlntError(
            f"No images were found by '{images}' from '{Path.cwd()}'; check the pattern."
        )
    return found


def _is_image(path: Path) -> bool:
    known = known_format(path)
    return known is not None and not known.is_second_file(path)


def _stem(path: Path) -> str:
    known = known_format(path)
    return known.stem(path) if known else path.stem


def _mask(rule: str | None, name: str, image: Path) -> Path | None:
    """The mask of a case by its rule, if it exists."""
    if rule is None:
        return None
    if "{case}" in rule:
        # brackets in a case's name are no pattern
        found = [Path(path) for path in glob.glob(rule.replace("{case}", glob.escape(name)))]
    elif Path(rule).is_dir():
        found = [path for path in Path(rule).iterdir() if _stem(path) == name]
    else:
        raise AlntError(
            f"'{rule}' is neither a folder of masks nor a rule with {{case}} in it; write one of"
            " the two."
        )
    found = [path.absolute() for path in sorted(found) if _is_image(path)]
    if len(found) > 1:
        raise AlntError(
            f"Case '{name}' has {len(found)} masks by '{rule}' ({found[0].name}, …); make the rule"
            " stricter."
        )
    if found and found[0] == image:
        raise AlntError(
            f"The rule '{rule}' takes the image '{image}' for its own mask; correct the rule."
        )
    return found[0] if found else None


def _patient(rule: str | None, name: str) -> str:
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
    return match.group(1) if match.groups() else match.group(0)


def _unique(cases: Sequence[CaseFiles]) -> tuple[CaseFiles, ...]:
    """The same cases, if no two would share a folder; the case of letters does not tell apart."""
    # both images are named, as one name in two folders is hard to find
    seen: dict[str, CaseFiles] = {}
    for case in cases:
        if other := seen.get(case.name.lower()):
            raise AlntError(
                f"Two images have the name '{case.name}' ('{other.image}', '{case.image}'); rename"
                " one."
            )
        seen[case.name.lower()] = case
    return tuple(cases)
