"""Looking at cases with the student as it is: audit, ranking, pictures. Nothing here changes the
student.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_alnt import core
from napari_alnt.data import Case, Project, Run, write_labels, write_map
from napari_alnt.engine.dataset import Dataset, Prepared
from napari_alnt.engine.distributed import Ranks
from napari_alnt.engine.student import Student
from napari_alnt.events import (
    AuditedCase,
    CaseScored,
    Event,
    Predicted,
    Progress,
    RankingDone,
    Stage,
    Validated,
    from_line,
    to_line,
)


@dataclass
class Viewer:
    """The student's eyes on whole cases."""

    project: Project
    run: Run
    dataset: Dataset
    student: Student
    ranks: Ranks = field(default_factory=Ranks)

    def validate(self) -> Iterator[Event]:
        """Dice and HD95 (mm) of the audit cases on their own grids."""
        audit = self.ranks.share(self.project.by_role("audit"))
        seen: list[AuditedCase] = []
        for case in self._counted("validating", audit):
            if isinstance(case, Progress):
                yield case
                continue
            seen.append(self._audit(case))
        step, epoch = self.student.position.step, self.student.position.epoch
        lines = self.ranks.collect(to_line(Validated(step, epoch, math.nan, math.nan, tuple(seen))))
        everybody = [one for line in lines for one in from_line(line).cases]
        dice, hd95 = (
            core.mean_known([getattr(one, name) for one in everybody]) for name in ("dice", "hd95")
        )
        yield Validated(step, epoch, dice, hd95, tuple(sorted(everybody, key=lambda one: one.case)))

    def rank(self) -> Iterator[Event]:
        """Score the pool cases that have a teacher mask and no score that still holds."""
        scores = self.project.scores(runs=self.project.lineage(self.run))
        reference = self._reference()
        held = {score.case for score in scores if self._holds(score, reference)}
        pool = [
            case for case in self.project.by_role("pool") if case.teacher and case.name not in held
        ]
        direction = (
            self.direction(None if self.dataset.settings.scope == "all" else self.student.head)
            if pool
            else {}
        )
        own: list[str] = []
        for case in self._counted("ranking", self.ranks.share(pool)):
            if isinstance(case, Progress):
                yield case
                continue
            score = self._score(case, direction, reference)
            own.append(to_line(score))
            yield score
        for theirs in self.ranks.collect(own)[1:]:
            yield from map(from_line, theirs)
        yield RankingDone(self.student.position.step, self.student.position.epoch)

    def predict(self, names: list[str]) -> Iterator[Event]:
        """Write student mask and voxel trust of some cases, on their own grids."""
        direction = self.direction() if names else {}
        for case in self._counted("predicting", tuple(self.project.case(name) for name in names)):
            yield case if isinstance(case, Progress) else self._picture(case, direction)

    def direction(self, head: core.Head | None = None) -> core.Direction:
        """The expert gradient over the fixed patches of all reference cases, or that of the head
        alone.
        """
        patches = [
            pair
            for case in self.project.by_role("reference")
            for pair in self._patches(self.dataset.expert(case))
        ]
        return core.expert_direction(
            self.student.net, _batches(patches, self.dataset.settings.batch), head
        )

    def classes(self, image: NDArray[np.float16], shape: tuple[int, ...]) -> NDArray[np.int16]:
        """The student's class of every voxel of a case's own grid (D, H, W)."""
        return largest(self._probabilities(image), shape)

    def _reference(self) -> str:
        """What a score is made with, beside the case and the student: the reference masks, and how
        one looks.
        """
        settings = self.dataset.settings
        masks = sorted(
            (case.name, case.expert_sha256) for case in self.project.by_role("reference")
        )
        how = [masks, settings.scope, settings.score_patches, settings.patch]
        return hashlib.sha256(json.dumps(how).encode()).hexdigest()[:16]

    def _holds(self, score: CaseScored, reference: str) -> bool:
        """Whether it was made with the same reference, and is no older than the settings allow."""
        age = self.student.position.step - score.step
        return score.reference == reference and 0 <= age <= self.dataset.settings.rescore_after

    def _patches(self, case: Prepared) -> list[tuple[Tensor, Tensor]]:
        device = self.student.device
        return [
            (image.to(device), target.to(device))
            for image, target in self.dataset.fixed_patches(case)
        ]

    def _tensor(self, image: NDArray[np.float16]) -> Tensor:
        return torch.from_numpy(np.array(image, np.float32))[None, None].to(self.student.device)

    def _probabilities(self, image: NDArray[np.float16]) -> Tensor:
        return core.predict(self.student.net, self._tensor(image), self.dataset.settings.patch)

    def _audit(self, case: Case) -> AuditedCase:
        truth = self.project.expert(case)
        assert truth is not None
        target = self.dataset.classes_of(truth.voxels)
        guess = self.classes(self.dataset.image(case), target.shape)
        dice = core.dice(guess, target, self.dataset.classes)
        distance = core.hd95(guess, target, self.dataset.classes, truth.spacing)
        return AuditedCase(case.name, core.mean_known(dice), core.mean_known(distance), tuple(dice))

    def _score(self, case: Case, direction: core.Direction, reference: str = "") -> CaseScored:
        prepared = self.dataset.pseudo(case)
        images, targets = (torch.stack(part) for part in zip(*self._patches(prepared), strict=True))
        settings = self.dataset.settings
        scores = core.score_case(
            self.student.net,
            self.student.head,
            direction,
            images,
            targets,
            batch=settings.batch,
            scope=settings.scope,
        )
        probabilities = self._probabilities(prepared.image)
        agreement = core.agreement(
            probabilities, torch.from_numpy(np.array(prepared.target, np.int64))
        )
        return CaseScored(
            case=case.name,
            step=self.student.position.step,
            labelled=sum(agreement.marked),
            label=case.teacher_sha256,
            reference=reference,
            **asdict(scores),
            **asdict(agreement),
        )

    def _picture(self, case: Case, direction: core.Direction) -> Predicted:
        volume = self.project.image(case)
        image = self.dataset.image(case)
        target = torch.from_numpy(self._target(case, image.shape))[None].to(self.student.device)
        picture = core.voxel_trust(
            self.student.net, direction, self._tensor(image), target, self.dataset.settings.patch
        )
        shape = volume.voxels.shape
        guess = largest(picture.logits.softmax(0), shape)
        trust = core.resample_image(picture.voxels.cpu().numpy(), shape)
        mask = self._shown(case, shape)
        folder = self.run.folder / "maps"
        folder.mkdir(exist_ok=True)
        write_labels(
            folder / f"{case.name}_student.nii.gz", self.dataset.labels_of(guess), volume.grid
        )
        write_map(folder / f"{case.name}_trust.nii.gz", trust.astype(np.float32), volume.grid)
        return Predicted(
            case=case.name,
            step=self.student.position.step,
            student=str((folder / f"{case.name}_student.nii.gz").relative_to(self.project.folder)),
            trust=str((folder / f"{case.name}_trust.nii.gz").relative_to(self.project.folder)),
            slice=_telling_slice(guess, mask),
            dice=core.mean_known(core.dice(guess, mask, self.dataset.classes)),
            label=case.label_sha256,
        )

    def _target(self, case: Case, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """The mask that is judged, on the training grid: the expert's, else the teacher's, else all
        unknown.
        """
        if case.expert or case.teacher:
            prepared = self.dataset.expert(case) if case.expert else self.dataset.pseudo(case)
            return np.array(prepared.target, np.int64)
        return np.full(shape, core.IGNORE, np.int64)

    def _shown(self, case: Case, shape: tuple[int, ...]) -> NDArray[np.int16]:
        """The same mask on the case's own grid."""
        volume = self.project.expert(case) or self.project.teacher(case)
        return (
            self.dataset.classes_of(volume.voxels)
            if volume
            else np.full(shape, core.IGNORE, np.int16)
        )

    def _counted(
        self, stage: Stage, cases: tuple[Case, ...] | list[Case]
    ) -> Iterator[Case | Progress]:
        """The cases one by one, with progress before each and at the end."""
        start = time.monotonic()
        for done, case in enumerate(cases):
            left = (time.monotonic() - start) / done * (len(cases) - done) if done else math.nan
            yield Progress(stage, done, len(cases), left)
            yield case
        if cases:
            yield Progress(stage, len(cases), len(cases), 0.0)


def largest(probabilities: Tensor, shape: tuple[int, ...]) -> NDArray[np.int16]:
    """The class of highest probability on the grid ``shape``, class by class, so that memory stays
    that of two.
    """
    best = core.resample(probabilities[:1], shape)[0]
    winner = torch.zeros(shape, dtype=torch.int16, device=best.device)
    for index in range(1, len(probabilities)):
        other = core.resample(probabilities[index : index + 1], shape)[0]
        winner[other > best] = index
        best = torch.maximum(best, other)
    return winner.cpu().numpy()


def _batches(patches: list[tuple[Tensor, Tensor]], size: int) -> Iterator[tuple[Tensor, Tensor]]:
    for start in range(0, len(patches), size):
        images, targets = zip(*patches[start : start + size], strict=True)
        yield torch.stack(images), torch.stack(targets)


def _telling_slice(guess: NDArray[np.int16], mask: NDArray[np.int16]) -> int:
    """The axial slice in which student and teacher differ most; else the one with most structure;
    else the middle.
    """
    differ = ((guess != mask) & (mask != core.IGNORE)).sum((1, 2))
    for area in (differ, (mask > 0).sum((1, 2))):
        if area.any():
            return int(area.argmax())
    return len(mask) // 2
