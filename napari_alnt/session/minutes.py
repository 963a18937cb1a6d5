"""The minutes a correction takes, learnt from the timings of the one who corrects."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from napari_alnt.events import NAN
from napari_alnt.ranking.rules import Floats

ENOUGH = 3
"""Timings that are needed to learn from them."""
PRIOR = (0.75, 0.15, 0.0, 0.03)
"""Minutes before anything is learnt: for opening a case and going through it, for each region, each
slice touched, and each cm² of a region's outline. They give about what the simulation's cost model
does, whose wrong places are fewer and whose contours shorter; its numbers are round ones that no
reader was timed for.
"""
_SCALE = (0.75, 0.25, 0.05, 0.05)
"""How far each may reasonably be from the prior, in minutes."""
PRIOR_BAND = 2.0
"""Before much is known, a correction may take that many times more or less."""
LEVEL = 0.8
"""Share of corrections whose minutes lie in the interval."""
_NOISE = 0.5
"""Minutes by which timings differ for no reason: how much they count against the prior."""


@dataclass(frozen=True)
class Work:
    """What a correction changes.

    Attributes
    ----------
    regions : connected regions that change
    slices : axial slices that they lie in
    cm2 : area of their outlines, in cm²
    """

    regions: float = 0.0
    slices: float = 0.0
    cm2: float = 0.0


@dataclass(frozen=True)
class Timing:
    """The work on one case, and the minutes that it took.

    ``estimated`` are those that were expected when it was accepted, nan where nothing was said.
    """

    case: str
    work: Work
    minutes: float
    estimated: float = NAN


@dataclass(frozen=True)
class Estimate:
    """The minutes that a correction is expected to take, as far as the student is right: a student
    that errs makes it too long.

    Attributes
    ----------
    minutes : the estimate
    low, high : that :data:`LEVEL` of corrections lie between, or with few timings the widest that
        is known
    timings : how many of this user's corrections it was learnt from; 0 if it is the prior's
    """

    minutes: float
    low: float
    high: float
    timings: int

    @property
    def sentence(self) -> str:
        """The estimate in words, and what it rests on."""
        spread = f"{self.low:.1f}–{self.high:.1f}"
        said = f"About {minutes_words(self.minutes)} ({spread}) if the student is right"
        if not self.timings:
            return f"{said}, by round numbers; yours are learnt from {ENOUGH} timed corrections on."
        return f"{said}, learnt from {self.timings} of your corrections."


@dataclass(frozen=True)
class MinutesModel:
    """Minutes from work: ``open + region · regions + slice · slices + cm2 · cm²``.

    Attributes
    ----------
    minutes : the four prices
    low, high : of the interval, as parts of the estimate
    timings : how many it was learnt from; 0 if the prices are the prior's
    """

    minutes: tuple[float, float, float, float] = PRIOR
    low: float = 1 / PRIOR_BAND
    high: float = PRIOR_BAND
    timings: int = 0

    @classmethod
    def learnt(cls, timings: Sequence[Timing]) -> MinutesModel:
        """The model of a user with these timings; with fewer than :data:`ENOUGH` the prior.

        The prices are not negative, keep near the prior's, which the user's pace has been put on,
        and make the sum of absolute errors small, so that one long pause does not count for much.
        """
        if len(timings) < ENOUGH:
            return cls()
        errors = _left_out(timings)
        low, high = _band([one.minutes / estimate for one, estimate in errors])
        return cls(_prices(timings), low, high, len(timings))

    def estimate(self, work: Work) -> Estimate:
        """The minutes that this work is expected to take."""
        minutes = float(_row(work) @ np.array(self.minutes))
        return Estimate(minutes, minutes * self.low, minutes * self.high, self.timings)


def mean_error(timings: Sequence[Timing]) -> tuple[float, float]:
    """Mean absolute error in minutes of the learnt model and of the prior over a user's history.

    Each timing is estimated by a model learnt from the others; nan with fewer than one more than
    :data:`ENOUGH`, as then those that are left are too few.
    """
    if len(timings) <= ENOUGH:
        return NAN, NAN
    learnt = [abs(one.minutes - estimate) for one, estimate in _left_out(timings)]
    prior = [abs(one.minutes - MinutesModel().estimate(one.work).minutes) for one in timings]
    return statistics.fmean(learnt), statistics.fmean(prior)


def error_sentence(timings: Sequence[Timing]) -> str:
    """How far estimates are off for this user, in words; '' while that is not known."""
    learnt, _ = mean_error(timings)
    if math.isnan(learnt):
        return ""
    return (
        f"Over your {len(timings)} timed corrections the estimate is off by"
        f" {minutes_words(learnt)} on average, each one estimated from the others."
    )


def said_error(timings: Sequence[Timing]) -> float:
    """Mean absolute error in minutes of the estimates that the user was shown; nan without any."""
    errors = [abs(one.minutes - one.estimated) for one in timings]
    known = [error for error in errors if math.isfinite(error)]
    return statistics.fmean(known) if known else NAN


def minutes_words(minutes: float) -> str:
    """Minutes to one digit after the point, of ten and more without."""
    return f"{minutes:.1f} min" if minutes < 9.95 else f"{minutes:.0f} min"


def _row(work: Work) -> Floats:
    return np.array([1.0, work.regions, work.slices, work.cm2])


def _left_out(timings: Sequence[Timing]) -> list[tuple[Timing, float]]:
    """Each timing, and what a model learnt from the others makes of it."""
    found = []
    for index, one in enumerate(timings):
        others = [*timings[:index], *timings[index + 1 :]]
        found.append((one, float(_row(one.work) @ np.array(_prices(others)))))
    return found


def _prices(timings: Sequence[Timing]) -> tuple[float, float, float, float]:
    rows = np.array([_row(one.work) for one in timings])
    spent = np.array([one.minutes for one in timings])
    prior = np.array(PRIOR)
    # the user's pace: a few timings are enough for it, and a single odd one does not change it
    prior = prior * float(np.median(spent / (rows @ prior)))
    near = np.diag(_NOISE / np.array(_SCALE))
    prices = prior
    # least squares with weights of 1 / error come to the least absolute errors
    for _ in range(20):
        weights = np.sqrt(_NOISE / np.maximum(np.abs(spent - rows @ prices), _NOISE / 10))
        left = np.vstack([rows * weights[:, None], near])
        prices, _residual = nnls(left, np.concatenate([spent * weights, near @ prior]))
    first, region, slice_, cm2 = prices.tolist()
    # nobody opens a case in no time
    return max(first, 0.05), region, slice_, cm2


def _band(parts: Sequence[float]) -> tuple[float, float]:
    """Low and high end of real over estimated minutes: of the values, so many lie between that the
    next one does so with a chance of :data:`LEVEL`; with few, the widest that is known.
    """
    ordered = sorted(parts)
    out = int((len(ordered) + 1) * (1 - LEVEL) / 2 + 1e-9)
    if not out:
        return min(ordered[0], 1 / PRIOR_BAND), max(ordered[-1], PRIOR_BAND)
    return ordered[out - 1], ordered[-out]
