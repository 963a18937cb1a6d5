"""What a source would bring into a new project, told while it is still being looked at."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from napari_alnt.data.case import CaseFiles
from napari_alnt.data.images.on_disk import Array
from napari_alnt.data.images.volume import label_values, read_labels
from napari_alnt.data.intake.notices import named
from napari_alnt.data.intake.sources import Source
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings

SHOWN = 6
"""Ranges of label values that are named in a sentence."""


@dataclass(frozen=True)
class Preview:
    """What is known so far of a source's cases; its ``str`` is one line.

    Attributes
    ----------
    cases : all cases, with their files
    names : names of label values that the source knows
    ignore_label : the value of voxels that nobody has labelled
    slices : number of axial slices in which each value lies, in the masks read so far; without the
        background
    read, masks : masks that were read, and all that there are
    unreadable : names of the masks that could not be read
    """

    cases: tuple[CaseFiles, ...]
    names: Mapping[int, str]
    ignore_label: int
    slices: Mapping[int, int] = field(default_factory=dict)
    read: int = 0
    masks: int = 0
    unreadable: tuple[str, ...] = ()

    @property
    def experts(self) -> int:
        """Number of cases with an expert mask."""
        return sum(case.expert is not None for case in self.cases)

    @property
    def teachers(self) -> int:
        """Number of cases with a teacher mask."""
        return sum(case.teacher is not None for case in self.cases)

    @property
    def values(self) -> tuple[int, ...]:
        """The label values that are named or found, sorted; without the ignore label."""
        found = {*self.names, *self.slices} - {0, self.ignore_label}
        return tuple(sorted(found))

    def __str__(self) -> str:
        parts = [counted(len(self.cases), "image")]
        for count, one, many in (
            (self.experts, "an expert mask", "expert masks"),
            (self.teachers, "a teacher mask", "teacher masks"),
        ):
            parts.append(f"{count or 'none'} with {one if count == 1 else many}")
        if self.masks:
            parts.append(self._labels())
        if self.unreadable:
            masks = counted(len(self.unreadable), "mask")
            parts.append(f"{masks} cannot be read ({named(self.unreadable)})")
        return " · ".join(parts)

    def _labels(self) -> str:
        """The labels in the masks, such as "labels 1; 255 in 123 slices"."""
        found = [value for value in sorted(self.slices) if value != self.ignore_label]
        text = f"labels {ranges(found)}" if found else ""
        if unknown := self.slices.get(self.ignore_label):
            text += f"{'; ' if text else ''}{self.ignore_label} in {counted(unknown, 'slice')}"
        if self.read < self.masks:
            seen = f"{self.read} of {counted(self.masks, 'mask')} read"
            return f"{text} ({seen} …)" if text else f"reading labels ({seen} …)"
        return text or "no labels in the masks"


def previews(
    source: Source, found: Sequence[CaseFiles] | None = None, ignore_label: int | None = None
) -> Iterator[Preview]:
    """What a source has: first its files, then more after each mask; give up at any point.

    Parameters
    ----------
    source : where the cases come from
    found : its cases, where they are known already
    ignore_label : value of voxels that nobody has labelled; None takes what the source says

    Raises
    ------
    AlntError
        As the source does. A mask that cannot be read is only told.
    """
    if ignore_label is None:
        ignore_label = source.ignore_label()
    if ignore_label is None:
        ignore_label = Settings().ignore_label
    cases = source.cases() if found is None else tuple(found)
    # a file that is both kinds of mask is read once
    masks = list(dict.fromkeys(path for case in cases for path in mask_files(case)))
    newest = Preview(cases, source.labels(), ignore_label, masks=len(masks))
    yield newest
    for mask in masks:
        newest = _with_mask(newest, mask)
        yield newest


def mask_files(case: CaseFiles) -> tuple[Path, ...]:
    """The masks of a case: the expert's first, as it is the better one."""
    return tuple(path for path in (case.expert, case.teacher) if path is not None)


def counted(count: int, noun: str) -> str:
    """A number with its noun: 1 image, 2 images."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def ranges(values: Sequence[int]) -> str:
    """Sorted whole numbers in short: "1–3, 7"; of many only the first ones, and how many."""
    runs = [
        [value for _, value in run]
        for _, run in itertools.groupby(enumerate(values), key=lambda pair: pair[1] - pair[0])
    ]
    parts = [f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    more = f", … ({len(values)} labels)" if len(parts) > SHOWN else ""
    return ", ".join(parts[:SHOWN]) + more


def _with_mask(before: Preview, mask: Path) -> Preview:
    """What is known when one more mask was read."""
    slices = dict(before.slices)
    unreadable = before.unreadable
    try:
        voxels = read_labels(mask, ignore_label=before.ignore_label).voxels
    except AlntError:
        unreadable = (*unreadable, mask.name)
    else:
        for value, count in slice_counts(voxels).items():
            slices[value] = slices.get(value, 0) + count
    return replace(before, slices=slices, read=before.read + 1, unreadable=unreadable)


def slice_counts(labels: Array) -> dict[int, int]:
    """In how many slices (Y, X) of a mask (Z, Y, X) each value lies; without the background."""
    found: dict[int, int] = {}
    for part in labels:
        # nearly all slices of a mask are empty, which is quickly seen
        for value in label_values(part[np.newaxis]) if part.any() else ():
            found[value] = found.get(value, 0) + 1
    found.pop(0, None)
    return found
