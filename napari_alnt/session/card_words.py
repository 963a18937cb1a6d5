"""The clauses of a card: each says one thing that was measured, or '' where it was not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from napari_alnt.correction import Difference, Kind
from napari_alnt.data.intake.preview import counted
from napari_alnt.session.mask_traits import MaskTraits, Neighbour
from napari_alnt.session.standing import Standing

Names = Mapping[int, str]
"""Structures' names by their label values."""

FEW = 10
"""Of fewer other cases their number is said, and no percentage."""
AGREEING, DISAGREEING = 0.5, 0.75
"""Mask and student agree well if they do so less than in at most that share of the pool, and badly
if they do so less than in at least that share.
"""
FAR = 1.5
"""A case is far from the experts' if it is so many times as far as any of these is from the one
nearest to it; where it is between, nothing is said.
"""
MINOR = 0.1
"""A kind of difference with less than that part of all their volume is not spoken of."""

_VERBS = {
    Kind.MISSED: "The student sees {regions} the {drawer} lacks",
    Kind.EXTRA: "The {drawer} marks {regions} the student does not see",
    Kind.OTHER: "The student sees another structure than the {drawer} in {regions}",
}


def regions_words(
    regions: Sequence[Difference] | None, names: Names, drawer: str = "teacher"
) -> list[str]:
    """What the student sees otherwise than the mask, a sentence for each kind of difference.

    Parameters
    ----------
    regions : in which the two differ, or None where the student was not asked
    names : of the structures
    drawer : who made the mask
    """
    if regions is None:
        return []
    if not regions:
        return [f"Student and {drawer} differ nowhere beyond the borders."]
    kinds = [[one for one in regions if one.kind is kind] for kind in _VERBS]
    volumes = [math.fsum(one.ml for one in of_kind) for of_kind in kinds]
    least = MINOR * math.fsum(volumes)
    order = sorted(range(len(kinds)), key=lambda index: -volumes[index])
    # what there is most of comes first
    return [
        _kind_words(kinds[index], names, drawer)
        for index in order
        if kinds[index] and volumes[index] >= least
    ]


def _kind_words(of_kind: Sequence[Difference], names: Names, drawer: str) -> str:
    largest = max(of_kind, key=lambda one: one.ml)
    said = _VERBS[largest.kind].format(regions=counted(len(of_kind), "region"), drawer=drawer)
    joined = ", " if len(of_kind) == 1 else "; the largest, "
    return f"{said}{joined}{_region(largest, names)}."


def _region(one: Difference, names: Names) -> str:
    what = ""
    if one.kind is Kind.OTHER:
        what = f" of {names[one.seen]} instead of {names[one.given]}"
    elif len(names) > 1:  # the name says nothing where there is one structure
        what = f" of {names[one.label]}"
    return f"{ml_words(one.ml)}{what}, at {slices_words(*one.slices)}"


def agreement_words(standings: Sequence[Standing]) -> str:
    """How the agreement stands in the pool, from the side that it is on."""
    found = next((one for one in standings if one.name == "agreement"), None)
    if found is None or not found.others:
        return ""
    if 2 * found.lower_than >= found.others:
        return f"Agreement is lower than in {_part(found.lower_than, found.others)}."
    if 2 * found.higher_than >= found.others:
        return f"Agreement is higher than in {_part(found.higher_than, found.others)}."
    return ""


def _part(count: int, others: int) -> str:
    if count == others:
        return "every other case of the pool" if others > 1 else "the other case of the pool"
    if others < FEW:
        return f"{count} of the {others} other cases of the pool"
    # rounded down: 99.6 % are not all
    return f"{100 * count // others} % of the pool"


def structures_words(
    mask: MaskTraits | None, experts: Sequence[MaskTraits], names: Names
) -> list[str]:
    """Structures that every expert case marks and this mask does not, and the other way round."""
    if mask is None or not experts:
        return []
    always = [label for label in names if all(label in one.structures for one in experts)]
    ever = {label for one in experts for label in one.structures}
    # what nobody has labelled may be there
    missing = [] if mask.partial else [label for label in always if label not in mask.structures]
    fully = not any(one.partial for one in experts)
    strange = [label for label in names if label in mask.structures and label not in ever]
    found = []
    if missing:
        those = listed([names[label] for label in always])
        lacks = f"no {listed([names[label] for label in missing], 'or')}"
        if len(missing) == len(always):
            lacks = "none"
        found.append(f"{_experts(len(experts))} {those}; this mask marks {lacks}.")
    if strange and fully:
        those = listed([names[label] for label in strange])
        nobody = "No expert case marks" if len(experts) > 1 else "The expert case does not mark"
        found.append(f"{nobody} {those}; this mask does.")
    return found


def _experts(count: int) -> str:
    if count == 1:
        return "The expert case marks"
    return "Both expert cases mark" if count == 2 else f"All {count} expert cases mark"


def unusual_or_wrong(near: Neighbour | None, standings: Sequence[Standing]) -> str:
    """Whether the case looks unusual or its mask wrong; '' where the numbers do not say so.

    Unusual: by what the student sees it is far from every expert case, while mask and student agree
    well for this pool. Wrong: it is no farther than those are from each other, while the two agree
    badly.
    """
    agreement = next((one for one in standings if one.name == "agreement"), None)
    if near is None or agreement is None or agreement.others < 2 or not math.isfinite(near.usual):
        return ""
    lower = agreement.lower_than / agreement.others
    if near.distance > FAR * near.usual and lower <= AGREEING:
        return (
            "Perhaps unusual rather than wrong: what the student sees is farther from every expert"
            " case than any of them is from its nearest, and mask and student agree as well as in"
            " half of the pool or better."
        )
    if near.distance <= near.usual and lower >= DISAGREEING:
        return (
            "Perhaps wrong rather than unusual: what the student sees is as near to the expert"
            f" case {near.case} as the expert cases are to each other, and mask and student agree"
            " less than in three quarters of the pool."
        )
    return ""


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words as a list: "a", "a and b", "a, b and c"."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def ml_words(ml: float) -> str:
    """A volume, to one digit after the point, of small ones to more."""
    if ml < 0.01:
        return "under 0.01 ml"
    digits = 2 if ml < 0.095 else 1 if ml < 99.95 else 0
    return f"{ml:.{digits}f} ml"


def slices_words(first: int, last: int) -> str:
    """Axial slices, counted from 1 as on the screen."""
    return f"slice {first + 1}" if first == last else f"slices {first + 1}–{last + 1}"
