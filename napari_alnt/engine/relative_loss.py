"""The trust measure ``loss_rank``: how low the loss of each pool case has come, beside the others.

⟨∇ℓ_i, −Δθ⟩ summed over the steps is ℓ_i(first) − ℓ_i(now): trust integrated along the path that the
student has taken. All cases start alike, so the order of the losses now is the order of that
integral.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from napari_alnt.core import StepReport

MEMORY_OF_CASE = 0.7
MEMORY_OF_ALL = 0.95
"""Parts of the running means that stay when a new sample comes."""
ALL = ""
"""The key of the running mean over all cases; no case has an empty name."""


class RelativeLoss:
    """Running means of each case's loss minus that of all cases.

    They are plain values, so that a checkpoint can hold them. All losses fall while a student
    learns; the difference tells a case that lags behind from one that was only not drawn lately.
    """

    def __init__(self, masks: Mapping[str, str], restored: dict[str, float] | None = None) -> None:
        """``masks`` gives the hash of each pool case's mask; what is ``restored`` of other masks is
        dropped.
        """
        self._keys = {case: f"{case} {sha[:16]}" for case, sha in masks.items()}
        here = {ALL, *self._keys.values()}
        self.means = {key: mean for key, mean in (restored or {}).items() if key in here}

    def add(self, report: StepReport) -> None:
        """Take in one step's losses."""
        known = [
            (case, loss)
            for case, loss in zip(report.cases, report.losses, strict=True)
            if math.isfinite(loss)
        ]
        # the mean over all first, so that a step's own level is known before its cases are compared
        for _, loss in known:
            self._blend(ALL, loss, MEMORY_OF_ALL)
        for case, loss in known:
            self._blend(self._keys[case], loss - self.means[ALL], MEMORY_OF_CASE)

    def rank_of(self, cases: Sequence[str]) -> torch.Tensor:
        """Share of the cases seen so far whose loss is no lower, ``(B,)`` in 0…1; ties count half,
        and a case not seen yet has ½.
        """
        # of all cases seen, not of this batch's: a batch of bad cases must not look good
        others = torch.tensor([value for key, value in self.means.items() if key != ALL])
        return torch.tensor(
            [self._rank(self.means.get(self._keys[case]), others) for case in cases]
        )

    def _rank(self, own: float | None, others: torch.Tensor) -> float:
        if own is None:
            return 0.5
        return float(((others > own).double().mean() + (others >= own).double().mean()) / 2)

    def _blend(self, key: str, value: float, memory: float) -> None:
        before = self.means.get(key)
        self.means[key] = value if before is None else memory * before + (1 - memory) * value
