"""Trust along the path: how far the steps so far have brought each pool case's loss down, beside
the others'.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from napari_alnt.core import StepReport

MEMORY = 0.7
"""Part of a running mean that stays when a new sample comes."""
ALL = ""
"""The key of the running mean over all cases; no case has an empty name."""


class Standing:
    """Running means of each case's loss over that of all cases, as plain values so that a
    checkpoint can hold them.

    ⟨∇ℓ_i, −Δθ⟩ summed over the steps is ℓ_i(first) − ℓ_i(now): trust integrated along the path that
    the student has taken. All cases start alike, so the order of the losses now is the order of
    that integral.
    """

    def __init__(self, masks: Mapping[str, str], kept: dict[str, float] | None = None) -> None:
        """``masks`` gives the hash of each pool case's mask; what was ``kept`` of other masks is
        dropped.
        """
        self._keys = {case: f"{case} {sha[:16]}" for case, sha in masks.items()}
        here = {ALL, *self._keys.values()}
        self.means = {key: mean for key, mean in (kept or {}).items() if key in here}

    def add(self, report: StepReport) -> None:
        """Take in one step's losses."""
        known = [
            (case, loss)
            for case, loss in zip(report.cases, report.losses, strict=True)
            if math.isfinite(loss)
        ]
        for _, loss in known:
            self._blend(ALL, loss, 0.95)
        for case, loss in known:
            self._blend(self._keys[case], loss - self.means[ALL], MEMORY)

    def of(self, cases: Sequence[str]) -> Tensor:
        """The share of the cases seen so far that stand no better, ``(B,)`` in 0…1; ½ for a case
        not seen yet.
        """
        others = torch.tensor([value for key, value in self.means.items() if key != ALL])
        return torch.tensor(
            [self._place(self.means.get(self._keys[case]), others) for case in cases]
        )

    def _place(self, own: float | None, others: Tensor) -> float:
        if own is None:
            return 0.5
        return float(((others > own).double().mean() + (others >= own).double().mean()) / 2)

    def _blend(self, key: str, value: float, memory: float) -> None:
        before = self.means.get(key)
        self.means[key] = value if before is None else memory * before + (1 - memory) * value
