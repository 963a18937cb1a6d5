"""Where a case stands in the pool: each number behind its rank, and its spread over rankings."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_alnt.events import CaseScored
from napari_alnt.ranking import CaseScores, informativeness, trust
from napari_alnt.ranking.rules import Floats, Past, RankingJudgement

NAMES = ("trust", "agreement", "loss", "informativeness")
"""The numbers, in the order in which they are shown."""


@dataclass(frozen=True)
class Standing:
    """One number of a case among those of the pool.

    Attributes
    ----------
    name : which number, one of :data:`NAMES`
    value : as the queue shows it; agreement and loss are means over the rankings
    lower_than, higher_than : how many of the other cases have a higher or a lower number
    others : other cases of the pool whose number is known
    low, high : the least and greatest that one ranking alone gives; nan where there is none
    rankings : how many rankings that was
    """

    name: str
    value: float
    lower_than: int
    higher_than: int
    others: int
    low: float
    high: float
    rankings: int


class PoolStandings:
    """The standings of all cases of a pool; made once for a queue, it answers for every case."""

    def __init__(self, past: Past, seed: int = 0) -> None:
        """``past`` has the scores of every case of the pool, of each ranking, oldest first."""
        scores = CaseScores.of(past, seed)
        self._place = {case: index for index, case in enumerate(scores.cases)}
        self._columns = _columns(scores, scores.agreement, scores.mean_loss)
        self._single: dict[str, list[dict[str, float]]] = defaultdict(list)
        for scored in _rankings(past):
            alone = CaseScores.of({one.case: [one] for one in scored}, seed)
            # the mean of one ranking has no weight where the student cannot draw yet
            columns = _columns(
                alone, RankingJudgement.of(alone.newest).agreement, alone.column("loss")
            )
            for index, case in enumerate(alone.cases):
                self._single[case].append(
                    {name: float(values[index]) for name, values in columns.items()}
                )

    def of(self, case: str) -> tuple[Standing, ...]:
        """The numbers of a case that are known; () where it was never scored."""
        if case not in self._place:
            return ()
        found = [self._standing(name, case) for name in NAMES]
        return tuple(one for one in found if math.isfinite(one.value))

    def _standing(self, name: str, case: str) -> Standing:
        column = self._columns[name]
        value = float(column[self._place[case]])
        others = np.delete(column, self._place[case])
        others = others[np.isfinite(others)]
        single = [one[name] for one in self._single[case] if math.isfinite(one[name])]
        return Standing(
            name,
            value,
            lower_than=int(np.count_nonzero(others > value)),
            higher_than=int(np.count_nonzero(others < value)),
            others=len(others),
            low=min(single, default=math.nan),
            high=max(single, default=math.nan),
            rankings=len(single),
        )


def _columns(scores: CaseScores, agreement: Floats, loss: Floats) -> dict[str, Floats]:
    return {
        "trust": trust(scores),
        "agreement": agreement,
        "loss": loss,
        "informativeness": informativeness(scores),
    }


def _rankings(past: Past) -> list[Sequence[CaseScored]]:
    """The scores of each ranking, oldest first."""
    rankings: dict[int, list[CaseScored]] = defaultdict(list)
    for scores in past.values():
        for score in scores:
            rankings[score.step].append(score)
    return [rankings[step] for step in sorted(rankings)]
