"""What is checked and decided once, when a project is made: whether the files fit together, and
which role each case has.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_alnt.data.case import CaseFiles, Role
from napari_alnt.data.formats import find_format
from napari_alnt.data.volume import Grid, label_values, read_labels, read_volume
from napari_alnt.errors import AlntError

# a case's name is the name of a folder, also when the project is copied to Windows
_FORBIDDEN = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))]
)
_LONGEST_NAME = 120


@dataclass(frozen=True)
class Inspected:
    """What the files of a case hold.

    Attributes
    ----------
    grid : of the image; the masks lie on it
    image_sha256, teacher_sha256, expert_sha256 : hashes of the files, "" where there is none
    values : the label values of the masks, each with a file that has it; without the background and
        the ignore label
    """

    grid: Grid
    image_sha256: str
    teacher_sha256: str
    expert_sha256: str
    values: dict[int, str]


def inspect_files(
    cases: Sequence[CaseFiles],
    ignore_label: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Inspected, ...]:
    """Read every file of every case once, so that a broken one is found now, not while training.

    ``progress`` is called with (done, total) cases.

    Raises
    ------
    AlntError
        For the first case whose name cannot be used, whose files cannot be read or whose masks lie
        on another grid.
    """
    _require_names(cases)
    found = []
    # unpacking and hashing leave the interpreter's lock; more threads would only fill the memory
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        jobs = [pool.submit(_inspect, case, ignore_label) for case in cases]
        try:
            for job in jobs:
                found.append(job.result())
                if progress is not None:
                    progress(len(found), len(cases))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return tuple(found)


def _inspect(case: CaseFiles, ignore_label: int) -> Inspected:
    grid = read_volume(case.image).grid
    values: dict[int, str] = {}
    for mask in filter(None, (case.teacher, case.expert)):
        for value in label_values(read_labels(mask, like=grid, ignore_label=ignore_label).voxels):
            values.setdefault(value, str(mask))
    return Inspected(
        grid=grid,
        image_sha256=_hash(case.image),
        teacher_sha256=_hash(case.teacher),
        expert_sha256=_hash(case.expert),
        values={value: file for value, file in values.items() if value not in (0, ignore_label)},
    )


def _hash(path: Path | None) -> str:
    return "" if path is None else find_format(path).hash(path)


def _require_names(cases: Sequence[CaseFiles]) -> None:
    seen: set[str] = set()
    for case in cases:
        if not _can_name_a_folder(case.name):
            raise AlntError(
                f"'{case.name}' cannot name a folder on every system; rename the case's image."
            )
        # some file systems do not tell the case of letters apart
        if case.name.lower() in seen:
            raise AlntError(f"Two cases have the name '{case.name}'; rename one of their images.")
        seen.add(case.name.lower())


def _can_name_a_folder(name: str) -> bool:
    return (
        0 < len(name) <= _LONGEST_NAME
        and name == name.strip()
        and not name.startswith(".")
        and not name.endswith(".")
        and not any(char in _FORBIDDEN or not char.isprintable() for char in name)
        and name.lower().split(".")[0] not in _DEVICES
    )


def name_labels(
    inspected: Sequence[Inspected], labels: Mapping[int, str] | None, ignore_label: int
) -> dict[int, str]:
    """Names of the project's label values: ``labels``, or the values found in the masks if None.

    Raises
    ------
    AlntError
        If a mask holds a value that is not among the given ones, or there is no value at all.
    """
    files: dict[int, str] = {}
    # of the files that hold a value the first is named in the message
    for found in inspected:
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
                f" ({', '.join(map(str, sorted(labels)))}); name it, or correct the mask."
            )
    if not labels or not all(0 < value < 2**31 and value != ignore_label for value in labels):
        raise AlntError(
            f"Labels must be whole numbers above 0, and not {ignore_label}, which is the ignore"
            " label; correct the labels."
        )
    return dict(sorted(labels.items()))


def draw_roles(
    cases: Sequence[CaseFiles], *, teacher_training: int, reference: int, test: int, seed: int
) -> dict[str, Role]:
    """The role of every case; expert cases are drawn by patient, so that no patient has two roles.

    Cases without an expert mask are the pool; expert cases beyond the counts become reference. A
    patient with cases in the pool is never drawn for test, as the student would train on them.

    Raises
    ------
    AlntError
        If there are too few expert cases for the counts, or for one test and one reference case.
    """
    patients: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        if case.expert is not None:
            patients[_patient(case)].append(case.name)
    total = sum(map(len, patients.values()))
    test, reference = _counts(total, teacher_training, reference, test)
    # sorted first, so that the seed alone decides and not the order of the files
    names = sorted(patients)
    order = [names[index] for index in np.random.default_rng(seed).permutation(len(names))]
    in_pool = {_patient(case) for case in cases if case.expert is None}
    # test is drawn first, as it alone cannot take every patient
    wanted: tuple[tuple[Role, int], ...] = (
        ("test", test),
        ("teacher_training", teacher_training),
        ("reference", reference),
    )
    roles: dict[str, Role] = {case.name: "pool" for case in cases}
    for role, count in wanted:
        free = [patient for patient in order if role != "test" or patient not in in_pool]
        sizes = {patient: len(patients[patient]) for patient in free}
        for patient in _take(free, sizes, count, role):
            order.remove(patient)
            roles.update(dict.fromkeys(patients[patient], role))
    # an expert mask that nobody asked for still helps as a reference
    for patient in order:
        roles.update(dict.fromkeys(patients[patient], "reference"))
    return roles


def check_roles(cases: Sequence[CaseFiles], roles: Mapping[str, Role]) -> dict[str, Role]:
    """The role of every case: as given for the expert cases, the pool for the others.

    Raises
    ------
    AlntError
        If an expert case has no role or one that expert cases do not have, if there is no test or
        no reference case, or if a patient with a test case has cases in other roles.
    """
    found: dict[str, Role] = {case.name: "pool" for case in cases}
    for case in cases:
        if case.expert is not None:
            if (role := roles.get(case.name)) not in ("teacher_training", "reference", "test"):
                raise AlntError(
                    f"Expert case '{case.name}' has the role '{role}'; give it teacher_training,"
                    " reference or test."
                )
            found[case.name] = role
    for role in ("reference", "test"):
        if role not in found.values():
            raise AlntError(f"No case has the role {role}; give it to at least one.")
    held_out = {_patient(case) for case in cases if found[case.name] == "test"}
    for case in cases:
        if _patient(case) in held_out and found[case.name] != "test":
            raise AlntError(
                f"Case '{case.name}' is a {found[case.name]} case, but its patient has a held-out"
                " test case; give a patient one role."
            )
    return found


def _patient(case: CaseFiles) -> str:
    """Whose image it is; where that is not known, every case is a patient of its own."""
    return case.patient or case.name


def _counts(total: int, teacher_training: int, reference: int, test: int) -> tuple[int, int]:
    """How many test and reference cases are wanted; what is not given is shared evenly."""
    if min(teacher_training, reference, test) < 0:
        raise AlntError(
            "The numbers of teacher-training, reference and test cases must not be negative."
        )
    left = total - teacher_training
    if not test:
        half = max(left // 2, 1)
        test = half if not reference else max(min(left // 2, left - reference), 1)
    reference = reference or max(left - test, 1)
    if test + reference > left:
        raise AlntError(
            f"The roles need {teacher_training + test + reference} cases with an expert mask"
            f" (teacher training {teacher_training}, reference {reference}, test {test}), but there"
            f" are {total}; add expert masks or ask for fewer."
        )
    return test, reference


def _take(order: Sequence[str], sizes: Mapping[str, int], count: int, role: Role) -> list[str]:
    """Patients, in order, whose cases add up to ``count``, or to a little more if need be.

    Raises
    ------
    AlntError
        If all of them together have fewer cases.
    """
    taken: list[str] = []
    left = count
    for patient in order:
        if sizes[patient] <= left:
            taken.append(patient)
            left -= sizes[patient]
    # what remains is smaller than any patient that is left: the smallest of them exceeds it least
    rest = sorted((one for one in order if one not in taken), key=sizes.__getitem__)
    if left > 0 and rest:
        taken.append(rest[0])
        left -= sizes[rest[0]]
    if left > 0:
        reason = ", as patients with cases in the pool cannot be held out" if role == "test" else ""
        raise AlntError(
            f"There are not enough patients with expert masks for {count} {role} cases{reason}; add"
            " expert masks or ask for fewer."
        )
    return taken
