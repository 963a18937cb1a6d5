"""The teacher: a network that learns from the seed cases and writes masks for the pool (step 1 of
the paper).
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator

import numpy as np
import torch

from napari_alnt import core
from napari_alnt.data import Case, Project, Run, write_labels
from napari_alnt.engine.commands import Mailbox
from napari_alnt.engine.dataset import Dataset, Prepared
from napari_alnt.engine.evaluation import Viewer
from napari_alnt.engine.student import Student
from napari_alnt.events import CheckpointSaved, Event, Finished, Progress, Started, TeacherWritten
from napari_alnt.settings import Settings

PACE = 10
"""Steps between two words about progress."""


class Teaching:
    """One run of the teacher, as a generator of events."""

    def __init__(self, project: Project, run: Run, settings: Settings, mailbox: Mailbox) -> None:
        self.project, self.run, self.settings, self.mailbox = project, run, settings, mailbox
        self.dataset = Dataset(project, settings)
        self.teacher = Student.new(self.dataset, settings)
        self.viewer = Viewer(project, run, self.dataset, self.teacher)

    def events(self) -> Iterator[Event]:
        """Learn, look at the audit cases, write the masks; a stop is obeyed after the step or case
        in progress.
        """
        seeds, pool = self.project.by_role("seed"), self.project.by_role("pool")
        yield Started(
            run=self.run.number,
            device=str(self.teacher.device),
            network=self.settings.network,
            parameters=self.teacher.parameters,
            step=0,
            total=self.settings.teacher_steps,
            pool=len(pool),
            reference=len(seeds),
            audit=len(self.project.by_role("audit")),
        )
        yield from self._learn(seeds)
        if not self.mailbox.stopped:
            yield from self.viewer.validate()
            yield CheckpointSaved(
                self._step, str(self.teacher.save(self.run).relative_to(self.project.folder))
            )
            yield from self._write(pool)
        yield Finished(self._step, "stopped" if self.mailbox.stopped else "done")

    @property
    def _step(self) -> int:
        return self.teacher.position.step

    def _learn(self, seeds: tuple[Case, ...]) -> Iterator[Event]:
        cases = [self.dataset.expert(case) for case in seeds]
        start, total = time.monotonic(), self.settings.teacher_steps
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.teacher.optimizer, total)
        for _ in core.supervised(self.teacher.net, self.teacher.optimizer, self._batches(cases)):
            schedule.step()
            self.teacher.position = dataclasses.replace(self.teacher.position, step=self._step + 1)
            if self._step % PACE == 0 or self._step == total:
                left = (time.monotonic() - start) / self._step * (total - self._step)
                yield Progress("teaching", self._step, total, left)

    def _batches(self, cases: list[Prepared]) -> Iterator[core.Batch]:
        for step in range(self.settings.teacher_steps):
            if self.mailbox.stopped:
                return
            rng = np.random.default_rng([self.settings.seed, step, 1])
            chosen = [cases[index] for index in rng.integers(0, len(cases), self.settings.batch)]
            yield self.dataset.batch(chosen, [rng] * len(chosen))

    def _write(self, pool: tuple[Case, ...]) -> Iterator[Event]:
        folder = self.run.folder / "teacher"
        folder.mkdir(exist_ok=True)
        for done, case in enumerate(pool):
            if self.mailbox.stopped:
                return
            yield Progress("predicting", done, len(pool))
            volume = self.project.image(case)
            classes = self.viewer.classes(self.dataset.image(case), volume.voxels.shape)
            path = folder / f"{case.name}.nii.gz"
            write_labels(path, self.dataset.labels_of(classes), volume.grid)
            yield TeacherWritten(case.name, str(path.relative_to(self.project.folder)))
        yield Progress("predicting", len(pool), len(pool), 0.0)
