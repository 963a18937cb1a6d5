"""Cases in the folders of nnU-Net, with the labels of its ``dataset.json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_alnt.data.case import CaseFiles
from napari_alnt.data.intake.notices import Notice
from napari_alnt.data.intake.patterns import MaskRule, find_images
from napari_alnt.data.intake.sources import (
    Source,
    left_out,
    load_json,
    missing_teacher,
    patient_of,
    require_different,
)
from napari_alnt.errors import AlntError


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
        return self._found()[0]

    def notices(self) -> tuple[Notice, ...]:
        """Masks without an image, and cases without a mask where a teacher is given."""
        cases, rules = self._found()
        return (
            *(one for kind, rule in rules.items() for one in left_out(rule.unclaimed, kind)),
            *missing_teacher(cases, self.teacher),
        )

    def _found(self) -> tuple[tuple[CaseFiles, ...], dict[str, MaskRule]]:
        folder = Path(self.folder).expanduser()
        found = find_images(str(folder / "imagesTr"))
        images = {image: _without_channel(image, name) for image, name in found.items()}
        require_different(images.items(), "rename one")
        rules = {}
        if (folder / "labelsTr").is_dir():
            rules["expert"] = MaskRule(str(folder / "labelsTr"), images.values())
        if self.teacher:
            rules["teacher"] = MaskRule(self.teacher, images.values())
        cases = tuple(
            CaseFiles(
                name,
                image,
                **{kind: rule.mask(name, image) for kind, rule in rules.items()},
                patient=patient_of(self.patient, name),
            )
            for image, name in images.items()
        )
        return cases, rules

    def labels(self) -> dict[int, str]:
        """The labels in ``dataset.json``, without background and ignore label; {} without one."""
        ignored = self.ignore_label()
        named = _names(self._labels(), self._path)
        return {value: name for value, name in named.items() if value not in (0, ignored)}

    def ignore_label(self) -> int | None:
        """The ignore label of ``dataset.json``."""
        for key, value in self._labels().items():
            if key.lower() == "ignore":
                return _whole(value, self._path)
            if str(value).lower() == "ignore" and _is_number(key):
                return int(key)
        return None

    @property
    def _path(self) -> Path:
        return Path(self.folder).expanduser() / "dataset.json"

    def _labels(self) -> dict[str, Any]:
        if not self._path.exists():
            return {}
        content = load_json(self._path)
        labels = content.get("labels", {}) if isinstance(content, dict) else None
        # some write the names alone, in the order of their values
        if isinstance(labels, list) and all(isinstance(name, str) for name in labels):
            labels = {str(value): name for value, name in enumerate(labels)}
        if not isinstance(labels, dict):
            raise AlntError(
                f"'{self._path}' has no labels by name; write them as {{\"background\": 0,"
                ' "liver": 1}, or name them with --labels.'
            )
        return labels


def _without_channel(image: Path, name: str) -> str:
    name, _, channel = name.rpartition("_")
    if channel != "0000" or not name:
        raise AlntError(
            f"'{image}' is not the first channel of a case (X_0000); napari-alnt takes data sets of"
            " one channel."
        )
    return name


def _names(labels: Mapping[str, Any], path: Path) -> dict[int, str]:
    """Names of label values; of a region, which has several, its smallest part keeps the name."""
    regions: list[tuple[list[int], str]] = []
    for key, value in labels.items():
        # version 1 has {"1": "liver"}, version 2 {"liver": 1} and lists for regions
        if _is_number(key) and isinstance(value, str):
            regions.append(([int(key)], value))
        elif isinstance(value, list):
            regions.append(([_whole(one, path) for one in value], key))
        else:
            regions.append(([_whole(value, path)], key))
    named: dict[int, str] = {}
    for values, name in sorted(regions, key=lambda region: len(region[0])):
        for value in values:
            named.setdefault(value, name)
    times = Counter(named.values())
    return {
        value: name if times[name] == 1 else f"{name} {value}"
        for value, name in sorted(named.items())
    }


def _whole(value: Any, path: Path) -> int:
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if _is_number(whole):
        return int(whole)
    raise AlntError(
        f"'{path}' gives a label the value {str(value)[:40]!r}; write a whole number from 0 up, or"
        " name the labels with --labels."
    )


def _is_number(value: Any) -> bool:
    """Whether a value, or its text, is a whole number that a label may have."""
    text = str(value).strip()
    return text.isascii() and text.isdecimal() and len(text) <= 10
