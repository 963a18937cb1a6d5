"""Why this case: a card of what was measured, in a few sentences and the numbers behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from napari_alnt.correction import Difference
from napari_alnt.session.card_words import (
    Names,
    agreement_words,
    regions_words,
    structures_words,
    unusual_or_wrong,
)
from napari_alnt.session.mask_traits import MaskTraits, Neighbour, nearest
from napari_alnt.session.minutes import Estimate
from napari_alnt.session.standing import Standing

SLICES = 3
"""Slices to look at first."""
APART_MM = 10.0
"""Between two of them, so that they show different places."""


@dataclass(frozen=True)
class Series:
    """A number over the training, one value an epoch; both are empty where none was seen."""

    steps: tuple[int, ...] = ()
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class CardFacts:
    """What is known of a case; what is not known is left at its default.

    Attributes
    ----------
    case : its name
    names : structures' names by label value
    standings : its numbers among those of the pool
    regions : in which mask and student differ, or None where the student was not asked
    thickness : mm from one axial slice to the next
    drawer : who made the mask, "teacher" or "accepted mask"
    mask, student : traits of the mask, and of the student's
    experts : traits of the expert cases, without this one and the held-out ones
    trust, informativeness : over the training
    minutes : what its correction is expected to take
    """

    case: str
    names: Names
    standings: tuple[Standing, ...] = ()
    regions: Sequence[Difference] | None = None
    thickness: float = 1.0
    drawer: str = "teacher"
    mask: MaskTraits | None = None
    student: MaskTraits | None = None
    experts: Mapping[str, MaskTraits] = field(default_factory=dict)
    trust: Series = Series()
    informativeness: Series = Series()
    minutes: Estimate | None = None


@dataclass(frozen=True)
class CaseCard:
    """The card of a case.

    Attributes
    ----------
    case : its name
    sentence : what was measured, '' where nothing was
    question : whether it looks unusual or wrong, '' where the numbers do not say so
    standings : the numbers behind its rank
    trust, informativeness : over the training
    slices : axial slices to look at first, from 0, the one with most to see first
    nearest : the expert case that is nearest by what the student sees, or None
    minutes : what its correction is expected to take, or None
    """

    case: str
    sentence: str
    question: str
    standings: tuple[Standing, ...]
    trust: Series
    informativeness: Series
    slices: tuple[int, ...]
    nearest: Neighbour | None
    minutes: Estimate | None


def case_card(facts: CardFacts) -> CaseCard:
    """Put what is known of a case on its card; nothing else is on it."""
    experts = facts.experts
    # what the student sees does not depend on whether the mask is right
    near = None if facts.student is None else nearest(facts.student, experts)
    clauses = [
        *regions_words(facts.regions, facts.names, facts.drawer),
        agreement_words(facts.standings),
        *structures_words(facts.mask, list(experts.values()), facts.names),
    ]
    return CaseCard(
        facts.case,
        sentence=" ".join(clause for clause in clauses if clause),
        question=unusual_or_wrong(near, facts.standings),
        standings=facts.standings,
        trust=facts.trust,
        informativeness=facts.informativeness,
        slices=slices_to_see(facts.regions or (), facts.thickness),
        nearest=near,
        minutes=facts.minutes,
    )


def slices_to_see(regions: Sequence[Difference], thickness: float) -> tuple[int, ...]:
    """The axial slices to look at first.

    Parameters
    ----------
    regions : in which mask and student differ beyond their borders
    thickness : mm from one slice to the next

    Returns
    -------
    At most :data:`SLICES`, those with most voxels of regions first, each :data:`APART_MM` from
    those before it.
    """
    left = np.zeros(max((one.box[0].stop for one in regions), default=0))
    for one in regions:
        left[one.box[0]] += one.voxels.sum((1, 2))
    apart = max(int(np.ceil(APART_MM / thickness)), 1)
    found: list[int] = []
    while len(found) < SLICES and left.any():
        best = int(left.argmax())
        found.append(best)
        left[max(best - apart + 1, 0) : best + apart] = 0
    return tuple(found)
