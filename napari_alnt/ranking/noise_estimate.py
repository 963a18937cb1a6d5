"""The noise audit: what share of the teacher's masks is wrong, from the cases a human has looked at
so far.

Whoever works down the queue sees the worst masks first, so the share among those is far too high
for the pool. The place in the queue tells the two apart: P(wrong) is taken to fall from the queue's
top to its end, as

    p_i = f + (1 − f) σ(√(1 + π b² / 8) · logit s + b z_i)        z_i = Φ⁻¹((rank_i − ½) / n),
    highest at the top

with s the share of wrong masks that the queue can tell, b ≥ 0 how well it tells them, f the share
of those it cannot; the root makes the mean of σ(…) over the pool s, whatever b. The posterior of
(s, b, f) is summed on a grid, which is exact, needs no solver, and behaves where the looks are few
or all alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from scipy.stats import beta, norm, rankdata

Floats = npt.NDArray[np.float64]

_SHARES = (np.arange(30) + 0.5) / 30
_SLOPES = np.linspace(0, 7, 15)
_FLOORS = np.array([0.0, 0.05])
_S, _B, _F = (axis.ravel() for axis in np.meshgrid(_SHARES, _SLOPES, _FLOORS, indexing="ij"))
# weak: a third wrong, give or take; a queue that mostly tells, but need not
_PRIOR = beta.logpdf(_S, 1.2, 2.4) + norm.logpdf(_B, 3, 2)
_DRAWS = 4000


@dataclass(frozen=True)
class NoiseAudit:
    """The share of wrong teacher masks in the pool as it was, with a 90 % interval ``low`` …
    ``high``.

    It comes from ``looked`` of ``pool`` cases; a mask whose Dice with the accepted one lies under
    ``wrong_below`` is wrong. ``str()`` says it in a sentence.
    """

    share: float
    low: float
    high: float
    looked: int
    pool: int
    wrong_below: float = 0.7

    def __str__(self) -> str:
        means = f"wrong means Dice below {self.wrong_below:g}."
        share, low, high = (round(100 * part) for part in (self.share, self.low, self.high))
        if self.looked == self.pool:
            return f"{share} % of the teacher's masks are wrong, with all {self.pool} cases looked at; {means}"
        looks = f"from {self.looked} of {self.pool} cases looked at"
        return f"About {share} % of the teacher's masks are wrong (90 % interval {low}–{high} %), {looks}; {means}"


def estimate(priority: Floats, wrong: Mapping[int, bool], wrong_below: float = 0.7) -> NoiseAudit:
    """Share = (wrong among those looked at + Σ p_i over the others) / n.

    ``priority`` (n_cases,) is higher for what comes first in the queue, nan where that is not
    known; ``wrong`` says of the cases looked at, by index, whether the mask was wrong. The interval
    comes from draws of (s, b, f) and, of each case not looked at, of wrong or right; it takes the
    queue's order as the only hint by which cases were picked. Looks at the top alone say little of
    the rest; :func:`spread` names those that do.
    """
    scores, number = _normal_scores(priority), len(priority)
    curves, weights = _posterior(scores, wrong)
    others = [index for index in np.argsort(scores, kind="stable") if index not in wrong]
    found, rng = sum(wrong.values()), np.random.default_rng(0)
    drawn = curves[rng.choice(len(weights), _DRAWS, p=weights)][:, others]
    totals = (found + (rng.random(drawn.shape) < drawn).sum(axis=1)) / number
    share = float(found + (weights @ curves[:, others]).sum()) / number
    low, high = np.quantile(totals, [0.05, 0.95])
    return NoiseAudit(
        share, min(float(low), share), max(float(high), share), len(wrong), number, wrong_below
    )


def spread(
    priority: Floats, count: int, wrong: Mapping[int, bool] | None = None
) -> tuple[int, ...]:
    """The ``count`` cases to look at next for the narrowest estimate, most telling first, by index.

    With K the covariance of right and wrong, K_ij = Cov(p_i, p_j) + [i = j] E p_i (1 − p_i),
    looking at case i takes (Σ_j K_ij)² / K_ii off the variance of the share, were all Gaussian; it
    is picked greedily, and K conditioned on it. Looks that know of those before (``wrong``) tell
    more than as many planned at once.
    """
    wrong = wrong or {}
    curves, weights = _posterior(_normal_scores(priority), wrong)
    covariance, picked = _covariance(curves, weights), list(wrong)
    covariance[picked], covariance[:, picked] = 0, 0  # what is known varies no more
    while len(picked) < min(len(wrong) + count, len(priority)):
        gain = covariance.sum(axis=1) ** 2 / np.maximum(covariance.diagonal(), 1e-12)
        gain[picked] = -1
        best = int(gain.argmax())
        covariance -= np.outer(covariance[best], covariance[best]) / max(
            covariance[best, best], 1e-12
        )
        picked.append(best)
    return tuple(picked[len(wrong) :])


@dataclass(frozen=True, eq=False)
class Looks:
    """A project's looks: the ``cases`` of the pool as it was, their ``priority`` (n_cases,), and
    which were wrong.
    """

    cases: tuple[str, ...]
    priority: Floats
    wrong: Mapping[int, bool]
    wrong_below: float

    @property
    def ranked(self) -> bool:
        """Whether the pool has been ranked."""
        return bool((~np.isnan(self.priority)).any())

    def audit(self) -> NoiseAudit | None:
        """The estimate; None before a look or a ranking."""
        return (
            estimate(self.priority, self.wrong, self.wrong_below)
            if self.wrong and self.ranked
            else None
        )

    def next(self, count: int) -> tuple[str, ...]:
        """The cases whose looks would narrow the estimate most; none before a ranking."""
        return (
            tuple(self.cases[index] for index in spread(self.priority, count, self.wrong))
            if self.ranked
            else ()
        )


def sort_again(places: Mapping[str, float], priority: Mapping[str, float]) -> dict[str, float]:
    """Places (0 … 1, higher first) after a ranking: the cases it scored are sorted among the places
    they held.

    So a case that was looked at, and is scored no more, keeps its place in the pool as it was, and
    no priority of one student is compared with that of another. A case without a place takes its
    part of the ranking.
    """
    order = sorted(priority, key=lambda case: priority[case])
    held = sorted(places.get(case, (rank + 0.5) / len(order)) for rank, case in enumerate(order))
    return {**places, **dict(zip(order, held, strict=True))}


def _normal_scores(priority: Floats) -> Floats:
    """z_i = Φ⁻¹((rank_i − ½) / n) among the known, (n_cases,); ties shared, 0 where the place is
    not known.
    """
    known = ~np.isnan(priority)
    scores = np.zeros(len(priority))
    scores[known] = norm.ppf((rankdata(priority[known]) - 0.5) / max(known.sum(), 1))
    return scores


def _posterior(scores: Floats, wrong: Mapping[int, bool]) -> tuple[Floats, Floats]:
    """The curves p (n_grid, n_cases) of all (s, b, f), and how likely each is after the looks,
    (n_grid,).
    """
    tilt = np.sqrt(1 + np.pi * _B**2 / 8) * logit(_S)
    curves = _F[:, None] + (1 - _F[:, None]) * expit(tilt[:, None] + _B[:, None] * scores)
    curves = np.clip(curves, 1e-9, 1 - 1e-9)
    bad, good = (
        [index for index, is_wrong in wrong.items() if bool(is_wrong) is kind]
        for kind in (True, False)
    )
    likely = _PRIOR + np.log(curves[:, bad]).sum(axis=1) + np.log1p(-curves[:, good]).sum(axis=1)
    weights = np.exp(likely - likely.max())
    return curves, weights / weights.sum()


def _covariance(curves: Floats, weights: Floats) -> Floats:
    mean = weights @ curves
    apart = curves - mean
    covariance = (apart * weights[:, None]).T @ apart
    covariance[np.diag_indices_from(covariance)] = mean * (1 - mean)
    return np.asarray(covariance)
