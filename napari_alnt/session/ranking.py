"""From a case's scores to its place in the queue.

A ranking is a function ``(CaseScores) -> priority (n_cases,)``, higher first, and one entry in :data:`RANKINGS`.
Scores are un-normalised and come from the scoring pass (``core.scoring``), so cases can be compared.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from napari_alnt.events import CaseScored

Floats = npt.NDArray[np.float64]
Ranking = Callable[["CaseScores"], Floats]


@dataclass(frozen=True, eq=False)
class CaseScores:
    """The scores of n pool cases, each an array ``(n_cases,)``; nan where a case could not be scored.

    Their meaning is that of :class:`~napari_alnt.events.CaseScored`, with ``head_cosine`` averaged over the ledger.
    """

    cases: tuple[str, ...]
    trust: Floats
    cosine: Floats
    head_cosine: Floats
    informativeness: Floats
    loss: Floats
    entropy: Floats
    dice: Floats
    foreground: Floats
    norm: Floats
    head_trust: Floats
    voxel_trust: Floats
    self_informativeness: Floats
    soft_dice: Floats
    label_difference: Floats
    self_confidence: Floats
    labelled: Floats
    seed: int = 0

    @classmethod
    def of(
        cls, scored: Sequence[CaseScored], past: Mapping[str, Sequence[CaseScored]] | None = None, seed: int = 0
    ) -> CaseScores:
        """The newest scores, with ``head_cosine`` averaged over the ledger's ``past`` scores of the same case.

        Each ranking counts by how loud the gradients were in it, ρ = ‖G‖‖g‖ = trust / cosine (G the case's, g the
        experts'): trust speaks while the student learns, and fades into noise as both gradients do.
        """
        ordered = sorted(scored, key=lambda score: score.case)
        names = [item.name for item in dataclasses.fields(cls) if item.name not in ("cases", "seed")]
        columns = {name: np.array([getattr(score, name) for score in ordered], dtype=float) for name in names}
        if past:
            columns["head_cosine"] = np.array([_average(past.get(score.case, ()), score) for score in ordered])
        return cls(cases=tuple(score.case for score in ordered), seed=seed, **columns)


def _average(past: Sequence[CaseScored], newest: CaseScored) -> float:
    """Σ_t ρ_t cos_t / Σ_t ρ_t over the rankings t in which both are known."""
    loud = [(score.head_cosine, score.trust / score.cosine) for score in past if score.cosine]
    known = [(cosine, weight) for cosine, weight in loud if np.isfinite(cosine) and np.isfinite(weight) and weight > 0]
    if not known:
        return newest.head_cosine
    cosines, weights = zip(*known, strict=True)
    return float(np.average(cosines, weights=weights))


def _rank01(values: Floats) -> Floats:
    """Ranks scaled to 0…1, ties shared; what could not be scored counts as the middle."""
    known = np.isfinite(values)
    scaled = np.full(values.shape, 0.5)
    if known.sum() > 1:
        scaled[known] = (rankdata(values[known]) - 1) / (known.sum() - 1)
    return scaled


def alnt(scores: CaseScores) -> Floats:
    """Lowest trust, highest informativeness: ``0.9 (1 − r(trust)) + 0.1 r(informativeness)``.

    r is the rank among the cases, scaled to 0…1; trust is the cosine with the expert gradient in the last layer,
    averaged over the rankings so far (:meth:`CaseScores.of`). Informativeness only decides between cases of like
    trust: measured with the teacher's label, it is largest for large, good masks.
    """
    return 0.9 * (1 - _rank01(scores.head_cosine)) + 0.1 * _rank01(scores.informativeness)


def disagreement(scores: CaseScores) -> Floats:
    """``1 − Dice(student, teacher)`` over the foreground classes."""
    return np.nan_to_num(1 - scores.dice, nan=0.0)


def entropy(scores: CaseScores) -> Floats:
    """The student's mean voxel entropy where it or the teacher sees a structure, ``−Σ_c p_c log p_c / log C``."""
    return np.nan_to_num(scores.entropy, nan=0.0)


def loss(scores: CaseScores) -> Floats:
    """Mean cross-entropy + soft Dice of the student against the teacher's mask, over the scored patches."""
    return np.nan_to_num(scores.loss, nan=np.inf)


def random(scores: CaseScores) -> Floats:
    """Uniform in 0…1 from the project's seed."""
    return np.random.default_rng(scores.seed).random(len(scores.cases))


def foreground_random(scores: CaseScores) -> Floats:
    """Random, but cases in which neither teacher nor student marks a voxel come last (after nnActive, TMLR 2025)."""
    return random(scores) + (scores.foreground > 0)


RANKINGS: dict[str, Ranking] = {
    rule.__name__: rule for rule in (alnt, disagreement, entropy, loss, random, foreground_random)
}
