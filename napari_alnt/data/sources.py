"""Where cases come from: file patterns, nnU-Net raw folders, MONAI data lists."""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_alnt.data.case import CaseFiles
from napari_alnt.errors import AlntError

SUFFIXES = (".nii.gz", ".nii", ".hdr", ".img", ".mgz", ".mgh")


def from_patterns(
    images: str, expert: str | None = None, teacher: str | None = None, patient: str | None = None
) -> tuple[CaseFiles, ...]:
    """Cases from file patterns.

    ``images`` is a folder or a pattern such as ``ct/*.nii.gz``. ``expert`` and ``teacher`` are
    paths in which ``{case}`` stands for the image's name without its suffix, or folders of masks
    with the images' names. ``patient`` is a regular expression; its first group, or all that it
    matches, is the patient.

    Raises
    ------
    AlntError
        If a pattern finds nothing, a case has no mask although a teacher rule is given, or two
        cases share a name.
    """
    found = _find(images)
    cases = []
    for image in found:
        name = _stem(image)
        masks = (_mask(expert, name, image), _mask(teacher, name, image))
        cases.append(
            CaseFiles(
                name, image, teacher=masks[1], expert=masks[0], patient=_patient(patient, name)
            )
        )
    for rule, kind in ((expert, "expert"), (teacher, "teacher")):
        if rule and not any(getattr(case, kind) for case in cases):
            raise AlntError(
                f"The {kind} masks '{rule}' were found for none of the {len(cases)} images; mend"
                " the pattern."
            )
    for case in cases:
        if teacher and not (case.teacher or case.expert):
            raise AlntError(
                f"Case '{case.name}' has neither a teacher mask ('{teacher}') nor an expert mask;"
                " add one, or leave its"
                " image out."
            )
    return _unique(cases)


def from_nnunet(
    folder: Path | str, teacher: str | None = None, patient: str | None = None
) -> tuple[CaseFiles, ...]:
    """Cases from an nnU-Net raw folder: ``imagesTr/X_0000.nii.gz`` with expert masks
    ``labelsTr/X.nii.gz``.

    Images without a mask become the pool; ``teacher`` is as in :func:`from_patterns`.

    Raises
    ------
    AlntError
        As :func:`from_patterns`, or if there are images of a second channel.
    """
    folder = Path(folder)
    cases = []
    for image in _find(str(folder / "imagesTr")):
        name, _, channel = _stem(image).rpartition("_")
        if channel != "0000" or not name:
            raise AlntError(
                f"'{image}' is not the first channel of a case (X_0000); napari-alnt takes data"
                " sets of one channel."
            )
        expert = _mask(str(folder / "labelsTr"), name, image)
        files = CaseFiles(name, image, _mask(teacher, name, image), expert, _patient(patient, name))
        cases.append(files)
    return _unique(cases)


def nnunet_labels(folder: Path | str) -> dict[int, str]:
    """The label names of an nnU-Net folder's ``dataset.json``, without background and ignore; {} if
    there is none.
    """
    path = Path(folder) / "dataset.json"
    if not path.exists():
        return {}
    pairs = _read_json(path).get("labels", {}).items()
    # version 1 has {"1": "liver"}, version 2 {"liver": 1}
    named = {
        int(key) if str(key).isdigit() else value: value if str(key).isdigit() else key
        for key, value in pairs
    }
    return {
        value: str(name)
        for value, name in named.items()
        if isinstance(value, int) and value > 0 and str(name).lower() != "ignore"
    }


def from_datalist(path: Path | str, patient: str | None = None) -> tuple[CaseFiles, ...]:
    """Cases from a MONAI data list, whose paths are relative to it.

    "label" is the expert mask, "teacher" or "pseudo_label" the teacher's; "training" and
    "validation" are read alike.

    Raises
    ------
    AlntError
        If the list is not readable, is empty, or names a file that does not exist.
    """
    path = Path(path)
    content = _read_json(path)
    items = [*content.get("training", []), *content.get("validation", [])]
    if not items:
        raise AlntError(
            f"The data list '{path}' has no cases under 'training' or 'validation'; check that it"
            " is one."
        )
    return _unique([_listed(path, item, patient) for item in items])


def _listed(path: Path, item: Any, patient: str | None) -> CaseFiles:
    item = {"image": item} if isinstance(item, str) else item
    if not isinstance(item, dict) or not isinstance(item.get("image"), str):
        raise AlntError(
            f"The data list '{path}' has an entry without one 'image': {json.dumps(item)[:80]}."
        )

    def existing(*keys: str) -> Path | None:
        for value in (item[key] for key in keys if item.get(key)):
            found: Path = path.parent / str(value)
            if not found.exists():
                raise AlntError(
                    f"The data list '{path}' names '{value}', which does not exist; mend the list."
                )
            return found
        return None

    image = existing("image")
    assert image is not None
    name = _stem(image)
    known = str(item.get("patient", "")) or _patient(patient, name)
    return CaseFiles(name, image, existing("teacher", "pseudo_label"), existing("label"), known)


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
    names = sorted(glob.glob(pattern, recursive=True))
    found = [Path(name).absolute() for name in names if name.lower().endswith(SUFFIXES)]
    # a .hdr and its .img are one image
    found = [
        path for path in found if path.suffix != ".img" or not path.with_suffix(".hdr").exists()
    ]
    if not found:
        raise AlntError(
            f"No images were found by '{images}' from '{Path.cwd()}'; check the pattern."
        )
    return found


def _stem(path: Path) -> str:
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.stem


def _mask(rule: str | None, name: str, image: Path) -> Path | None:
    """The mask of a case by its rule, if it exists."""
    if rule is None:
        return None
    if "{case}" not in rule:
        if not Path(rule).is_dir():
            raise AlntError(
                f"'{rule}' is neither a folder of masks nor a rule with {{case}} in it; write one"
                " of the two."
            )
        found = [path for path in sorted(Path(rule).iterdir()) if _stem(path) == name]
    else:
        found = [
            Path(path) for path in sorted(glob.glob(rule.replace("{case}", glob.escape(name))))
        ]
    found = [
        path.absolute()
        for path in found
        if path.name.lower().endswith(SUFFIXES) and path.suffix != ".img"
    ]
    if len(found) > 1:
        raise AlntError(
            f"Case '{name}' has {len(found)} masks by '{rule}' ({found[0].name}, …); make the rule"
            " stricter."
        )
    if found and found[0] == image:
        raise AlntError(
            f"The rule '{rule}' takes the image '{image}' for its own mask; mend the rule."
        )
    return found[0] if found else None


def _patient(rule: str | None, name: str) -> str:
    if rule is None:
        return ""
    try:
        match = re.search(rule, name)
    except re.error as error:
        raise AlntError(
            f"The patient rule '{rule}' is no regular expression ({error}); mend it."
        ) from error
    if match is None:
        raise AlntError(
            f"The patient rule '{rule}' finds nothing in the case name '{name}'; mend the rule."
        )
    return match.group(1) if match.groups() else match.group(0)


def _unique(cases: Sequence[CaseFiles]) -> tuple[CaseFiles, ...]:
    seen: dict[str, CaseFiles] = {}
    for case in cases:
        if other := seen.get(case.name.lower()):
            raise AlntError(
                f"Two images have the name '{case.name}' ('{other.image}', '{case.image}'); rename"
                " one."
            )
        seen[case.name.lower()] = case
    return tuple(cases)
