"""Evaluation of whole cases with the student as it is: test, ranking and prediction.

Nothing here changes the student.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from torch import Tensor

from napari_alnt import core, ranking
from napari_alnt.codec import from_line, to_line
from napari_alnt.data import Case, Project, Run
from napari_alnt.engine.dataset import Dataset, Prepared
from napari_alnt.engine.distributed import TorchProcessGroup
from napari_alnt.engine.prediction import Predictor
from napari_alnt.engine.stopwatch import Stopwatch
from napari_alnt.engine.student import Student
from napari_alnt.events import CaseScored, Event, RankingDone, StructureCounts, Tested, TestedCase
from napari_alnt.settings import Settings


@dataclass
class Evaluator:
    """Tests, scores and predicts the project's cases; its events speak of one student."""

    project: Project
    run: Run
    dataset: Dataset
    student: Student
    group: TorchProcessGroup = field(default_factory=TorchProcessGroup)

    def __post_init__(self) -> None:
        self.predictor = Predictor(self.project, self.run, self.dataset, self.student)

    def test(self) -> Iterator[Event]:
        """Dice and HD95 (mm) of the held-out test cases on their own grids."""
        own = self.group.share(self.project.by_role("test"))
        watch = Stopwatch("testing", len(own))
        tested: list[TestedCase] = []
        for case in own:
            yield watch.progress(len(tested))
            tested.append(self._test_case(case))
        yield watch.progress(len(own))
        yield self._summary(tested)

    def rank(self) -> Iterator[Event]:
        """Score the pool cases whose scores no longer hold, then predict the top of the queue.

        Only cases with a teacher mask are scored. No answer is needed: the queue follows from the
        scores by the rules of :mod:`napari_alnt.ranking`, here as in the window.
        """
        past = self._past()
        due, reference_hash = self._due(past)
        own = self.group.share(due)
        watch = Stopwatch("ranking", len(own))
        direction = self._scoring_direction() if own else {}
        new: list[CaseScored] = []
        for name in own:
            yield watch.progress(len(new))
            new.append(self._score(self.project.case(name), direction, reference_hash))
            yield new[-1]
        if own:
            yield watch.progress(len(own))
        for lines in self.group.collect([to_line(score) for score in new])[1:]:
            others = [from_line(line) for line in lines]
            new += others
            yield from others
        yield RankingDone(self.student.state.step, self.student.state.epoch)
        # rank 0 alone has all scores and sends events
        if self.group.rank == 0:
            yield from self.predict(_top_of_queue(self.project, self.dataset.settings, past, new))

    def predict(self, names: Sequence[str]) -> Iterator[Event]:
        """Write student mask and voxel trust of some cases, on their own grids."""
        if not names:
            return
        watch = Stopwatch("predicting", len(names))
        direction = self.direction()
        for done, name in enumerate(names):
            yield watch.progress(done)
            yield self.predictor.write(self.project.case(name), direction)
        yield watch.progress(len(names))

    def direction(self, head: core.Head | None = None) -> core.Direction:
        """The expert gradient over the fixed patches of all reference cases, of all parameters or
        of the ``head`` alone.
        """
        # of all reference cases at once, so that each patch counts the same
        patches = [
            pair
            for case in self.project.by_role("reference")
            for pair in self._patches(self.dataset.expert(case))
        ]
        batches = _batches(patches, self.dataset.settings.batch)
        return core.expert_direction(self.student.net, batches, head)

    # test -----------------------------------------------------------------------------------------

    def _test_case(self, case: Case) -> TestedCase:
        truth = self.project.expert(case)
        assert truth is not None  # a test case has an expert mask
        target = self.dataset.classes_of(truth.voxels)
        prediction = self.predictor.classes(self.dataset.image(case), target.shape)
        dice = core.dice(prediction, target, self.dataset.classes)
        distance = core.hd95(prediction, target, self.dataset.classes, truth.spacing)
        return TestedCase(case.name, core.mean_known(dice), core.mean_known(distance), tuple(dice))

    def _summary(self, own: Sequence[TestedCase]) -> Tested:
        """The means over the test cases of all processes."""
        step = self.student.state.step
        epoch = self.student.state.epoch
        # as a line, since an unknown distance is nan, which JSON does not know
        lines = self.group.collect(to_line(Tested(step, epoch, math.nan, math.nan, tuple(own))))
        cases = sorted(
            (tested for line in lines for tested in from_line(line).cases),
            key=lambda tested: tested.case,
        )
        dice = core.mean_known([tested.dice for tested in cases])
        hd95 = core.mean_known([tested.hd95 for tested in cases])
        return Tested(step, epoch, dice, hd95, tuple(cases))

    # ranking --------------------------------------------------------------------------------------

    def _past(self) -> dict[str, list[CaseScored]]:
        """The scores that this student, or the one it went on from, has given each pool case."""
        past: dict[str, list[CaseScored]] = defaultdict(list)
        lineage = self.project.runs.lineage(self.run)
        for score in self.project.runs.scores(latest=False, runs=lineage):
            past[score.case].append(score)
        return past

    def _due(self, past: Mapping[str, Sequence[CaseScored]]) -> tuple[list[str], str]:
        """The cases to score, and the hash of what they are scored with.

        Both are as rank 0 sees them: a case accepted meanwhile must not divide the list otherwise
        in another process.
        """
        reference_hash = self._reference_hash()
        pool = [case.name for case in self.project.by_role("pool") if case.teacher]
        due = [name for name in pool if not self._holds(past.get(name, ()), reference_hash)]
        agreed: tuple[list[str], str] = self.group.collect([due, reference_hash])[0]
        due, reference_hash = agreed
        return due, reference_hash

    def _reference_hash(self) -> str:
        """What scores depend on beside case and student: the reference masks, and the settings of
        the scoring.
        """
        settings = self.dataset.settings
        masks = sorted(
            (case.name, case.expert_sha256) for case in self.project.by_role("reference")
        )
        how = [masks, settings.scope, settings.score_patches, settings.patch]
        return hashlib.sha256(json.dumps(how).encode()).hexdigest()[:16]

    def _holds(self, scores: Sequence[CaseScored], reference_hash: str) -> bool:
        """Whether the newest score was made with the same reference, and is no older than the
        settings allow.
        """
        if not scores:
            return False
        # a score from a later step belongs to a student that was killed before its checkpoint
        age = self.student.state.step - scores[-1].step
        same = scores[-1].reference_hash == reference_hash
        return same and 0 <= age <= self.dataset.settings.rescore_after

    def _scoring_direction(self) -> core.Direction:
        whole = self.dataset.settings.scope == "all"
        return self.direction(None if whole else self.student.head)

    def _score(self, case: Case, direction: core.Direction, reference_hash: str) -> CaseScored:
        prepared = self.dataset.pseudo(case)
        # gradients of fixed patches, which are quick; agreement over the whole volume
        patches = self._patches(prepared)
        scores = core.score_case(
            self.student.net,
            self.student.head,
            direction,
            torch.stack([image for image, _ in patches]),
            torch.stack([target for _, target in patches]),
            batch=self.dataset.settings.batch,
            scope=self.dataset.settings.scope,
        )
        agreement = core.agreement(
            self.predictor.probabilities(prepared.image),
            torch.from_numpy(np.array(prepared.target, np.int64)),
        )
        counts = zip(
            agreement.mask_voxels, agreement.predicted_voxels, agreement.overlap_voxels, strict=True
        )
        return CaseScored(
            case=case.name,
            step=self.student.state.step,
            mask_sha256=case.teacher_sha256,
            reference_hash=reference_hash,
            scores=_known(asdict(scores) | asdict(agreement)),
            structures=tuple(StructureCounts(*one) for one in counts),
        )

    def _patches(self, case: Prepared) -> list[tuple[Tensor, Tensor]]:
        device = self.student.device
        return [
            (image.to(device), target.to(device))
            for image, target in self.dataset.fixed_patches(case)
        ]


def _top_of_queue(
    project: Project,
    settings: Settings,
    past: Mapping[str, Sequence[CaseScored]],
    new: Sequence[CaseScored],
) -> list[str]:
    """The cases that the queue will show first, skipped ones last."""
    pool = {case.name: case for case in project.by_role("pool")}
    merged = {name: list(past.get(name, ())) for name in pool}
    for score in new:
        # a score of the same step, as after a change of the reference, replaces the one before
        known = merged.get(score.case, [])
        merged[score.case] = [one for one in known if one.step != score.step] + [score]
    scores = ranking.CaseScores.of({name: merged[name] for name in pool}, settings.seed)
    values = ranking.rule(settings.ranking)(scores).tolist()
    priority = dict(zip(scores.cases, values, strict=True))

    def place(name: str) -> tuple[int, float, int]:
        return ranking.place(pool[name].status, priority[name], pool[name].number)

    return sorted(priority, key=place)[: settings.prefetch_cases]


def _known(scores: Mapping[str, object]) -> dict[str, float]:
    """The scores that are numbers, and finite."""
    return {
        name: float(value)
        for name, value in scores.items()
        if isinstance(value, (int, float)) and math.isfinite(value)
    }


def _batches(
    patches: Sequence[tuple[Tensor, Tensor]], size: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Images ``(B, 1, D, H, W)`` and targets ``(B, D, H, W)`` of ``size`` patches each."""
    for start in range(0, len(patches), size):
        images, targets = zip(*patches[start : start + size], strict=True)
        yield torch.stack(images), torch.stack(targets)
