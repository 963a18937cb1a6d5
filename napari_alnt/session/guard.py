"""A question after accepting: whether the correction fits the other experts' cases."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from napari_alnt.correction import Array
from napari_alnt.data import Project
from napari_alnt.events import TestedCase
from napari_alnt.session.card_words import Names, ml_words
from napari_alnt.session.history import History
from napari_alnt.session.mask_traits import HU_STEP, MaskTraits, StructureTraits, TraitsReader

Reason = Literal["missing", "volume", "grey value", "pieces", "student"]
"""What does not fit: a structure that is not there, one of its traits, or the student."""
ANSWERS = ("slip", "new rule", "rare anatomy")
"""What the user may say to it."""

FEWEST = 5
"""Expert cases, or held-out cases for the student, without which nothing is asked."""
MARGIN = 1.5
"""A case is asked about if it lies outside by more than so many times what the oddest of the expert
cases does among the others; none of those is asked about, then. Of ordinary cases 3 % are beside 5
or 8 expert cases, and fewer than 1 % beside 20: three structures with volumes (σ 0.5 of the
logarithm), pieces and grey values drawn at random, 400 projects each.
"""
LEAST_WIDTH = 0.25
"""Less than that part of a range outside of it is ordinary, however alike the expert cases are."""
AGREES = 0.7
"""Dice that the student has with every held-out case where its disagreement is worth asking."""
_FLOORS = {"volume": 0.5, "grey value": 0.5, "pieces": 1.0}
"""Differences that are ordinary in any case: half a doubling of volume, 50 HU, twice the pieces."""
_KINDS: tuple[Reason, ...] = ("volume", "grey value", "pieces")


@dataclass(frozen=True)
class Conflict:
    """Something in a correction that does not fit the other experts' cases.

    Attributes
    ----------
    reason : what it is
    label, name : the structure
    value : of this case: ml, HU, pieces, or Dice; 0 where the structure is missing
    low, high : the range over the expert cases
    cases : how many those are
    """

    reason: Reason
    label: int
    name: str
    value: float
    low: float
    high: float
    cases: int

    @property
    def sentence(self) -> str:
        """What was measured, and the question."""
        return f"{self._measured} Is it a slip, a new rule, or rare anatomy?"

    @property
    def _measured(self) -> str:
        others = f"the {self.cases} expert cases"
        match self.reason:
            case "missing":
                return f"All {self.cases} expert cases mark {self.name}; this correction does not."
            case "volume":
                spread = _between(ml_words(self.low), ml_words(self.high))
                return f"Here {self.name} has {ml_words(self.value)}; in {others} {spread}."
            case "grey value":
                spread = _between(f"{self.low:.0f}", f"{self.high:.0f}")
                return (
                    f"Here {self.name} has a mean of {self.value:.0f} HU; in {others} {spread} HU."
                )
            case "pieces":
                spread = _between(f"{self.low:.0f}", f"{self.high:.0f}")
                here = "1 piece" if self.value == 1 else f"{self.value:.0f} pieces"
                return f"Here {self.name} is in {here}; in {others} in {spread}."
            case "student":
                return (
                    f"The student's {self.name} has a Dice of {self.value:.2f} with this"
                    f" correction; in the {self.cases} held-out cases"
                    f" {_between(f'{self.low:.2f}', f'{self.high:.2f}')}."
                )


def guard(
    mask: MaskTraits,
    experts: Sequence[MaskTraits],
    names: Names,
    dice: Mapping[int, float] | None = None,
    held_out: Sequence[TestedCase] = (),
) -> Conflict | None:
    """The strongest conflict of a correction with the other experts' cases, or None.

    Parameters
    ----------
    mask : traits of the mask that was accepted
    experts : traits of the other expert cases
    names : structures' names by label value, in the project's order
    dice : per structure, of the student's mask with the accepted one, where there is a student
    held_out : the newest results of the student on held-out cases
    """
    missing = _missing(mask, experts, names)
    return missing or _odd(mask, experts, names) or _disagreed(dice or {}, held_out, names)


def question_of(
    project: Project,
    history: History,
    reader: TraitsReader,
    name: str,
    mask: Array,
    student: Array | None = None,
) -> Conflict | None:
    """The question to ask about a mask that was accepted, or None; for a thread of its own.

    Parameters
    ----------
    project, history : of the session
    reader : keeps the traits of the expert cases
    name : the case
    mask : that was accepted, ``(Z, Y, X)``
    student : the student's mask of the case where it has been read; an accepted case has none

    Raises
    ------
    AlntError
        If the image of the case cannot be read.
    """
    names = project.label_names
    ignored = project.settings.ignore_label
    dice = {} if student is None else student_dice(mask, student, names, ignored)
    held_out = history.test_results[-1].cases if history.test_results else ()
    traits = reader.measure(project.case(name), mask)
    return guard(traits, list(reader.experts(without=name).values()), names, dice, held_out)


def student_dice(
    mask: Array, student: Array, names: Names, ignore_label: int | None = None
) -> dict[int, float]:
    """Dice of each structure that either of two masks ``(Z, Y, X)`` marks."""
    found = {}
    known = (mask != ignore_label) & (student != ignore_label)
    for label in names:
        a, b = (mask == label) & known, (student == label) & known
        if size := int(a.sum()) + int(b.sum()):
            found[label] = 2 * int((a & b).sum()) / size
    return found


def _between(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _missing(mask: MaskTraits, experts: Sequence[MaskTraits], names: Names) -> Conflict | None:
    # what nobody has labelled may be there
    if len(experts) < FEWEST or mask.partial:
        return None
    for label, name in names.items():
        found = [one.structures[label].ml for one in experts if label in one.structures]
        if label not in mask.structures and len(found) == len(experts):
            return Conflict("missing", label, name, 0.0, min(found), max(found), len(found))
    return None


def _odd(mask: MaskTraits, experts: Sequence[MaskTraits], names: Names) -> Conflict | None:
    """The trait that is farthest out of range, if it is so much more than any expert case's is."""
    if len(experts) < FEWEST:
        return None
    usual = max(
        _oddest(one, [*experts[:index], *experts[index + 1 :]], names)[0]
        for index, one in enumerate(experts)
    )
    odd, label, reason = _oddest(mask, experts, names)
    if odd <= MARGIN * max(usual, LEAST_WIDTH):
        return None
    values = [_plain(one.structures[label], reason) for one in experts if label in one.structures]
    values = [value for value in values if math.isfinite(value)]
    value = _plain(mask.structures[label], reason)
    return Conflict(reason, label, names[label], value, min(values), max(values), len(values))


def _oddest(
    mask: MaskTraits, experts: Sequence[MaskTraits], names: Names
) -> tuple[float, int, Reason]:
    """How far the oddest trait is out of the range of some cases, in widths of that range."""
    found: list[tuple[float, int, Reason]] = [(0.0, 0, "volume")]
    for label in names:
        if label not in mask.structures:
            continue
        others = [one.structures[label] for one in experts if label in one.structures]
        for reason in _KINDS:
            known = [_scaled(one, reason) for one in others]
            known = [value for value in known if math.isfinite(value)]
            value = _scaled(mask.structures[label], reason)
            # fewer cases have no range to speak of
            if len(known) >= FEWEST - 1 and math.isfinite(value):
                low, high = min(known), max(known)
                outside = max(low - value, value - high, 0.0)
                found.append((outside / (high - low + _FLOORS[reason]), label, reason))
    return max(found, key=lambda one: one[0])


def _plain(traits: StructureTraits, reason: Reason) -> float:
    return {"volume": traits.ml, "grey value": traits.mean, "pieces": float(traits.pieces)}[reason]


def _scaled(traits: StructureTraits, reason: Reason) -> float:
    """A trait in doublings, or in steps of HU."""
    value = _plain(traits, reason)
    return value / HU_STEP if reason == "grey value" else math.log2(value)


def _disagreed(
    dice: Mapping[int, float], held_out: Sequence[TestedCase], names: Names
) -> Conflict | None:
    """The structure in which the student fits this mask much worse than every held-out case."""
    worst: Conflict | None = None
    for index, (label, name) in enumerate(names.items()):
        known = sorted(case.classes[index] for case in held_out if index < len(case.classes))
        known = [value for value in known if math.isfinite(value)]
        if label not in dice or len(known) < FEWEST or known[0] < AGREES:
            continue
        # the worst held-out case lies so far below the others
        fall = max(known[1] - known[0], 0.05)
        if dice[label] < known[0] - MARGIN * fall and (worst is None or dice[label] < worst.value):
            worst = Conflict("student", label, name, dice[label], known[0], known[-1], len(known))
    return worst
