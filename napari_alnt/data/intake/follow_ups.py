"""Scans of one patient by their names, where nobody has said whose image is whose."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from napari_alnt.data.case import CaseFiles, Role
from napari_alnt.data.intake.notices import Notice

WORDS = (
    "t|tp|time|timepoint|ses|session|scan|visit|v|fu|followup|follow|up|bl|baseline|base|pre|post"
    "|prior|current|initial|control|early|late|before|after|first|second|start|end|date|day|d|week"
    "|w|month|mo|m|year|y|yr|study|exam|series|s|nr|no|left|right|lt|rt|l|r|a|b|c|e|f|arterial"
    "|venous|delayed|portal|art|ven|insp|exp|inspiration|expiration|i|ii|iii"
)
"""What tells scans of one patient apart, with or without a number."""
PART = re.compile(rf"(?:{WORDS})\d{{0,8}}|\d{{1,8}}")
GLUED = re.compile(rf"(.*\d)((?:{WORDS})\d{{0,8}})")
YEAR = re.compile(r"(?:19|20)\d\d")
DEPTH = 4
"""Parts at the end of a name that may belong to the scan, as of a date in three parts."""


def follow_ups(cases: Sequence[CaseFiles], roles: Mapping[str, Role]) -> list[Notice]:
    """A notice of patients who, by the names of their cases, are held out and learned from."""
    names = [case.name for case in cases if not case.patient]
    split: set[str] = set()
    for group in same_patient(names):
        # on which side the other cases are matters only for those that are held out
        if "test" in (found := {roles[name] for name in group}) and len(found) > 1:
            split |= set(group)
    if not split:
        return []
    text = "the names look like scans of one patient, of which some are held out and others are not"
    cure = "give --patient, a regular expression whose first group is the patient"
    return [Notice(tuple(name for name in names if name in split), text, cure)]


def same_patient(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Names in groups of two or more that differ only in what tells scans of a patient apart."""
    parts = {name: _parts(name) for name in names}
    # what all names end with, such as the kind of the image, tells nothing
    while len({tuple(found[-1:]) for found in parts.values()}) == 1 and len(names) > 1:
        if not all(len(found) > 1 for found in parts.values()):
            break
        parts = {name: found[:-1] for name, found in parts.items()}
    groups = []
    for depth in range(1, DEPTH + 1):
        stems: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name, found in parts.items():
            stems[_stem(found, depth)].append(name)
        largest = max(map(len, stems.values()), default=0)
        # a stem of most cases is the name of the study
        if len(stems) > 1 and largest <= max(2, len(names) / 2):
            groups += [tuple(group) for group in stems.values() if len(group) > 1]
    return groups


def _parts(name: str) -> list[str]:
    parts = [part for part in re.split(r"[^0-9A-Za-z]+", name.lower()) if part] or [name]
    # P01t2 is P01 and t2
    if glued := GLUED.fullmatch(parts[-1]):
        parts[-1:] = glued.groups()
    return parts


def _stem(parts: Sequence[str], depth: int) -> tuple[str, ...]:
    """The parts without up to ``depth`` at their end, if they still have a patient's number."""
    stem = tuple(parts)
    for _ in range(depth):
        shorter = stem[:-1]
        numbers = [part for part in shorter if re.search(r"\d", part) and not YEAR.fullmatch(part)]
        if not numbers or not PART.fullmatch(stem[-1]):
            break
        stem = shorter
    return stem
