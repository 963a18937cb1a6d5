"""From a case's scores to its place in the queue.

A ranking is a function ``(CaseScores) -> priority (n_cases,)``, higher first, and one entry in
:data:`RANKINGS`. Scores are un-normalised and come from the scoring pass (``core.scoring``), so
cases can be compared.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from napari_alnt.events import CaseScored

Floats = npt.NDArray[np.float64]
Ranking = Callable[["CaseScores"], Floats]


MISSED = 0.05
"""Share of structures that a teacher is taken to leave out altogether."""


@dataclass(frozen=True, eq=False)
class CaseScores:
    """The scores of n pool cases, each an array ``(n_cases,)``; nan where a case could not be
    scored.

    They are those of the newest ranking, as :class:`~napari_alnt.events.CaseScored` tells them;
    only ``agreement`` and ``path``, of which trust is made, look back over the ledger
    (:func:`look_back`).
    """

    cases: tuple[str, ...]
    agreement: Floats
    path: Floats
    trust: Floats
    cosine: Floats
    head_cosine: Floats
    informativeness: Floats
    loss: Floats
    entropy: Floats
    dice: Floats
    foreground: Floats
    self_informativeness: Floats
    seed: int = 0

    @classmethod
    def of(
        cls,
        scored: Sequence[CaseScored],
        past: Mapping[str, Sequence[CaseScored]] | None = None,
        seed: int = 0,
    ) -> CaseScores:
        """The newest scores, and what ``past`` scores of the same cases, oldest first, add to
        them.
        """
        ordered = sorted(scored, key=lambda score: score.case)
        names = {item.name for item in dataclasses.fields(CaseScored)} & {
            item.name for item in dataclasses.fields(cls)
        }
        columns = {
            name: np.array([getattr(score, name) for score in ordered], dtype=float)
            for name in names
        }
        agreement, path = look_back(
            {score.case: [*(past or {}).get(score.case, [])] or [score] for score in ordered}
        )
        return cls(
            cases=tuple(score.case for score in ordered),
            agreement=agreement,
            path=path,
            seed=seed,
            **columns,
        )


def look_back(past: Mapping[str, Sequence[CaseScored]]) -> tuple[Floats, Floats]:
    """Agreement and path ``(n_cases,)`` of cases sorted by name: means over each one's rankings.

    A ranking counts by how well its student drew the structures (:class:`Judged`). Path is −ℓ, the
    loss of the mask under the student: summed over the steps of training, the product of the mask's
    gradient with the way the student went is ℓ(first) − ℓ(now), and first all masks are alike.
    """
    rankings: dict[int, list[CaseScored]] = defaultdict(list)
    for scores in past.values():
        for score in scores:
            rankings[score.step].append(score)
    seen: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for scored in rankings.values():
        judged = Judged.of(scored)
        for score, agreement in zip(scored, judged.agreement.tolist(), strict=True):
            seen[score.case].append((agreement, -score.loss, judged.skill))
    means = np.array([_weighed(seen[case]) for case in sorted(past)]).reshape(-1, 2)
    return means[:, 0], means[:, 1]


@dataclass(frozen=True, eq=False)
class Judged:
    """One ranking's masks judged by its student: ``agreement (n_cases,)`` in 0…1, and the student's
    mean ``skill``.

    Agreement is the mean over the structures, weighted by the student's skill in each, of their
    Dice where the mask marks the structure, 2 shared / (marked + drawn), and elsewhere of the
    chance that there is none, q s / (q s + (1 − q) drawn). s is what the student typically draws
    beside a mask, 1 + the median of drawn − shared; q is the chance that an empty mask is right,
    the share of empty masks against that of those which a teacher leaves out (:data:`MISSED`).
    Skill in a structure is the median Dice over the masks that mark it: who cannot draw a thing yet
    cannot say whether it was left out.
    """

    agreement: Floats
    skill: float

    @classmethod
    def of(cls, scored: Sequence[CaseScored]) -> Judged:
        """Judge the cases of one ranking."""
        if not all(
            score.marked for score in scored
        ):  # scores of an earlier napari-alnt did not count voxels
            return cls(np.array([score.dice for score in scored], float), 1.0)
        counts = [
            np.array([getattr(score, name) for score in scored], float)
            for name in ("marked", "drawn", "shared")
        ]
        columns = [
            _of_structure(*(count[:, index] for count in counts))
            for index in range(counts[0].shape[1])
        ]
        skills = np.array([skill for _, skill in columns]) + _LITTLE
        return cls(
            np.average([column for column, _ in columns], axis=0, weights=skills),
            float(skills.mean()),
        )


_LITTLE = 1e-9  # so that a student without any skill still gives a mean


def _of_structure(marked: Floats, drawn: Floats, shared: Floats) -> tuple[Floats, float]:
    """Each case's agreement in one structure, and the student's skill in it."""
    there = marked > 0
    dice = 2 * shared / np.maximum(marked + drawn, 1)
    beside = 1 + (float(np.median((drawn - shared)[there])) if there.any() else 0.0)
    empty = (np.count_nonzero(~there) + 0.5) / len(marked)
    right = empty / (empty + MISSED * there.mean())
    none = right * beside / (right * beside + (1 - right) * drawn)
    return np.where(there, dice, none), float(np.median(dice[there])) if there.any() else 0.0


def _weighed(values: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Means of the first two columns, weighted by the third; what is not known counts nowhere."""
    table = np.array(values)
    weights = table[:, 2:] * np.isfinite(table[:, :2])
    total = weights.sum(axis=0)
    sums = (np.nan_to_num(table[:, :2]) * weights).sum(axis=0)
    agreement, path = np.where(total > 0, sums / np.where(total > 0, total, 1), np.nan)
    return float(agreement), float(path)


def _rank01(values: Floats) -> Floats:
    """Ranks scaled to 0…1, ties shared; what could not be scored counts as the middle."""
    known = np.isfinite(values)
    scaled = np.full(values.shape, 0.5)
    if known.sum() > 1:
        scaled[known] = (rankdata(values[known]) - 1) / (known.sum() - 1)
    return scaled


def alnt(scores: CaseScores) -> Floats:
    """Lowest trust, highest informativeness: ``0.95 (1 − trust) + 0.05 r(informativeness)``.

    Trust is ``(2 r(agreement) + r(path)) / 3``, r the rank among the cases scaled to 0…1;
    informativeness is taken with the student's own label and only decides between cases of like
    trust.
    """
    trust = (2 * _rank01(scores.agreement) + _rank01(scores.path)) / 3
    return 0.95 * (1 - trust) + 0.05 * _rank01(scores.self_informativeness)


def disagreement(scores: CaseScores) -> Floats:
    """``1 − Dice(student, teacher)`` over the foreground classes."""
    return np.nan_to_num(1 - scores.dice, nan=0.0)


def entropy(scores: CaseScores) -> Floats:
    """The student's mean voxel entropy where it or the teacher sees a structure, ``−Σ_c p_c log p_c
    / log C``.
    """
    return np.nan_to_num(scores.entropy, nan=0.0)


def loss(scores: CaseScores) -> Floats:
    """Mean cross-entropy + soft Dice of the student against the teacher's mask, over the scored
    patches.
    """
    return np.nan_to_num(scores.loss, nan=np.inf)


def random(scores: CaseScores) -> Floats:
    """Uniform in 0…1 from the project's seed."""
    return np.random.default_rng(scores.seed).random(len(scores.cases))


def foreground_random(scores: CaseScores) -> Floats:
    """Random, but cases in which neither teacher nor student marks a voxel come last (after
    nnActive, TMLR 2025).
    """
    return random(scores) + (scores.foreground > 0)


RANKINGS: dict[str, Ranking] = {
    rule.__name__: rule for rule in (alnt, disagreement, entropy, loss, random, foreground_random)
}
