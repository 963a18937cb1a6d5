"""What the benchmark measures: how well a ranking finds wrong masks, and intervals of paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata, spearmanr

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def auroc(priority: Floats, wrong: Flags) -> float:
    """Chance that a wrong case comes before a right one, ties half; nan if there are none of either.

    ``priority (n,)``, ``wrong (n,)``. The Mann-Whitney statistic, (Σ ranks of the wrong − n₁(n₁+1)/2) / n₁n₀.
    """
    ones, zeros = int(wrong.sum()), int((~wrong).sum())
    if not ones or not zeros:
        return float("nan")
    return float((rankdata(priority)[wrong].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def precision_at(priority: Floats, wrong: Flags, count: int) -> float:
    """Share of wrong cases among the first ``count`` of the queue, out of those that could be: Σ wrong / min(k, n₁)."""
    first = np.argsort(-priority, kind="stable")[:count]
    possible = min(count, int(wrong.sum()))
    return float(wrong[first].sum() / possible) if possible else float("nan")


def within_strata(priority: Floats, wrong: Flags, size: Floats, strata: int = 3) -> float:
    """AUROC over pairs of like size only: the mean over thirds by ``size (n,)``, weighted by the pairs in each."""
    order = np.array_split(np.argsort(size, kind="stable"), strata)
    pairs = np.array([wrong[part].sum() * (~wrong[part]).sum() for part in order], dtype=float)
    values = np.array([auroc(priority[part], wrong[part]) for part in order])
    return float(np.average(values[pairs > 0], weights=pairs[pairs > 0])) if pairs.any() else float("nan")


def rank_correlation(priority: Floats, badness: Floats) -> float:
    """Spearman's ρ of priority with an error, both ``(n,)``; nan where either is constant."""
    known = np.isfinite(badness)
    if known.sum() < 3 or np.ptp(priority[known]) == 0 or np.ptp(badness[known]) == 0:
        return float("nan")
    return float(spearmanr(priority[known], badness[known])[0])


@dataclass(frozen=True)
class Interval:
    """A mean with the bounds of its interval, and how many seeds and patients stand behind it."""

    mean: float
    low: float
    high: float
    seeds: int
    patients: int


Difference = tuple[int, str, float]
"""Seed, patient and a paired difference seen there."""


def paired(differences: Sequence[Difference], draws: int = 4000, level: float = 0.95) -> Interval:
    """The mean of paired differences with a bootstrap interval over both seeds and patients.

    The cases of a seed share one pair of trained students, and a patient may be seen with several seeds, so neither
    counts as new evidence each time: seeds and patients are drawn with replacement, independently, and a difference
    weighs as often as both were drawn (the two-way, or pigeonhole, bootstrap; Owen, Ann Appl Stat 2007).
    """
    known = [(seed, patient, d) for seed, patient, d in differences if np.isfinite(d)]
    if not known:
        return Interval(float("nan"), float("nan"), float("nan"), 0, 0)
    (seeds, by_seed), (patients, by_patient) = (
        np.unique([one[column] for one in known], return_inverse=True) for column in (0, 1)
    )
    values, rng = np.array([d for _, _, d in known]), np.random.default_rng(0)
    drawn = [rng.multinomial(len(names), [1 / len(names)] * len(names), draws) for names in (seeds, patients)]
    weights = drawn[0][:, by_seed] * drawn[1][:, by_patient]
    weights = weights[weights.sum(1) > 0]
    low, high = np.quantile(weights @ values / weights.sum(1), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(low), float(high), len(seeds), len(patients))
