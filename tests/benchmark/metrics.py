"""What the study measures.

How well a ranking detects wrong masks, what a loop's curve comes to, and intervals of paired
differences.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata, spearmanr

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Curve = list[list[float]]
"""Points of (cases corrected, minutes, test Dice)."""


def mean_known(values: Iterable[float | None]) -> float:
    """The mean of the values that are finite; nan if none is."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return math.fsum(known) / len(known) if known else math.nan


# detection of wrong masks -------------------------------------------------------------------------


def auroc(priority: Floats, wrong: Flags) -> float:
    """Chance that a wrong case comes before a right one, ties counted half.

    The Mann-Whitney statistic, (Σ ranks of the wrong − n₁(n₁ + 1)/2) / (n₁ n₀).

    Parameters
    ----------
    priority : (n,)
        Higher for what comes first in the queue.
    wrong : (n,)
        Whether the case's mask is wrong.

    Returns
    -------
    float
        0 … 1, 0.5 for a ranking that knows nothing; nan without a wrong or without a right case.
    """
    ones = int(wrong.sum())
    zeros = len(wrong) - ones
    if not ones or not zeros:
        return math.nan
    # ties share their mean rank, which counts them half
    return float((rankdata(priority)[wrong].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def precision_at(priority: Floats, wrong: Flags, count: int) -> float:
    """Share of wrong cases among the first k, of those that could be there.

    Σ wrong / min(k, n₁), with n₁ wrong cases in all.

    Parameters
    ----------
    priority : (n,)
        Higher for what comes first in the queue.
    wrong : (n,)
        Whether the case's mask is wrong.
    count
        The k first cases that are looked at.

    Returns
    -------
    float
        0 … 1; nan if no case is wrong.
    """
    # stable: ties stay in the order of the cases' names, in every run
    first = np.argsort(-priority, kind="stable")[:count]
    possible = min(count, int(wrong.sum()))
    return float(wrong[first].sum() / possible) if possible else math.nan


def within_strata(priority: Floats, wrong: Flags, size: Floats, strata: int = 3) -> float:
    """AUROC over pairs of similar size only, so that "smallest first" gains nothing.

    Parameters
    ----------
    priority : (n,)
        Higher for what comes first in the queue.
    wrong : (n,)
        Whether the case's mask is wrong.
    size : (n,)
        Voxels of each mask; only their order counts.
    strata
        Groups of equal number that the cases are divided into by size.

    Returns
    -------
    float
        The mean over the groups, each weighted by its pairs of a wrong and a right case; nan if
        there is no such pair.
    """
    order = np.array_split(np.argsort(size, kind="stable"), strata)
    pairs = np.array([wrong[part].sum() * (~wrong[part]).sum() for part in order], dtype=float)
    # a group without a wrong or without a right case has no pair to judge by
    if not pairs.any():
        return math.nan
    values = np.array([auroc(priority[part], wrong[part]) for part in order])
    return float(np.average(values[pairs > 0], weights=pairs[pairs > 0]))


def rank_correlation(priority: Floats, badness: Floats) -> float:
    """Spearman's ρ of a ranking with an error.

    Parameters
    ----------
    priority : (n,)
        Higher for what comes first in the queue.
    badness : (n,)
        The true error of each mask; cases in which it is not finite are left out.

    Returns
    -------
    float
        −1 … 1; nan for fewer than three cases, or where either is constant.
    """
    known = np.isfinite(badness)
    if known.sum() < 3 or np.ptp(priority[known]) == 0 or np.ptp(badness[known]) == 0:
        return math.nan
    return float(spearmanr(priority[known], badness[known])[0])


# curves of the loop -------------------------------------------------------------------------------


def minutes_to(curve: Curve, target: float) -> float:
    """Minutes at which a curve first reaches a Dice, linear between its points; inf if never."""
    before = curve[0]
    if before[2] >= target:
        return before[1]
    for point in curve[1:]:
        if point[2] >= target:
            part = (target - before[2]) / (point[2] - before[2])
            return before[1] + part * (point[1] - before[1])
        before = point
    return math.inf


def area(curve: Curve, limit: float) -> float:
    """Mean Dice over the first ``limit`` minutes of a curve; its last value is kept to the end."""
    minutes = np.array([point[1] for point in curve])
    dice = np.array([point[2] for point in curve])
    # interp holds the last value where the curve ends before the limit
    return float(np.interp(np.linspace(0, limit, 200), minutes, dice).mean())


# paired differences -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval, and how many seeds and patients stand behind it."""

    mean: float
    low: float
    high: float
    seeds: int
    patients: int


Difference = tuple[int, str, float]
"""Seed, patient and a paired difference seen there."""


def paired(differences: Sequence[Difference], draws: int = 4000, level: float = 0.95) -> Interval:
    """The mean of paired differences with a bootstrap interval over both seeds and patients.

    The cases of a seed share one pair of trained students, and a patient may be seen with several
    seeds, so neither counts as new evidence each time: seeds and patients are drawn with
    replacement, independently, and a difference weighs as often as both were drawn (the two-way, or
    pigeonhole, bootstrap; Owen, Ann Appl Stat 2007).
    """
    known = [one for one in differences if math.isfinite(one[2])]
    if not known:
        return Interval(math.nan, math.nan, math.nan, 0, 0)
    seeds, by_seed = np.unique([seed for seed, _, _ in known], return_inverse=True)
    patients, by_patient = np.unique([patient for _, patient, _ in known], return_inverse=True)
    values = np.array([value for _, _, value in known])
    # always the same draws, so that a table can be made again to the last digit
    rng = np.random.default_rng(0)
    of_seed = rng.multinomial(len(seeds), [1 / len(seeds)] * len(seeds), draws)
    of_patient = rng.multinomial(len(patients), [1 / len(patients)] * len(patients), draws)
    weights = of_seed[:, by_seed] * of_patient[:, by_patient]
    weights = weights[weights.sum(axis=1) > 0]  # a draw may miss every pair that was seen
    means = weights @ values / weights.sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(low), float(high), len(seeds), len(patients))
