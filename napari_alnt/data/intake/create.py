"""What is checked and decided once, when a project is made: whether the files fit together, and
which role each case has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from napari_alnt.data.case import CaseFiles, Role
from napari_alnt.data.intake.inspection import Inspected, inspect_files
from napari_alnt.data.intake.mask_checks import require_structures
from napari_alnt.data.intake.notices import Notice
from napari_alnt.data.intake.plausibility import find_notices
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings


@dataclass(frozen=True)
class Checked:
    """Cases whose files were read, with all that is decided before there is a project.

    Attributes
    ----------
    cases : the files
    inspected : what they hold, in the same order
    names : names of the label values
    roles : the role of every case
    settings : of the project to be
    notices : what is strange about the files, for a human to say whether it is meant
    """

    cases: tuple[CaseFiles, ...]
    inspected: tuple[Inspected, ...]
    names: dict[int, str]
    roles: dict[str, Role]
    settings: Settings
    notices: tuple[Notice, ...]


def check_cases(
    cases: Sequence[CaseFiles],
    *,
    teacher_training: int = 0,
    reference: int = 0,
    test: int = 0,
    roles: Mapping[str, Role] | None = None,
    labels: Mapping[int, str] | None = None,
    settings: Settings | None = None,
    notices: Sequence[Notice] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Checked:
    """Read every file once and decide on labels and roles; nothing is written.

    The parameters are those of :meth:`napari_alnt.data.Project.create`.

    Raises
    ------
    AlntError
        If a file is broken, grids or labels do not fit, or experts are too few.
    """
    settings = settings or Settings()
    inspected = inspect_files(cases, settings.ignore_label, progress)
    require_structures([case.name for case in cases], inspected, settings.ignore_label)
    names = name_labels(inspected, labels, settings.ignore_label)
    if roles is None:
        counts = {"teacher_training": teacher_training, "reference": reference, "test": test}
        roles = draw_roles(cases, **counts, seed=settings.seed)
    else:
        roles = check_roles(cases, roles)
    found = find_notices(cases, inspected, names, roles, settings)
    return Checked(tuple(cases), inspected, names, roles, settings, (*notices, *found))


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
