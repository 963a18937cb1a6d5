"""Trust, and the rules that sort the queue: from the scores of all cases to one number each.

A ranking is a function ``(CaseScores) -> priority (n_cases,)``, higher first, and one entry in
:data:`RANKINGS`; another package declares its own as an entry point in the group
``napari_alnt.rankings``. A rule reads a score by its name, ``scores.column("entropy")``. Scores
come from the scoring pass (``core.scoring``) and are not normalised, so that cases can be compared.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from napari_alnt import extensions
from napari_alnt.errors import AlntError
from napari_alnt.events import CaseScored

Floats = npt.NDArray[np.float64]
Past = Mapping[str, Sequence[CaseScored]]
"""Per case, its scores of every ranking so far, oldest first."""
Ranking = Callable[["CaseScores"], Floats]

MISS_RATE = 0.05
"""Share of structures that a teacher is taken to leave out altogether."""

_EPS = 1e-9


@dataclass(frozen=True, eq=False)
class CaseScores:
    """The scores of n cases, in the order of their names.

    Attributes
    ----------
    cases : names of the cases
    newest : the scores of each case's newest ranking
    agreement : agreement of mask and prediction ``(n_cases,)`` in 0…1, see
        :class:`RankingJudgement`; the mean over past rankings
    mean_loss : loss of the mask under the student ``(n_cases,)``, the mean over past rankings
    seed : the project's seed, for rules that draw at random
    minutes : what the correction of each case is expected to take ``(n_cases,)``, nan where it is
        not known; None where nobody has estimated it
    """

    cases: tuple[str, ...]
    newest: tuple[CaseScored, ...]
    agreement: Floats
    mean_loss: Floats
    seed: int = 0
    minutes: Floats | None = None

    @classmethod
    def of(
        cls, past: Past, seed: int = 0, minutes: Mapping[str, float] | None = None
    ) -> CaseScores:
        """The scores of all cases that have been scored at least once, with the minutes that their
        correction is expected to take.
        """
        known = {case: past[case] for case in sorted(past) if past[case]}
        agreement, mean_loss = average_over_rankings(known)
        newest = tuple(scores[-1] for scores in known.values())
        taken = np.array([minutes.get(case, math.nan) for case in known]) if minutes else None
        return cls(tuple(known), newest, agreement, mean_loss, seed, taken)

    def column(self, name: str) -> Floats:
        """One score of the newest ranking ``(n_cases,)``; nan where it is unknown."""
        return np.array([one.score(name) for one in self.newest], dtype=float)


def average_over_rankings(past: Past) -> tuple[Floats, Floats]:
    """Means of agreement and loss over all rankings, weighted by the skill of each student.

    An early student that draws the structures badly therefore counts little. −ℓ is trust integrated
    over the training: ``∫⟨−∇ℓ, dθ⟩ = ℓ(first) − ℓ(now)``, and for the first student, which knows
    nothing, all masks have nearly the same loss.

    Parameters
    ----------
    past : per case, its scores of every ranking, oldest first

    Returns
    -------
    agreement : ``(n_cases,)`` in 0…1, in the order of ``past``; nan where it is unknown
    mean_loss : ``(n_cases,)``, likewise
    """
    rankings: dict[int, list[CaseScored]] = defaultdict(list)
    for scores in past.values():
        for score in scores:
            rankings[score.step].append(score)
    seen: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    # a ranking is judged as a whole: what is typical in it needs all of its cases
    for scored in rankings.values():
        judgement = RankingJudgement.of(scored)
        for score, agreement in zip(scored, judgement.agreement.tolist(), strict=True):
            seen[score.case].append((agreement, score.score("loss"), judgement.skill))
    means = np.array([_weighted_means(seen[case]) for case in past]).reshape(-1, 2)
    return means[:, 0], means[:, 1]


@dataclass(frozen=True, eq=False)
class RankingJudgement:
    """The masks of one ranking, judged by its student.

    The agreement of a case is the mean over the structures, weighted by the student's skill in
    each, of

    - the Dice, 2 overlap / (mask + predicted), where the mask marks the structure;
    - the probability that there is none, q s / (q s + (1 − q) predicted), where it does not.
      s = 1 + median(predicted − overlap) is what the student typically predicts beside a mask; q is
      the probability that an empty mask is right, from the share of empty masks and
      :data:`MISS_RATE`.

    Skill in a structure is the median Dice over the masks that mark it: a student that cannot draw
    a structure yet cannot tell whether it was left out.

    Attributes
    ----------
    agreement : agreement of each mask with the prediction ``(n_cases,)``, 0…1
    skill : mean of the student's skill over the structures, 0…1
    """

    agreement: Floats
    skill: float

    @classmethod
    def of(cls, scored: Sequence[CaseScored]) -> RankingJudgement:
        """Judge the cases of one ranking."""
        # scores of the first versions did not count voxels
        if not all(score.structures for score in scored):
            return cls(np.array([score.score("dice") for score in scored], float), 1.0)
        judged = [_judge_structure(scored, index) for index in range(len(scored[0].structures))]
        # a little more than 0, so that the weights do not vanish while no structure is drawn yet
        skills = np.array([skill for _, skill in judged]) + _EPS
        agreement = np.average([column for column, _ in judged], axis=0, weights=skills)
        return cls(agreement, float(skills.mean()))


def _judge_structure(scored: Sequence[CaseScored], index: int) -> tuple[Floats, float]:
    """Each case's agreement in one structure ``(n_cases,)``, and the student's skill in it."""
    counts = [score.structures[index] for score in scored]
    mask = np.array([one.mask_voxels for one in counts], float)
    predicted = np.array([one.predicted_voxels for one in counts], float)
    overlap = np.array([one.overlap_voxels for one in counts], float)
    marked = mask > 0
    dice = 2 * overlap / np.maximum(mask + predicted, 1)
    skill = float(np.median(dice[marked])) if marked.any() else 0.0
    beside = 1 + (float(np.median((predicted - overlap)[marked])) if marked.any() else 0.0)
    # Bayes: an empty mask is right, or the teacher left out a structure that is there; adding half
    # a case smooths the share of empty masks where there are few
    empty = (np.count_nonzero(~marked) + 0.5) / len(mask)
    right = empty / (empty + MISS_RATE * marked.mean())
    none = right * beside / (right * beside + (1 - right) * predicted)
    return np.where(marked, dice, none), skill


def _weighted_means(values: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Means of the first two columns, weighted by the third; an unknown value has no weight."""
    table = np.array(values)
    weights = table[:, 2:] * np.isfinite(table[:, :2])
    total = weights.sum(axis=0)
    sums = (np.nan_to_num(table[:, :2]) * weights).sum(axis=0)
    means = np.where(total > 0, sums / np.where(total > 0, total, 1), np.nan)
    return float(means[0]), float(means[1])


def _rank01(values: Floats) -> Floats:
    """Ranks scaled to 0…1, ties shared; an unknown value gets the middle."""
    known = np.isfinite(values)
    scaled = np.full(values.shape, 0.5)
    if known.sum() > 1:
        scaled[known] = (places(values[known]) - 1) / (known.sum() - 1)
    return scaled


def places(values: Floats) -> Floats:
    """Ranks from 1 on, ties shared."""
    # it takes half a second to import, and every command and child would wait for it at its start
    from scipy.stats import rankdata

    ranks: Floats = rankdata(values)
    return ranks


def trust(scores: CaseScores) -> Floats:
    """Trust ``(n_cases,)`` in 0…1: ``(2 r(agreement) + r(−mean_loss)) / 3``.

    r is the rank among the cases, scaled to 0…1. This is the number that the rule ``alnt`` sorts
    by, and that every table and picture shows as the trust of a case.
    """
    # 2 : 1 was chosen on splits of the benchmark other than those that are reported
    return (2 * _rank01(scores.agreement) + _rank01(-scores.mean_loss)) / 3


def place(status: str, priority: float, number: int) -> tuple[int, float, int]:
    """What the queue is sorted by, least first: skipped cases after the others, accepted ones last.

    Within each, higher priority comes first; cases without a score, whose priority is nan, come
    last, in the order of their numbers.
    """
    group = {"skipped": 1, "accepted": 2}.get(status, 0)
    return group, math.inf if math.isnan(priority) else -priority, number


def informativeness(scores: CaseScores) -> Floats:
    """Mean gradient of the last layer, with the student's prediction as the label ``(n_cases,)``.

    After BADGE (Ash et al., ICLR 2020). This is the number that the rule ``alnt`` uses, and that
    every table and picture shows as the informativeness of a case.
    """
    return scores.column("self_informativeness")


def alnt(scores: CaseScores) -> Floats:
    """Lowest trust, highest informativeness: ``0.95 (1 − trust) + 0.05 r(informativeness)``.

    Informativeness only decides between cases of nearly the same trust.
    """
    return 0.95 * (1 - trust(scores)) + 0.05 * _rank01(informativeness(scores))


def disagreement(scores: CaseScores) -> Floats:
    """``1 − Dice(prediction, teacher)``, the mean over the structures."""
    return np.nan_to_num(1 - scores.column("dice"), nan=0.0)


def entropy(scores: CaseScores) -> Floats:
    """Mean voxel entropy where student or teacher marks a structure, ``−Σ_c p_c ln p_c / ln C``."""
    return np.nan_to_num(scores.column("entropy"), nan=0.0)


def loss(scores: CaseScores) -> Floats:
    """Mean cross-entropy + soft Dice loss of the teacher's mask, over the scored patches."""
    return np.nan_to_num(scores.column("loss"), nan=np.inf)


def gain(scores: CaseScores) -> Floats:
    """What a correction is expected to bring ``(n_cases,)``: ``(1 − trust)²``, 0…1.

    The square leaves the middle of the pool, where most masks are right, with little of it.
    """
    return (1 - trust(scores)) ** 2


def gain_per_minute(scores: CaseScores) -> Floats:
    """:func:`gain` over the minutes that the correction is expected to take.

    A case whose minutes are not known takes the median of the others; where none is known, the
    order is that of the gain.
    """
    minutes = scores.minutes
    if minutes is None or not np.isfinite(minutes).any():
        return gain(scores)
    minutes = np.where(np.isfinite(minutes), minutes, np.nanmedian(minutes))
    return gain(scores) / np.maximum(minutes, _EPS)


def random(scores: CaseScores) -> Floats:
    """Uniform in 0…1 from the project's seed."""
    return np.random.default_rng(scores.seed).random(len(scores.cases))


def foreground_random(scores: CaseScores) -> Floats:
    """Random, but cases in which neither teacher nor student marks a voxel come last.

    After *foreground-aware random* of nnActive (TMLR 2025).
    """
    return random(scores) + (scores.column("foreground") > 0)


RANKINGS: dict[str, Ranking] = {
    rule.__name__: rule
    for rule in (
        alnt, gain_per_minute, disagreement, entropy, loss, random, foreground_random,
    )
}  # fmt: skip
"""Our rankings by their names in the settings."""


def names() -> tuple[str, ...]:
    """The names of all rankings: ours, and those that installed packages declare."""
    return tuple(dict.fromkeys((*RANKINGS, *extensions.names(extensions.RANKINGS))))


def rule(name: str) -> Ranking:
    """The ranking of that name; one from another package is checked whenever it is called.

    Raises
    ------
    AlntError
        If there is no such ranking, or, when called, if it does not give one finite number a case.
    """
    if name in RANKINGS:
        return RANKINGS[name]
    if name not in names():
        raise AlntError(f"There is no ranking '{name}'; there are {', '.join(names())}.")
    return partial(_checked, name, extensions.load(extensions.RANKINGS, name))


def _checked(name: str, ranking: Ranking, scores: CaseScores) -> Floats:
    """The priority ``(n_cases,)`` by a ranking of another package."""
    if not scores.cases:
        return np.zeros(0)
    # anything may happen in somebody else's function
    try:
        priority = np.asarray(ranking(scores), dtype=float)
    except Exception as error:
        raise AlntError(
            f"The ranking '{name}' failed ({type(error).__name__}: {error}); choose another, or"
            " update the package that declares it."
        ) from error
    if priority.shape != (len(scores.cases),) or not np.isfinite(priority).all():
        raise AlntError(
            f"The ranking '{name}' must give a finite number for each of {len(scores.cases)} cases,"
            f" but it gave an array of the shape {priority.shape} of which"
            f" {np.count_nonzero(np.isfinite(priority))} are finite; choose another, or update the"
            " package that declares it."
        )
    return priority
