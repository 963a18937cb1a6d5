"""The one history that every view reads: curves, weights, scores and predictions, in memory."""

from __future__ import annotations

import itertools
import math
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence

from psygnal import Signal

from napari_alnt.data import Project, Run
from napari_alnt.events import (
    NAN,
    CaseScored,
    EpochDone,
    Event,
    LedgerRow,
    Predicted,
    StepDone,
    Tested,
)
from napari_alnt.session.shares import Shares
from napari_alnt.session.step_curve import add_step, read_steps
from napari_alnt.session.taken_up import CorrectionMarks

MINUTES = "minutes"
"""The name under which a version keeps the minutes that it was expected to take."""


class History:
    """What the engine has reported so far, with a signal for each part of it that changes.

    Attributes
    ----------
    steps : ``(step, loss, expert_loss)`` of every training step seen in this session, and of those
        of the runs before that were kept
    test_results : the test curve, oldest first
    weighed : per pool case, the trust and informativeness of its newest patch in training, or of
        its newest epoch; what a ranking says of the case is in ``scores``
    ledger : per case, its row of every epoch
    shares : the share of the training that each case had in each epoch
    taken_up : the steps from which on corrected masks were trained with
    scores : per case, its scores of every ranking, oldest first
    predictions : per case, its newest student mask and trust map
    minutes : per case, what its correction is expected to take, where somebody has estimated it
    lock : held while a label or what is known of it changes; a single look needs no lock
    """

    steps_changed = Signal()
    tests_changed = Signal()
    scores_changed = Signal()
    case_changed = Signal(str)
    restarted = Signal()

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.steps: list[tuple[int, float, float]] = []
        self.test_results: list[Tested] = []
        self.weighed: dict[str, tuple[float, float]] = {}
        self.ledger: dict[str, list[LedgerRow]] = defaultdict(list)
        self.shares = Shares()
        self.taken_up = CorrectionMarks()
        self.scores: dict[str, list[CaseScored]] = defaultdict(list)
        self.predictions: dict[str, Predicted] = {}
        self.minutes: dict[str, float] = {}

    @classmethod
    def of(cls, project: Project, student: Run | None) -> History:
        """What a project's table holds of a student and of those it went on from."""
        history = cls()
        runs = project.runs
        # scores of another student cannot be compared with those of this one
        lineage = runs.lineage(student)
        for number in reversed(lineage):
            for one in read_steps(runs.get(number).folder):
                add_step(history.steps, one)
        rows = [row for row in runs.ledger() if row.run in lineage]
        for (_, epoch, step), group in itertools.groupby(
            rows, lambda row: (row.run, row.epoch, row.step)
        ):
            history._add_epoch(epoch, step, tuple(group))
        history.test_results.extend(runs.test_results(lineage))
        # all of them: trust is a mean over past rankings
        for score in runs.scores(latest=False, runs=lineage):
            history.scores[score.case].append(score)
        history.predictions.update({one.case: one for one in runs.predictions(lineage)})
        return history

    def apply(self, event: Event) -> None:
        """Take in one event; those that are none of the history's business are passed over.

        Scores are not taken in one by one: see :meth:`take_scores`.
        """
        match event:
            case StepDone():
                self._add_step(event)
                self.steps_changed.emit()
            case EpochDone():
                self._add_epoch(event.epoch, event.step, event.rows)
            case Tested():
                self.test_results.append(event)
                self.tests_changed.emit()
            case Predicted():
                self.predictions[event.case] = event
                self.case_changed.emit(event.case)

    def take_scores(self, scores: Iterable[CaseScored]) -> None:
        """Take in one whole ranking, so that no queue mixes two students."""
        for score in scores:
            past = self.scores[score.case]
            # the same student has ranked again, perhaps with another reference
            if past and past[-1].step == score.step:
                past.pop()
            past.append(score)
        self.scores_changed.emit()

    def share(self, case: str) -> float:
        """A pool case's share of all weights in the newest epoch that used it; nan if none did."""
        rows = [row for row in self.ledger.get(case, ()) if row.role == "pool"]
        return rows[-1].share if rows else NAN

    def restart(self) -> None:
        """Clear all: a new student begins."""
        self.steps.clear()
        self.test_results.clear()
        self.shares.clear()
        self.taken_up.clear()
        for table in (self.weighed, self.ledger, self.scores, self.predictions, self.minutes):
            table.clear()
        self.restarted.emit()

    def forget(self, case: str, still: Iterable[CaseScored] = ()) -> None:
        """Drop what is known of a case's mask: its label has changed, so it was another mask.

        ``still`` are scores, oldest first, that hold for the mask it has now.
        """
        for table in (self.scores, self.weighed, self.predictions, self.minutes):
            table.pop(case, None)
        if scores := list(still):
            self.scores[case] = scores
        self.case_changed.emit(case)

    def _add_step(self, event: StepDone) -> None:
        add_step(self.steps, (event.step, event.loss, event.expert_loss))
        for sample in event.samples:
            self._weigh(sample.case, sample.trust, sample.informativeness)

    def _add_epoch(self, epoch: int, step: int, rows: Sequence[LedgerRow]) -> None:
        self.shares.add(epoch, rows)
        self.taken_up.add(step, rows)
        for row in rows:
            self.ledger[row.case].append(row)
            if row.role == "pool":
                self._weigh(row.case, row.trust, row.informativeness)

    def _weigh(self, case: str, trust: float, informativeness: float) -> None:
        # old ledgers have no trust, and some methods compute none
        if math.isfinite(trust) and math.isfinite(informativeness):
            self.weighed[case] = (trust, informativeness)
