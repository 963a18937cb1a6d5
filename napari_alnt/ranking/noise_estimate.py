"""The label-noise estimate: what share of the teacher's masks is wrong, from the cases reviewed.

Whoever works down the queue sees the worst masks first, so the share of wrong masks among the
reviewed cases is far too high for the pool. The model corrects for this: the probability that a
mask is wrong falls from the top of the queue to its end, as

    p_i = f + (1 − f) σ(√(1 + π b² / 8) · logit s + b z_i)
    z_i = Φ⁻¹((rank_i − ½) / n), highest at the top

with s the share of wrong masks that the queue can find, b ≥ 0 how well it finds them, and f the
share of those that it cannot find. The root makes the mean of σ(…) over the pool about s for every
b. The posterior of (s, b, f) is summed on a grid: this needs no solver, and is stable where few
cases were reviewed or all are right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtri

from napari_alnt.ranking.rules import Floats, places

_SHARES = (np.arange(30) + 0.5) / 30
_SLOPES = np.linspace(0, 7, 15)
_FLOORS = np.array([0.0, 0.05])
# (3, n_grid): s, b and f of every grid point
_GRID = np.stack(np.meshgrid(_SHARES, _SLOPES, _FLOORS, indexing="ij")).reshape(3, -1)
# logarithm of a beta (1.2, 2.4) and a normal (3, 2) distribution, but for a constant: weak, as
# about a third is wrong, and the queue mostly finds them, but need not
_PRIOR = 0.2 * np.log(_GRID[0]) + 1.4 * np.log1p(-_GRID[0]) - (_GRID[1] - 3) ** 2 / 8
_DRAWS = 4000


@dataclass(frozen=True)
class NoiseEstimate:
    """The share of wrong teacher masks in the pool as it was made; ``str()`` is a sentence.

    Attributes
    ----------
    share : the estimated share of wrong masks, 0…1
    low, high : its 90 % interval
    reviewed : number of cases that a human has reviewed
    pool : number of cases that had a teacher mask when the project was made
    wrong_below : a mask is wrong if its Dice with the accepted one lies below this
    """

    share: float
    low: float
    high: float
    reviewed: int
    pool: int
    wrong_below: float = 0.7

    def __str__(self) -> str:
        wrong = f"{100 * self.share:.0f} % of the teacher's masks are wrong"
        means = f"wrong means Dice below {self.wrong_below:g}."
        if self.reviewed == self.pool:
            return f"{wrong}, with all {self.pool} cases reviewed; {means}"
        interval = f"90 % interval {100 * self.low:.0f}–{100 * self.high:.0f} %"
        reviews = f"from {self.reviewed} of {self.pool} cases reviewed"
        return f"About {wrong} ({interval}), {reviews}; {means}"


def estimate(
    priority: Floats, wrong: Mapping[int, bool], wrong_below: float = 0.7
) -> NoiseEstimate:
    """Share = (number wrong among the reviewed + Σ p_i over the others) / n.

    The interval comes from draws of (s, b, f), and of right or wrong for each case that was not
    reviewed. It takes the queue's order as the only hint by which cases were picked. Reviews of the
    top alone say little about the rest; :func:`select_informative` names cases that say more.

    Parameters
    ----------
    priority : ``(n_cases,)``, higher for what comes first in the queue, nan where unknown
    wrong : of each reviewed case, by its index, whether the teacher's mask was wrong
    wrong_below : the Dice below which a mask counts as wrong, for the sentence

    Returns
    -------
    The share with its 90 % interval.
    """
    number = len(priority)
    scores = _normal_scores(priority)
    curves, weights = _posterior(scores, wrong)
    # in the queue's order, so that the draws do not depend on how the cases are called
    others = [index for index in np.argsort(scores, kind="stable") if index not in wrong]
    found = sum(wrong.values())
    rng = np.random.default_rng(0)
    drawn = curves[rng.choice(len(weights), _DRAWS, p=weights)][:, others]
    totals = (found + (rng.random(drawn.shape) < drawn).sum(axis=1)) / number
    share = float(found + (weights @ curves[:, others]).sum()) / number
    low, high = np.quantile(totals, [0.05, 0.95])
    # the mean of a skewed distribution may lie outside of its quantiles
    return NoiseEstimate(
        share, min(float(low), share), max(float(high), share), len(wrong), number, wrong_below
    )


def select_informative(
    priority: Floats, count: int, wrong: Mapping[int, bool] | None = None
) -> tuple[int, ...]:
    """The cases to review next for the narrowest estimate, the most useful first, by index.

    With K the covariance of right and wrong, K_ij = Cov(p_i, p_j) + [i = j] E p_i (1 − p_i),
    reviewing case i lowers the variance of the share by (Σ_j K_ij)² / K_ii, were all Gaussian. The
    best case is picked greedily, and K conditioned on it. Picking a few, reviewing them and picking
    again gives a narrower estimate than picking all at once.

    Parameters
    ----------
    priority : ``(n_cases,)``, higher for what comes first in the queue, nan where unknown
    count : how many cases to pick
    wrong : of each reviewed case, by its index, whether the teacher's mask was wrong

    Returns
    -------
    The indices of at most ``count`` cases that have not been reviewed.
    """
    wrong = wrong or {}
    curves, weights = _posterior(_normal_scores(priority), wrong)
    covariance = _covariance(curves, weights)
    picked = list(wrong)
    # what is known does not vary
    covariance[picked] = 0
    covariance[:, picked] = 0
    while len(picked) < min(len(wrong) + count, len(priority)):
        gain = covariance.sum(axis=1) ** 2 / np.maximum(covariance.diagonal(), 1e-12)
        gain[picked] = -1
        best = int(gain.argmax())
        picked.append(best)
        # the Gaussian's covariance given case best: K − k kᵀ / k_best
        row = covariance[best].copy()
        covariance -= np.outer(row, row) / max(row[best], 1e-12)
    return tuple(picked[len(wrong) :])


@dataclass(frozen=True, eq=False)
class Reviews:
    """A project's reviews: which teacher masks a human has judged, and where each stood.

    Attributes
    ----------
    cases : names of the cases that had a teacher mask when the project was made
    priority : their places in the queue ``(n_cases,)``, higher first, nan where unknown
    wrong : of each reviewed case, by its index, whether the teacher's mask was wrong
    wrong_below : the Dice with the accepted mask below which one is wrong
    """

    cases: tuple[str, ...]
    priority: Floats
    wrong: Mapping[int, bool]
    wrong_below: float

    @property
    def ranked(self) -> bool:
        """Whether the pool has been ranked."""
        return bool((~np.isnan(self.priority)).any())

    def estimate(self) -> NoiseEstimate | None:
        """The label-noise estimate; None before a review or a ranking."""
        if not self.wrong or not self.ranked:
            return None
        return estimate(self.priority, self.wrong, self.wrong_below)

    def next(self, count: int) -> tuple[str, ...]:
        """The cases whose review would narrow the estimate most; none before a ranking."""
        if not self.ranked:
            return ()
        picked = select_informative(self.priority, count, self.wrong)
        return tuple(self.cases[index] for index in picked)


def merge_ranking(places: Mapping[str, float], priority: Mapping[str, float]) -> dict[str, float]:
    """Places (0…1, higher first) after a ranking: the cases it scored exchange their places.

    A case that was accepted is not scored again, so it keeps its place, and no priority by one
    student is compared with one by another. A case without a place gets its place among the cases
    that this ranking scored.

    Parameters
    ----------
    places : per case, its place before
    priority : per case that was scored, its priority, higher first

    Returns
    -------
    The place of every case of either.
    """
    order = sorted(priority, key=lambda case: priority[case])
    held = sorted(places.get(case, (rank + 0.5) / len(order)) for rank, case in enumerate(order))
    return {**places, **dict(zip(order, held, strict=True))}


def _normal_scores(priority: Floats) -> Floats:
    """z_i = Φ⁻¹((rank_i − ½) / n) ``(n_cases,)``; ties are shared, an unknown place gives 0."""
    known = ~np.isnan(priority)
    scores = np.zeros(len(priority))
    scores[known] = ndtri((places(priority[known]) - 0.5) / max(known.sum(), 1))
    return scores


def _posterior(scores: Floats, wrong: Mapping[int, bool]) -> tuple[Floats, Floats]:
    """The curves p of every grid point, and the posterior of the grid points.

    Parameters
    ----------
    scores : z ``(n_cases,)``
    wrong : of each reviewed case, by its index, whether its mask was wrong

    Returns
    -------
    curves : p ``(n_grid, n_cases)``
    weights : probability of each grid point given the reviews ``(n_grid,)``, of sum 1
    """
    share, slope, floor = _GRID[:, :, None]
    curves = floor + (1 - floor) * expit(
        np.sqrt(1 + np.pi * slope**2 / 8) * logit(share) + slope * scores
    )
    curves = np.clip(curves, 1e-9, 1 - 1e-9)
    bad = [index for index, is_wrong in wrong.items() if is_wrong]
    good = [index for index, is_wrong in wrong.items() if not is_wrong]
    log_posterior = _PRIOR + np.log(curves[:, bad]).sum(axis=1)
    log_posterior += np.log1p(-curves[:, good]).sum(axis=1)
    # the largest is taken off, lest all of them underflow
    weights = np.exp(log_posterior - log_posterior.max())
    return curves, weights / weights.sum()


def _covariance(curves: Floats, weights: Floats) -> Floats:
    """K ``(n_cases, n_cases)`` of right and wrong, see :func:`select_informative`."""
    mean = weights @ curves
    deviation = curves - mean
    covariance = (deviation * weights[:, None]).T @ deviation
    # Var(p_i) + E p_i (1 − p_i) of a Bernoulli variable is E p_i (1 − E p_i)
    covariance[np.diag_indices_from(covariance)] = mean * (1 - mean)
    return np.asarray(covariance)
