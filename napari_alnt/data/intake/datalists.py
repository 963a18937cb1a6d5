"""Cases in the data lists of MONAI."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_alnt.data.case import CaseFiles
from napari_alnt.data.intake.patterns import normal, stem
from napari_alnt.data.intake.sources import Source, load_json, patient_of, require_different
from napari_alnt.errors import AlntError

PARTS = ("training", "validation", "test", "testing")
"""Lists of cases, which are read alike: what has no label is the pool."""
KINDS = {"image": "image", "label": "expert", "seg": "expert", "teacher": "teacher"} | {
    "pseudo_label": "teacher"
}
"""What the keys of an entry are called here."""


@dataclass(frozen=True)
class Datalist(Source):
    """A MONAI data list, whose paths are relative to it.

    "label" is the expert mask, "teacher" or "pseudo_label" the teacher's; "training", "validation"
    and "test" are read alike, as is a list without them. ``patient`` is as in :class:`Patterns`.
    """

    path: Path | str
    patient: str | None = None

    def cases(self) -> tuple[CaseFiles, ...]:
        """The cases of the list; an image that stands in two folds is one case.

        Raises
        ------
        AlntError
            If the list is not readable, is empty, or names a file that does not exist.
        """
        path = Path(self.path).expanduser()
        entries: dict[Path, dict[str, Any]] = {}
        for item in _items(path):
            files = _files(path, item)
            known = entries.setdefault(files["image"], {})
            for key, value in files.items():
                if known.setdefault(key, value) != value:
                    raise AlntError(
                        f"The data list '{path}' names two files for the {key} of"
                        f" '{files['image']}'; leave one out."
                    )
        names = _names(list(entries))
        require_different(names.items(), "rename one, or put each into a folder of its own")
        return tuple(
            CaseFiles(
                names[image],
                image,
                files.get("teacher"),
                files.get("expert"),
                files.get("patient") or patient_of(self.patient, names[image]),
            )
            for image, files in entries.items()
        )


def _items(path: Path) -> Iterator[Any]:
    """The entries of all lists in a data list."""
    content = load_json(path)
    parts = {"": content} if isinstance(content, list) else content
    if not isinstance(parts, dict):
        raise AlntError(
            f"The data list '{path}' holds neither lists of cases nor one; check that it is one."
        )
    found = [(key, parts[key]) for key in (*PARTS, "") if parts.get(key) is not None]
    for key, items in found:
        if not isinstance(items, list):
            raise AlntError(
                f"The data list '{path}' has no list under '{key}'; write the cases as a list."
            )
    if not any(items for _, items in found):
        raise AlntError(
            f"The data list '{path}' has no cases under 'training' or 'validation'; check that it"
            " is one."
        )
    for _, items in found:
        yield from items


def _files(path: Path, item: Any) -> dict[str, Any]:
    """The files of an entry by their kinds, and its patient where it has one."""
    item = {"image": item} if isinstance(item, str) else item
    values = item if isinstance(item, dict) else {}
    files: dict[str, Any] = {}
    for key, kind in KINDS.items():
        value = values.get(key)
        # MONAI takes a list of channels; one is a file
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise AlntError(
                f"The data list '{path}' has an entry whose '{key}' is not one file:"
                f" {json.dumps(item)[:80]}; write its path."
            )
        files.setdefault(kind, _existing(path, value))
    if "image" not in files:
        raise AlntError(
            f"The data list '{path}' has an entry without one 'image': {json.dumps(item)[:80]};"
            " write its path."
        )
    if (patient := values.get("patient")) not in (None, ""):
        files["patient"] = str(patient)
    return files


def _existing(path: Path, name: str) -> Path:
    folder = path.absolute().parent
    file = folder / name
    # a list that was written on Windows
    # of os.path, as a name may be longer than any file's
    if not os.path.exists(file) and "\\" in name:
        file = folder / name.replace("\\", "/")
    if not os.path.exists(file):
        raise AlntError(
            f"The data list '{path}' names '{file}', which does not exist; correct the list."
        )
    return file


def _names(images: list[Path]) -> dict[Path, str]:
    """The names of the images; where all are called alike, those of their folders."""
    names = {image: stem(image) for image in images}
    if len(images) > 1 and len({name.lower() for name in names.values()}) == 1:
        return {image: normal(image.parent.name) for image in images}
    return names
