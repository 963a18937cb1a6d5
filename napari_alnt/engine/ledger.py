"""What one epoch gathers about each case."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from napari_alnt.core import StepReport
from napari_alnt.events import EpochDone, LedgerRow

SUMS = ("trust", "informativeness", "loss", "weight")


class EpochBook:
    """Sums over the samples of an epoch, as plain values so that a checkpoint can hold them."""

    def __init__(
        self, roster: dict[str, tuple[str, str]], kept: dict[str, Any] | None = None
    ) -> None:
        """``roster`` gives role and label version of each case in this epoch; ``kept`` is an
        interrupted book.
        """
        self.roster = roster
        self.sums: dict[str, dict[str, float]] = defaultdict(
            lambda: dict.fromkeys(("seen", *SUMS), 0.0)
        )
        self.steps, self.loss, self.expert_loss = 0, 0.0, 0.0
        if kept:
            self.sums.update(kept["sums"])
            # what was seen before the interruption was seen in the role it had then
            self.roster = roster | {case: tuple(kept["roster"][case]) for case in kept["sums"]}
            self.steps, self.loss, self.expert_loss = (
                kept["steps"],
                kept["loss"],
                kept["expert_loss"],
            )

    def plain(self) -> dict[str, Any]:
        """The book as JSON can hold it."""
        return {
            "sums": dict(self.sums),
            "steps": self.steps,
            "loss": self.loss,
            "expert_loss": self.expert_loss,
            "roster": self.roster,
        }

    def add(self, report: StepReport, experts: tuple[str, ...]) -> None:
        """Take in one step."""
        self.steps += 1
        self.loss += report.loss if math.isfinite(report.loss) else 0.0
        self.expert_loss += report.expert_loss if math.isfinite(report.expert_loss) else 0.0
        for case in experts:
            self.sums[case]["seen"] += 1
        columns = (report.trust, report.informativeness, report.losses, report.weights)
        for case, *values in zip(report.cases, *columns, strict=True):
            if all(map(math.isfinite, values)):
                self.sums[case]["seen"] += 1
                for name, value in zip(SUMS, values, strict=True):
                    self.sums[case][name] += value

    def close(self, epoch: int, step: int) -> EpochDone:
        """The ledger's entry of the epoch."""
        total = (
            sum(
                sums["weight"] for case, sums in self.sums.items() if self.roster[case][0] == "pool"
            )
            or 1.0
        )
        rows = tuple(self._row(case, sums, total) for case, sums in sorted(self.sums.items()))
        steps = max(self.steps, 1)
        return EpochDone(epoch, step, self.loss / steps, self.expert_loss / steps, rows)

    def _row(self, case: str, sums: dict[str, float], total: float) -> LedgerRow:
        role, label = self.roster[case]
        seen = int(sums["seen"])
        if role != "pool":
            return LedgerRow(case, role, label, seen)
        trust, informativeness, loss = (sums[name] / max(seen, 1) for name in SUMS[:3])
        return LedgerRow(
            case, role, label, seen, trust, informativeness, loss, sums["weight"] / total
        )
