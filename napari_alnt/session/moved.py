"""What is different since a correction: the held-out cases, and like cases in the queue."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from napari_alnt.data import Project
from napari_alnt.data.intake.preview import counted
from napari_alnt.events import NAN, CaseScored, Tested
from napari_alnt.ranking import CaseScores, rule
from napari_alnt.ranking.rules import Floats
from napari_alnt.session.card_words import listed
from napari_alnt.session.dice_interval import dice_interval
from napari_alnt.session.history import History

SIMILAR = 5
"""Cases that count as like the corrected one."""


@dataclass(frozen=True)
class Move:
    """A like case and its places in the queue before and since, from 1, among the same cases."""

    case: str
    before: int
    since: int


@dataclass(frozen=True)
class Moved:
    """What is different since a correction was trained with; nothing here says why.

    Attributes
    ----------
    case : the corrected case
    dice_before, dice_since : mean Dice of the held-out cases at the last test before and the newest
        one; nan where there is none
    change, low, high : of that mean over the cases tested both times, and its interval over cases
    held_out : how many those are
    similar : like cases that were ranked before and since, the most like one first
    """

    case: str
    dice_before: float = NAN
    dice_since: float = NAN
    change: float = NAN
    low: float = NAN
    high: float = NAN
    held_out: int = 0
    similar: tuple[Move, ...] = ()

    @property
    def sentence(self) -> str:
        """The changes in words; '' where nothing is known yet."""
        parts = [part for part in (self._dice, self._queue) if part]
        return f"Since the correction of {self.case}: {'; '.join(parts)}." if parts else ""

    @property
    def _dice(self) -> str:
        if math.isnan(self.change):
            return ""
        said = (
            f"Dice on {counted(self.held_out, 'held-out case')} {self.dice_before:.3f} before and"
            f" {self.dice_since:.3f} now ({self.change:+.3f}"
        )
        if math.isnan(self.low):
            return f"{said})"
        return f"{said}, 95 % interval {self.low:+.3f} to {self.high:+.3f})"

    @property
    def _queue(self) -> str:
        if not self.similar:
            return ""
        rose = [move for move in self.similar if move.since < move.before]
        fell = [move for move in self.similar if move.since > move.before]
        moves = [_those(rose, "rose"), _those(fell, "fell")]
        moves = [one for one in moves if one] or ["none moved"]
        one = len(self.similar) == 1
        like = "the like case" if one else f"the {len(self.similar)} like cases"
        return f"of {like} in the queue {' and '.join(moves)}"


def _those(moves: Sequence[Move], verb: str) -> str:
    if not moves:
        return ""
    places = [f"{one.case} from {one.before} to {one.since}" for one in moves]
    return f"{len(moves)} {verb} ({listed(places)})"


def what_moved(project: Project, history: History, case: str) -> Moved | None:
    """What is different since the newest correction of a case; None until it is trained with.

    Before are the last test and ranking up to the step at which the training took it up, since are
    the newest ones after it. Other corrections that were taken up meanwhile are in it, too.
    """
    steps = [one.step for one in history.taken_up.found if case in one.cases]
    if not steps:
        return None
    found = _tests(Moved(case), history.test_results, steps[-1])
    return dataclasses.replace(found, similar=_similar(project, history, case, steps[-1]))


def _tests(moved: Moved, tests: Sequence[Tested], step: int) -> Moved:
    before = [one for one in tests if one.step <= step]
    since = [one for one in tests if one.step > step]
    if not before or not since:
        return moved
    old, new = ({one.case: one.dice for one in tests[-1].cases} for tests in (before, since))
    both = [name for name in new if math.isfinite(new[name]) and math.isfinite(old.get(name, NAN))]
    if not both:
        return moved
    # the interval of the mean of the differences: the same cases were tested twice
    kept = [one for one in since[-1].cases if one.case in both]
    pairs = [dataclasses.replace(one, dice=new[one.case] - old[one.case]) for one in kept]
    low, high = dice_interval(dataclasses.replace(since[-1], cases=tuple(pairs)))
    first, second = (float(np.mean([dice[name] for name in both])) for dice in (old, new))
    return dataclasses.replace(
        moved,
        dice_before=first,
        dice_since=second,
        change=second - first,
        low=low,
        high=high,
        held_out=len(both),
    )


def _similar(project: Project, history: History, case: str, step: int) -> tuple[Move, ...]:
    """The places of the cases most like the corrected one, by the project's ranking."""
    past = {name: scores for name, scores in history.scores.items() if scores}
    pool = {one.name for one in project.by_role("pool")}
    before = {
        name: [one for one in scores if one.step <= step]
        for name, scores in past.items()
        if name in pool
    }
    both = [name for name, scores in before.items() if scores and past[name][-1].step > step]
    like = _like(_as_scored(project, case), {name: past[name][-1] for name in both})
    places = [_places(project, {name: scores[name] for name in both}) for scores in (before, past)]
    return tuple(Move(name, places[0][name], places[1][name]) for name in like)


def _as_scored(project: Project, case: str) -> CaseScored | None:
    """The newest scores of a case's teacher mask, from before it was corrected."""
    found = [
        one for scores in project.runs.rankings().values() for one in scores if one.case == case
    ]
    return found[-1] if found else None


def _like(corrected: CaseScored | None, others: Mapping[str, CaseScored]) -> list[str]:
    """The cases whose masks and predictions have most nearly the same volumes, nearest first."""
    if corrected is None or not corrected.structures:
        return []
    own = _volumes(corrected)
    far = {
        name: float(np.linalg.norm(_volumes(one) - own))
        for name, one in others.items()
        if len(one.structures) == len(corrected.structures)
    }
    return sorted(far, key=lambda name: (far[name], name))[:SIMILAR]


def _volumes(scored: CaseScored) -> Floats:
    """Doublings of the volumes of each structure in the mask and in the prediction."""
    counts = [(one.mask_voxels, one.predicted_voxels) for one in scored.structures]
    return np.asarray(np.log2(1 + np.array(counts, float)).ravel())


def _places(project: Project, past: Mapping[str, Sequence[CaseScored]]) -> dict[str, int]:
    """Each case's place in the order of the project's ranking, from 1."""
    settings = project.settings
    scores = CaseScores.of(past, settings.seed)
    priority = rule(settings.ranking)(scores)
    order = sorted(range(len(scores.cases)), key=lambda index: (-priority[index], index))
    return {scores.cases[index]: place for place, index in enumerate(order, start=1)}
