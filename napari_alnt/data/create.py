"""What is looked at and decided once, when a project is made: do the files fit, and who plays which
role.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from napari_alnt.data.atomic import sha256
from napari_alnt.data.case import CaseFiles, Role
from napari_alnt.data.volume import Grid, label_values, read_labels, read_volume
from napari_alnt.errors import AlntError

_ODD = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))]
)


@dataclass(frozen=True)
class Looked:
    """What a look at a case's files has found: its grid, hashes ('' for none) and the label values
    in its masks.
    """

    grid: Grid
    image_sha256: str
    teacher_sha256: str
    expert_sha256: str
    values: dict[int, str]


def look(
    cases: Sequence[CaseFiles], unknown: int, progress: Callable[[int, int], None] | None = None
) -> tuple[Looked, ...]:
    """Read every file of every case once, so that what is broken is found now and not in the middle
    of a night.

    Raises
    ------
    AlntError
        For the first case whose name, files or grids will not do.
    """
    _require_names(cases)
    found = []
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        jobs = [pool.submit(_look_at, case, unknown) for case in cases]
        try:
            for job in jobs:
                found.append(job.result())
                if progress is not None:
                    progress(len(found), len(cases))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return tuple(found)


def _look_at(case: CaseFiles, unknown: int) -> Looked:
    grid = read_volume(case.image).grid
    values: dict[int, str] = {}
    for mask in filter(None, (case.teacher, case.expert)):
        for value in label_values(read_labels(mask, like=grid, unknown=unknown).voxels):
            values.setdefault(value, str(mask))
    values = {value: file for value, file in values.items() if value not in (0, unknown)}
    image, teacher, expert = (
        sha256(path) if path else "" for path in (case.image, case.teacher, case.expert)
    )
    return Looked(grid, image, teacher, expert, values)


def _require_names(cases: Sequence[CaseFiles]) -> None:
    seen: set[str] = set()
    for case in cases:
        name = case.name
        odd = (
            any(c in _ODD or not c.isprintable() for c in name)
            or name != name.strip()
            or name.startswith(".")
        )
        if (
            not name
            or odd
            or name.endswith(".")
            or len(name) > 120
            or name.lower().split(".")[0] in _DEVICES
        ):
            raise AlntError(
                f"'{name}' cannot name a folder on every system; rename the case's image."
            )
        if name.lower() in seen:
            raise AlntError(f"Two cases have the name '{name}'; rename one of their images.")
        seen.add(name.lower())


def name_labels(
    looked: Sequence[Looked], labels: Mapping[int, str] | None, unknown: int
) -> dict[int, str]:
    """The label values of the project with their names; those found in the masks where none are
    given.

    Raises
    ------
    AlntError
        If a mask holds a value that is not among the given ones, or there is no value at all.
    """
    files: dict[int, str] = {}
    for found in looked:
        files = {**found.values, **files}
    if labels is None:
        if not files:
            raise AlntError(
                "The masks hold no label at all; give masks with labels, or name the labels."
            )
        return {value: f"label {value}" for value in sorted(files)}
    for value, file in files.items():
        if value not in labels:
            raise AlntError(
                f"The mask '{file}' holds the label {value}, which is none of the project's"
                f" ({', '.join(map(str, sorted(labels)))}); name it, or mend the mask."
            )
    if not labels or not all(0 < value < 2**31 and value != unknown for value in labels):
        raise AlntError(
            f"Labels must be whole numbers above 0, and not {unknown}, which means unknown; mend"
            " the labels."
        )
    return dict(sorted(labels.items()))


def draw_roles(
    cases: Sequence[CaseFiles], *, seed_cases: int, reference: int, audit: int, seed: int
) -> dict[str, Role]:
    """The role of every case; expert cases are drawn by patient, so that no patient has two roles.

    Those without an expert mask are the pool; expert cases beyond the counts become reference. A
    patient with cases in the pool is never drawn for audit.

    Raises
    ------
    AlntError
        If there are too few expert cases for the counts, or for one audit and one reference case.
    """
    patients: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        if case.expert is not None:
            patients[case.patient or case.name].append(case.name)
    total = sum(map(len, patients.values()))
    audit, reference = _counts(total, seed_cases, reference, audit)
    in_pool = {case.patient or case.name for case in cases if case.expert is None}
    order = [
        sorted(patients)[index] for index in np.random.default_rng(seed).permutation(len(patients))
    ]
    roles: dict[str, Role] = {case.name: "pool" for case in cases}
    wanted: list[tuple[Role, int]] = [
        ("audit", audit),
        ("seed", seed_cases),
        ("reference", reference),
    ]
    for role, count in wanted:
        free = [patient for patient in order if role != "audit" or patient not in in_pool]
        for patient in _take(
            free, {patient: len(patients[patient]) for patient in free}, count, role
        ):
            order.remove(patient)
            roles.update(dict.fromkeys(patients[patient], role))
    for patient in order:
        roles.update(dict.fromkeys(patients[patient], "reference"))
    return roles


def check_roles(cases: Sequence[CaseFiles], roles: Mapping[str, Role]) -> dict[str, Role]:
    """The role of every case, those of the expert cases as given; the others are the pool.

    Raises
    ------
    AlntError
        If an expert case has no role, a role is none for an expert case, there is no audit or no
        reference case, or a patient with an audit case has others.
    """
    found: dict[str, Role] = {case.name: "pool" for case in cases}
    for case in cases:
        if case.expert is not None:
            if (role := roles.get(case.name)) not in ("seed", "reference", "audit"):
                raise AlntError(
                    f"Expert case '{case.name}' has the role '{role}'; give it seed, reference or"
                    " audit."
                )
            found[case.name] = role
    for role in ("reference", "audit"):
        if role not in found.values():
            raise AlntError(f"No case has the role {role}; give it to one at least.")
    audited = {case.patient or case.name for case in cases if found[case.name] == "audit"}
    for case in cases:
        if (case.patient or case.name) in audited and found[case.name] != "audit":
            raise AlntError(
                f"Case '{case.name}' is {found[case.name]}, but its patient is in the audit; give a"
                " patient one role."
            )
    return found


def _counts(total: int, seed_cases: int, reference: int, audit: int) -> tuple[int, int]:
    """How many audit and reference cases are wanted; what is not said is shared evenly."""
    if min(seed_cases, reference, audit) < 0:
        raise AlntError("The numbers of seed, reference and audit cases must not be negative.")
    left = total - seed_cases
    audit = audit or (
        max(left // 2, 1) if not reference else max(min(left // 2, left - reference), 1)
    )
    reference = reference or max(left - audit, 1)
    if audit + reference > left:
        raise AlntError(
            f"The roles need {seed_cases + audit + reference} cases with an expert mask (seed"
            f" {seed_cases}, reference"
            f" {reference}, audit {audit}), but there are {total}; add expert masks or ask for"
            " fewer."
        )
    return audit, reference


def _take(order: Sequence[str], sizes: Mapping[str, int], count: int, role: Role) -> list[str]:
    """Patients, in order, whose cases add up to ``count``, or to a little more if patients have
    several.
    """
    taken: list[str] = []
    for patient in order:
        if sizes[patient] <= count - sum(sizes[one] for one in taken):
            taken.append(patient)
    rest = [
        patient for patient in sorted(order, key=lambda one: sizes[one]) if patient not in taken
    ]
    if sum(sizes[one] for one in taken) < count and rest:
        taken.append(rest[0])
    if sum(sizes[one] for one in taken) < count:
        reason = ", as patients with cases in the pool cannot be audited" if role == "audit" else ""
        raise AlntError(
            f"There are not enough patients with expert masks for {count} {role} cases{reason}; add"
            " expert masks or ask"
            " for fewer."
        )
    return taken
