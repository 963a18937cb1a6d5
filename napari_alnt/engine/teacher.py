"""The teacher: a network that learns from the teacher-training cases alone and writes masks for the
pool, step 1 of the paper.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from napari_alnt import core
from napari_alnt.data import Case, Project, Run, make_folder, write_labels
from napari_alnt.data.paths import inside
from napari_alnt.engine.commands import Commands
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.evaluation import Evaluator
from napari_alnt.engine.sampler import Sampler, Stream
from napari_alnt.engine.stopwatch import Stopwatch
from napari_alnt.engine.student import Student, learning_rate
from napari_alnt.events import CheckpointSaved, Event, Finished, Started, TeacherWritten

REPORT_EVERY = 10
"""Steps between two progress events."""


class Teaching:
    """One run of the teacher, as a generator of events."""

    def __init__(self, project: Project, run: Run, commands: Commands) -> None:
        self.project = project
        self.run = run
        self.settings = run.settings
        self.commands = commands
        self.dataset = Dataset(project, run.settings)
        self.teacher = Student.new(self.dataset)
        self.evaluator = Evaluator(project, run, self.dataset, self.teacher)

    def events(self) -> Iterator[Event]:
        """Train, test, save, write the masks; a stop is obeyed after the step or case at hand."""
        cases = self.project.by_role("teacher_training")
        pool = self.project.by_role("pool")
        yield Started(
            run=self.run.number,
            device=str(self.teacher.device),
            network=self.settings.network,
            parameters=self.teacher.parameters,
            step=0,
            total=self.settings.teacher_steps,
            pool=len(pool),
            experts=len(cases),
            test=len(self.project.by_role("test")),
        )
        yield from self.teacher.warnings()
        yield from self._learn(cases)
        if not self.commands.stopped:
            yield from self.evaluator.test()
            self.teacher.save(self.run)
            file = self.run.checkpoint.relative_to(self.project.folder)
            yield CheckpointSaved(self._step, file.as_posix())
            yield from self._write_masks(pool)
        yield Finished(self._step, "stopped" if self.commands.stopped else "done")

    @property
    def _step(self) -> int:
        return self.teacher.state.step

    def _learn(self, cases: Sequence[Case]) -> Iterator[Event]:
        total = self.settings.teacher_steps
        watch = Stopwatch("teaching", total)
        batches = self._batches(cases)
        for _ in core.supervised(self.teacher.net, self.teacher.optimizer, batches):
            self.teacher.state = dataclasses.replace(self.teacher.state, step=self._step + 1)
            if self._step % REPORT_EVERY == 0 or self._step == total:
                yield watch.progress(self._step)

    def _batches(self, cases: Sequence[Case]) -> Iterator[core.Batch]:
        """The batch of each step; the rate is set as it is handed out, right before its step."""
        sampler = Sampler(self.dataset, Stream.TEACHER, self.settings.batch)
        volumes = [self.dataset.expert(case) for case in cases]
        for step in range(self.settings.teacher_steps):
            if self.commands.stopped:
                return
            rate = learning_rate(self.settings, step / self.settings.teacher_steps)
            self.teacher.set_learning_rate(rate)
            yield sampler.draw(volumes, step).batch

    def _write_masks(self, pool: Sequence[Case]) -> Iterator[Event]:
        folder = inside(self.run.folder, "teacher")
        make_folder(folder)
        watch = Stopwatch("predicting", len(pool))
        for done, case in enumerate(pool):
            # a mask that is written is kept, also by a stop
            if self.commands.stopped:
                return
            yield watch.progress(done)
            volume = self.project.image(case)
            image = self.dataset.image(case)
            classes = self.evaluator.predictor.classes(image, volume.voxels.shape)
            path = inside(folder, f"{case.number:04d}.nii.gz")
            write_labels(path, self.dataset.labels_of(classes), volume.grid)
            yield TeacherWritten(case.name, path.relative_to(self.project.folder).as_posix())
        yield watch.progress(len(pool))
