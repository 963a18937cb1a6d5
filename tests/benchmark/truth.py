"""What only the simulation knows: what is wrong with each mask, and what correcting it costs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from napari_alnt.simulation import CLEAN, CorrectionCost

Noise = Literal["planted", "natural"]
WRONG_SHARE = 0.2
"""Of natural noise, the share of lowest true Dice that counts as wrong."""


@dataclass(frozen=True)
class CaseTruth:
    """What only the simulation knows of a pool case.

    ``corruption`` is what is wrong with its mask, ``cost`` what correcting it takes, ``size_ml``
    the true volume.
    """

    patient: str
    corruption: str
    cost: CorrectionCost
    size_ml: float

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> CaseTruth:
        """From the plain values of :meth:`to_dict`."""
        cost = CorrectionCost(**values["cost"])
        return cls(values["patient"], values["corruption"], cost, values["size_ml"])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)

    @property
    def dice(self) -> float:
        """Dice of the mask with the truth; two empty masks agree."""
        return float(np.nan_to_num(self.cost.dice, nan=1.0))


def wrong_masks(truth: Mapping[str, CaseTruth], noise: Noise) -> dict[str, bool]:
    """Which masks are wrong: the corrupted ones, or the fifth of lowest true Dice."""
    if noise == "planted":
        return {name: case.corruption != CLEAN for name, case in truth.items()}
    # by name where the Dice is the same, so that nothing depends on the order of the cases
    order = sorted(truth, key=lambda name: (truth[name].dice, name))
    worst = set(order[: max(1, round(WRONG_SHARE * len(order)))])
    return {name: name in worst for name in truth}


def wrong_below(truth: Mapping[str, CaseTruth], wrong: Mapping[str, bool]) -> float:
    """The Dice below which a mask counts as wrong.

    Half-way between the best wrong mask and the worst right one above it.
    """
    best = max((truth[name].dice for name in wrong if wrong[name]), default=0.0)
    # a right mask may be worse than a wrong one: jittered edges of a thin structure cost Dice
    right = (case.dice for name, case in truth.items() if not wrong[name] and case.dice > best)
    return round((best + min(right, default=1.0)) / 2, 4)
