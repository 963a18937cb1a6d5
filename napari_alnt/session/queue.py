"""The queue: the pool in priority order, as the window, the terminal and the report show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from napari_alnt.data import Case, Role
from napari_alnt.events import NAN
from napari_alnt.ranking import CaseScores, informativeness, place, rule, trust
from napari_alnt.session.history import History

HEADINGS = {"number": "no", "share": "weight share", "dice": "Dice with teacher"}
"""Headings of the queue's columns that differ from the field's name in :class:`QueueRow`."""


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue; nan where nothing is known yet.

    Attributes
    ----------
    case, number, status : which case it is, and how far the work on it has come
    trust : trust of the teacher's mask, 0…1: see :func:`napari_alnt.ranking.trust`
    agreement : agreement of mask and prediction, 0…1, the mean over past rankings
    informativeness : see :func:`napari_alnt.ranking.informativeness`
    share : the case's share of all weights in the newest epoch that used it
    dice : Dice of the prediction with the teacher's mask
    priority : what the chosen ranking gives; higher comes first
    """

    case: str
    number: int
    status: str
    trust: float = NAN
    agreement: float = NAN
    informativeness: float = NAN
    share: float = NAN
    dice: float = NAN
    priority: float = NAN


@dataclass(frozen=True)
class ExpertRow:
    """One line of the lists of cases that have had an expert mask from the start, or have it now.

    Attributes
    ----------
    case, number, status, role : see :class:`napari_alnt.data.Case`
    version : number of the accepted version in use; 0 for the mask that was there at the start
    """

    case: str
    number: int
    status: str
    role: Role
    version: int


def expert_rows(cases: Iterable[Case], held_out: bool) -> tuple[ExpertRow, ...]:
    """The cases with an expert mask that train the networks or, ``held_out``, only test them."""
    return tuple(
        ExpertRow(case.name, case.number, case.status, case.role, case.version)
        for case in cases
        if case.role != "pool" and (case.role == "test") == held_out
    )


def build_queue(
    cases: Sequence[Case], history: History, ranking: str, seed: int
) -> tuple[QueueRow, ...]:
    """The rows of these cases, highest priority first; skipped cases follow, then accepted ones.

    Only cases of the pool that have been scored have a trust and a priority.

    Raises
    ------
    AlntError
        If there is no such ranking, or that of an installed package does not fit.
    """
    pool = [case.name for case in cases if case.role == "pool"]
    # trust is a rank among these cases, so an accepted case, which is no longer scored, has none
    past = {name: history.scores.get(name, ()) for name in pool}
    scores = CaseScores.of(past, seed, history.minutes)
    columns = {
        "trust": trust(scores),
        "agreement": scores.agreement,
        "informativeness": informativeness(scores),
        "dice": scores.column("dice"),
        "priority": rule(ranking)(scores),
    }
    known = {
        name: {column: float(values[index]) for column, values in columns.items()}
        for index, name in enumerate(scores.cases)
    }
    rows = [
        QueueRow(
            case.name,
            case.number,
            case.status,
            share=history.share(case.name),
            **known.get(case.name, {}),
        )
        for case in cases
    ]
    return tuple(sorted(rows, key=lambda row: place(row.status, row.priority, row.number)))
