"""Labels that cannot be meant: the ignore label as a structure, numbered objects, probabilities,
and structures that only one side draws or that vanish at the training spacing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from napari_alnt.data.images.on_disk import Array
from napari_alnt.data.images.volume import Triple
from napari_alnt.data.intake.contents import MaskContent, mask_content
from napari_alnt.data.intake.inspection import Inspected
from napari_alnt.data.intake.notices import Notice, in_cases
from napari_alnt.errors import AlntError

OWNERS = {"teacher": "the teacher's mask", "expert": "the expert's mask"}
MANY = 150
"""More labels in one mask are rather numbers of objects; the largest atlases of organs have 117."""
LARGEST = 2**16
"""A larger label value is rather the number of an object."""
GRADED = 16
"""From so many labels on, a mask may be a map of probabilities."""
ROUGH = 0.8
"""Share of equal neighbours below which a mask of ``GRADED`` labels is no mask of structures."""

SERIES = 10
"""Masks of the labels 1 to n number objects if n is at least this in one, and half in another."""
SHOWN = 5
"""Labels that are named in a sentence."""
COARSER = 1.5
"""Voxels of an image to one of the training grid, from which on structures may vanish."""
IGNORED = "which means that nobody has labelled a voxel"
NUMBERED_CURE = (
    "save one label for each kind of structure, or name them with --labels if they are meant"
)


def require_structures(
    cases: Sequence[str], inspected: Sequence[Inspected], ignore_label: int
) -> None:
    """Refuse masks whose structure has the value of the ignore label, as masks of 0 and 255 have.

    Raises
    ------
    AlntError
        That names their cases.
    """
    for kind, owner in OWNERS.items():
        masks = {
            name: found.masks[kind]
            for name, found in zip(cases, inspected, strict=True)
            if kind in found.masks
        }
        ignoring = [name for name, mask in masks.items() if _only_ignored(mask, ignore_label)]
        # what nobody has labelled may be most of one mask, but not of all
        if any(structures(mask, ignore_label) for mask in masks.values()):
            ignoring = [name for name in ignoring if not _may_be_unlabelled(masks[name])]
        if ignoring:
            start = in_cases(ignoring)
            reason = _ignored(owner, masks[ignoring[0]], ignore_label)
            raise AlntError(
                f"{start}{reason}; save structures as 1, 2, …, or give another --ignore-label."
            )


def require_structure(labels: Array, ignore_label: int, what: str) -> None:
    """Refuse one mask (Z, Y, X) as :func:`require_structures` does; ``what`` begins the sentence.

    Raises
    ------
    AlntError
        If its only structure has the value of the ignore label.
    """
    # quick for nearly all masks; one of another shape is refused for that
    if labels.ndim != 3 or not (labels == ignore_label).any():
        return
    mask = mask_content(labels, ignore_label)
    if _only_ignored(mask, ignore_label) and not _may_be_unlabelled(mask):
        reason = _ignored(what, mask, ignore_label)
        raise AlntError(f"{reason}; save structures with the labels of the project.")


def structures(mask: MaskContent, ignore_label: int) -> set[int]:
    """The labels of a mask without background and ignore label."""
    return set(mask.counts) - {0, ignore_label}


def _only_ignored(mask: MaskContent, ignore_label: int) -> bool:
    return ignore_label in mask.counts and not structures(mask, ignore_label)


def _may_be_unlabelled(mask: MaskContent) -> bool:
    return mask.ignored_area and 0 in mask.counts


def _ignored(owner: str, mask: MaskContent, ignore_label: int) -> str:
    values = f"0 and {ignore_label}" if 0 in mask.counts else str(ignore_label)
    return f"{owner} holds no value but {values}, and {ignore_label} is the ignore label, {IGNORED}"


# notices ------------------------------------------------------------------------------------------


def label_notices(
    cases: Sequence[str],
    inspected: Sequence[Inspected],
    names: Mapping[int, str],
    ignore_label: int,
    spacing: Triple,
) -> list[Notice]:
    """What is strange about the labels of a project's masks.

    Parameters
    ----------
    cases : names of the cases
    inspected : what their files hold
    names : names of the label values
    ignore_label : its value
    spacing : training spacing, mm (z, y, x)
    """
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for case, found in zip(cases, inspected, strict=True):
        for kind, mask in found.masks.items():
            for sentence in _strange(OWNERS[kind], mask, names, ignore_label):
                said[sentence].append(case)
    notices = [Notice(tuple(dict.fromkeys(where)), *what) for what, where in said.items()]
    return [
        *notices,
        *_vanished(cases, inspected, names, ignore_label, spacing),
        *_numbered(cases, inspected, names, ignore_label),
        *_one_sided(inspected, names, ignore_label),
    ]


def mask_notices(labels: Array, names: Mapping[int, str], ignore_label: int) -> tuple[Notice, ...]:
    """What is strange about one mask (Z, Y, X), as :func:`label_notices` says it of a project's."""
    mask = mask_content(labels, ignore_label)
    found = _strange("the mask", mask, names, ignore_label)
    if strange := structures(mask, ignore_label) - set(names):
        text = f"the mask has {_label(min(strange), names)}, which is none of the project's"
        found.append((text, "paint with the labels of the project"))
    return tuple(Notice((), text[0].upper() + text[1:], cure) for text, cure in found)


def _strange(
    owner: str, mask: MaskContent, names: Mapping[int, str], ignore_label: int
) -> list[tuple[str, str]]:
    """Text and cure of what one mask tells by itself."""
    found = []
    held = structures(mask, ignore_label)
    if _only_ignored(mask, ignore_label):
        text = f"{owner} has no structure beside the ignore label {ignore_label}, {IGNORED}"
        found.append((text, "check that nothing is to be marked there"))
    elif ignore_label in mask.counts and not mask.ignored_area:
        text = f"{owner} has parts of the value {ignore_label}, the ignore label, {IGNORED}"
        found.append((text, "give another --ignore-label if it is a structure"))
    if len(held) >= GRADED and mask.smooth < ROUGH:
        text = f"{owner} has labels that change from voxel to voxel, as probabilities do"
        found.append((text, "cut them at a threshold, and save 0 and 1"))
    elif _unnamed(held, names) and (len(held) > MANY or max(held) >= LARGEST):
        text = f"{owner} has so many labels, or so large ones, that they seem to number objects"
        found.append((text, NUMBERED_CURE))
    return found


def _unnamed(held: set[int], names: Mapping[int, str]) -> bool:
    # who names every label means them
    return any(names.get(value, f"label {value}") == f"label {value}" for value in held)


def _numbered(
    cases: Sequence[str],
    inspected: Sequence[Inspected],
    names: Mapping[int, str],
    ignore_label: int,
) -> list[Notice]:
    """Masks that all have the labels 1 to n with an n of their own, as numbered objects do."""
    most: dict[str, int] = {}
    for case, found in zip(cases, inspected, strict=True):
        for mask in found.masks.values():
            held = structures(mask, ignore_label)
            if held and held != set(range(1, len(held) + 1)):
                return []
            most[case] = max(most.get(case, 0), len(held))
    largest = max(most.values(), default=0)
    if not SERIES <= largest <= MANY or 2 * min(most.values()) > largest:
        return []
    if not _unnamed(set(range(1, largest + 1)), names):
        return []
    text = f"The masks have labels from 1 up to {largest}, fewer in some, as numbered objects do"
    return [Notice((), text, NUMBERED_CURE)]


def _one_sided(
    inspected: Sequence[Inspected], names: Mapping[int, str], ignore_label: int
) -> list[Notice]:
    """Labels that the experts' masks or the teacher's never have, or neither."""
    held: dict[str, set[int]] = {}
    for found in inspected:
        for kind, mask in found.masks.items():
            held.setdefault(kind, set()).update(structures(mask, ignore_label))
    notices = []
    sides = (("expert", "teacher", "no expert mask"), ("teacher", "expert", "no teacher mask"))
    # a side without any mask is no other opinion
    for absent, drawn, none in sides if len(held) == len(sides) else ():
        if lacking := held[drawn] - held[absent]:
            text = f"The {drawn} masks have {_labels(lacking, names)}, which {none} has"
            notices.append(Notice((), text, "check that both number the structures alike"))
    if held and (unused := set(names) - set().union(*held.values())):
        text = f"No mask has {_labels(unused, names)}"
        notices.append(Notice((), text, "leave it out, or add masks that do"))
    return notices


def _label(value: int, names: Mapping[int, str]) -> str:
    name = names.get(value, "")
    return f"label {value}" if name in ("", f"label {value}") else f"label {value} ('{name}')"


def _labels(values: Iterable[int], names: Mapping[int, str]) -> str:
    """The first few labels, and how many more there are."""
    known = sorted(values)
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return ", ".join(_label(value, names) for value in known[:SHOWN]) + more


# structures at the training spacing ---------------------------------------------------------------


def _vanished(
    cases: Sequence[str],
    inspected: Sequence[Inspected],
    names: Mapping[int, str],
    ignore_label: int,
    spacing: Triple,
) -> list[Notice]:
    """A notice of the labels that vanish somewhere, and of the cases where they do."""
    lost: dict[int, set[str]] = defaultdict(set)
    for case, found in zip(cases, inspected, strict=True):
        for mask in found.masks.values():
            for value in _vanishing(mask, found.grid.spacing, spacing, ignore_label):
                lost[value].add(case)
    if not lost:
        return []
    where = set().union(*lost.values())
    size = " × ".join(f"{value:g}" for value in spacing)
    verb, end = ("is", "vanishes") if len(lost) == 1 else ("are", "vanish")
    text = f"{_labels(lost, names)} {verb} smaller than a voxel of the training spacing ({size} mm)"
    named = tuple(case for case in cases if case in where)
    return [Notice(named, f"{text} and {end}", "give a finer --spacing")]


def _vanishing(mask: MaskContent, spacing: Triple, target: Triple, ignore_label: int) -> list[int]:
    """Labels of which nothing, or what is left by chance, remains at the training spacing."""
    # as core.inference.training_shape has it
    shape = [max(1, round(n * s / t)) for n, s, t in zip(mask.shape, spacing, target, strict=True)]
    coarser = math.prod(mask.shape) / math.prod(shape)
    if coarser < COARSER:
        return []
    return [
        value
        for value in sorted(structures(mask, ignore_label))
        if mask.counts[value] < coarser or _is_lost(mask.small.get(value), mask, shape, coarser)
    ]


def _is_lost(places: Array | None, mask: MaskContent, shape: Sequence[int], coarser: float) -> bool:
    """Whether a small structure, given its voxels (n, 3), is lost on a grid of ``shape``."""
    if places is None:
        return False
    return not _remains(places, mask.shape, shape) or _largest_part(places) < coarser


def _remains(places: Array, old: Sequence[int], new: Sequence[int]) -> bool:
    """Whether one of the voxels (n, 3) is the nearest to a voxel of the training grid."""
    kept = np.ones(len(places), bool)
    for axis, (before, after) in enumerate(zip(old, new, strict=True)):
        # as core.inference.resample_labels picks them
        picks = (2 * np.arange(after) + 1) * before // (2 * after)
        kept &= np.isin(places[:, axis], picks)
    return bool(kept.any())


def _largest_part(places: Array) -> int:
    """Voxels of the largest connected part of a structure, given its voxels (n, 3)."""
    # voxels that touch at a corner belong together
    pairs = cKDTree(places).query_pairs(1.8, output_type="ndarray")
    links = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), shape=(len(places),) * 2)
    _, parts = connected_components(links, directed=False)
    return int(np.bincount(parts).max())
