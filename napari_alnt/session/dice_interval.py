"""How sure the mean Dice of the held-out cases is, from the Dice of each of them."""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

from napari_alnt.events import NAN, Tested

RESAMPLES = 1000
"""Times the cases are drawn anew, with replacement."""
LEVEL = 0.95
"""Share of the resampled means that lie in the interval."""


@functools.lru_cache(maxsize=4096)
def dice_interval(tested: Tested) -> tuple[float, float]:
    """Low and high end of the mean Dice, by a bootstrap over the cases.

    It says how much the mean would vary with other held-out cases of the same kind, not how much it
    would with another training. nan where there are fewer than two cases with a Dice: nothing is
    known of their spread then.
    """
    dice = np.array([case.dice for case in tested.cases if math.isfinite(case.dice)])
    if len(dice) < 2:
        return NAN, NAN
    low, high = np.quantile(_draws(len(dice)) @ dice, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return float(low), float(high)


@functools.lru_cache(maxsize=8)
def _draws(count: int) -> npt.NDArray[np.float64]:
    """``(RESAMPLES, count)``, how often each case is drawn, as a share.

    They are the same at every step, so that the band does not shiver from one step to the next.
    """
    random = np.random.default_rng(0)
    return random.multinomial(count, np.full(count, 1 / count), RESAMPLES) / count
