"""The ledger: what one epoch says of each case."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_alnt import retired
from napari_alnt.codec import read_value
from napari_alnt.core import StepReport
from napari_alnt.events import EpochDone, LedgerRow

SUMS = ("trust", "informativeness", "weight")


class EpochAccumulator:
    """Sums over the samples of an epoch, as plain values so that a checkpoint can hold them."""

    def __init__(
        self, cases: Mapping[str, tuple[str, str]], restored: dict[str, Any] | None = None
    ) -> None:
        """``cases`` gives role and label version of each case in this epoch; ``restored`` is what
        :meth:`to_dict` gave when the epoch was interrupted.
        """
        self.cases = dict(cases)
        self.sums: dict[str, dict[str, float]] = defaultdict(
            lambda: dict.fromkeys(("seen", *SUMS), 0.0)
        )
        self.steps = 0
        self.loss = 0.0
        self.expert_loss = 0.0
        if restored:
            self._restore(retired.present(restored, retired.EPOCH))

    def _restore(self, interrupted: dict[str, Any]) -> None:
        self.sums.update(interrupted["sums"])
        # what was seen before the interruption was seen in the role it had then
        before = {case: tuple(interrupted["cases"][case]) for case in interrupted["sums"]}
        self.cases |= before
        self.steps = interrupted["steps"]
        self.loss = interrupted["loss"]
        self.expert_loss = interrupted["expert_loss"]

    def to_dict(self) -> dict[str, Any]:
        """What the epoch has gathered so far, as JSON can hold it."""
        return {
            "sums": dict(self.sums),
            "steps": self.steps,
            "loss": self.loss,
            "expert_loss": self.expert_loss,
            "cases": self.cases,
        }

    def add(self, report: StepReport, experts: tuple[str, ...]) -> None:
        """Take in one step; ``experts`` are the cases of its expert patches."""
        self.steps += 1
        self.loss += report.loss if math.isfinite(report.loss) else 0.0
        self.expert_loss += report.expert_loss if math.isfinite(report.expert_loss) else 0.0
        for case in experts:
            self.sums[case]["seen"] += 1
        columns = (report.trust, report.informativeness, report.weights)
        for case, *values in zip(report.cases, *columns, strict=True):
            # a dropped sample was not seen; one nan would make the case's mean nan
            if all(map(math.isfinite, values)):
                self.sums[case]["seen"] += 1
                for name, value in zip(SUMS, values, strict=True):
                    self.sums[case][name] += value

    def close(self, epoch: int, step: int) -> EpochDone:
        """The ledger's entry of the epoch, with a row for each case that was seen."""
        pool = [sums for case, sums in self.sums.items() if self.cases[case][0] == "pool"]
        total = sum(sums["weight"] for sums in pool) or 1.0
        rows = tuple(self._row(case, sums, total) for case, sums in sorted(self.sums.items()))
        steps = max(self.steps, 1)
        return EpochDone(epoch, step, self.loss / steps, self.expert_loss / steps, rows)

    def _row(self, case: str, sums: dict[str, float], total: float) -> LedgerRow:
        role, label_version = self.cases[case]
        seen = int(sums["seen"])
        if role != "pool":
            return LedgerRow(case, role, label_version, seen)
        trust = sums["trust"] / max(seen, 1)
        informativeness = sums["informativeness"] / max(seen, 1)
        share = sums["weight"] / total
        return LedgerRow(case, role, label_version, seen, trust, informativeness, share)


@dataclass(frozen=True)
class _Interrupted:
    """What :meth:`EpochAccumulator.to_dict` gives."""

    sums: Mapping[str, Mapping[str, float]]
    steps: int
    loss: float
    expert_loss: float
    cases: Mapping[str, tuple[str, ...]]


def check_interrupted(values: Any) -> None:
    """Check what a file says of an interrupted epoch, under present or former names.

    Raises
    ------
    ValueError, KeyError, TypeError or OverflowError
        If an epoch cannot go on with it.
    """
    named = retired.present(values, retired.EPOCH)
    found: _Interrupted = read_value(_Interrupted, named)
    numbers = [found.loss, found.expert_loss]
    for case, sums in found.sums.items():
        if set(sums) != {"seen", *SUMS} or sums["seen"] < 0 or len(found.cases[case]) != 2:
            raise ValueError(f"the sums of case {case!a:.40} are none")
        numbers += sums.values()
    if found.steps < 0 or not all(map(math.isfinite, numbers)):
        raise ValueError("the sums of an epoch are none")
