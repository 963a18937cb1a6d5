"""What the benchmark measures: how well a ranking finds wrong masks, and intervals of paired differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    possible = min(count, int(wrong.sum()), len(wrong))
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
    """A mean with the bounds of its interval; ``n`` independent units stand behind it."""

    mean: float
    low: float
    high: float
    n: int


def paired(differences: Mapping[str, Sequence[float]], draws: int = 4000, level: float = 0.95) -> Interval:
    """The mean of paired differences with a bootstrap interval over patients.

    ``differences`` holds, per patient, every difference seen on that patient (cases, seeds): they are drawn together,
    so that a patient seen five times does not count as five.
    """
    groups = [np.array([d for d in values if np.isfinite(d)]) for values in differences.values()]
    groups = [group for group in groups if len(group)]
    if not groups:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    sums, counts = np.array([g.sum() for g in groups]), np.array([len(g) for g in groups])
    picks = np.random.default_rng(0).integers(0, len(groups), (draws, len(groups)))
    means = sums[picks].sum(1) / counts[picks].sum(1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(sums.sum() / counts.sum()), float(low), float(high), len(groups))
