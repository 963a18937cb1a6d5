"""The one history that every view reads: curves, scatter and scores of a project, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from psygnal import Signal

from napari_alnt.events import (
    CaseScored,
    EpochDone,
    Event,
    LedgerRow,
    Predicted,
    SampleWeighed,
    StepDone,
    Validated,
)


class History:
    """What training has said so far; ``changed`` carries the kind of event that changed it.

    Attributes
    ----------
    steps : ``(step, loss, expert_loss)`` of every training step seen in this session
    validations : the honest curve, oldest first
    samples : per case, its newest un-normalised trust, informativeness and weight in training
    ledger : per case, its row of every epoch
    scores : per case, its scores of every ranking, oldest first
    predictions : per case, its newest student mask and trust map
    """

    changed = Signal(str)

    def __init__(self) -> None:
        self.steps: list[tuple[int, float, float]] = []
        self.validations: list[Validated] = []
        self.samples: dict[str, SampleWeighed] = {}
        self.ledger: dict[str, list[LedgerRow]] = defaultdict(list)
        self.scores: dict[str, list[CaseScored]] = defaultdict(list)
        self.predictions: dict[str, Predicted] = {}

    def apply(self, event: Event) -> None:
        """Take in one event; events that say nothing about the past are passed over."""
        match event:
            case StepDone():
                self._take_step(event)
            case EpochDone():
                self.take_rows(event.rows)
            case Validated():
                self.validations.append(event)
            case Predicted():
                self.predictions[event.case] = event
            case _:
                return
        self.changed.emit(type(event).__name__)

    def take_rows(self, rows: Iterable[LedgerRow]) -> None:
        """Add ledger rows, one epoch after another."""
        for row in rows:
            self.ledger[row.case].append(row)

    def take_scores(self, scores: Iterable[CaseScored]) -> None:
        """Take in one whole ranking, so that no queue mixes two students."""
        for score in scores:
            self._take_score(score)
        self.changed.emit("CaseScored")

    def restart(self) -> None:
        """Forget all: a new student begins."""
        for table in (
            self.steps,
            self.validations,
            self.samples,
            self.ledger,
            self.scores,
            self.predictions,
        ):
            table.clear()
        self.changed.emit("restarted")

    def forget(self, case: str) -> None:
        """Drop the scores of a case: its label has changed, so they speak of another mask."""
        for table in (self.scores, self.samples, self.predictions):
            table.pop(case, None)
        self.changed.emit("forgotten")

    def _take_score(self, event: CaseScored) -> None:
        """Scores of the same step, said again by another ranking, replace the first."""
        scores = self.scores[event.case]
        if scores and scores[-1].step == event.step:
            scores.pop()
        scores.append(event)

    def _take_step(self, event: StepDone) -> None:
        self.steps.append((event.step, event.loss, event.expert_loss))
        self.samples.update({sample.case: sample for sample in event.samples})
