"""The student's training as a generator of events: the loop, and when it saves and evaluates."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import torch

from napari_alnt import core
from napari_alnt.data import Project, Run
from napari_alnt.engine.commands import Commands
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.distributed import TorchProcessGroup
from napari_alnt.engine.evaluation import Evaluator
from napari_alnt.engine.ledger import EpochAccumulator
from napari_alnt.engine.loader import Loader
from napari_alnt.engine.propagation import Propagator
from napari_alnt.engine.relative_loss import RelativeLoss
from napari_alnt.engine.sampler import Drawn, Sampler, Stream
from napari_alnt.engine.stepper import Stepper
from napari_alnt.engine.stopwatch import Stopwatch
from napari_alnt.engine.student import Student, learning_rate
from napari_alnt.engine.training_set import TrainingSet, prepared
from napari_alnt.events import (
    CheckpointSaved,
    Event,
    Finished,
    Paused,
    SampleDropped,
    SampleWeighed,
    Started,
    StepDone,
)


class Training:
    """One run: from its first step, or its checkpoint, to its last.

    Everything random in a step is drawn from (seed, step), so a resumed run repeats an
    uninterrupted one bit for bit on one type of device.
    """

    def __init__(
        self, project: Project, run: Run, commands: Commands, group: TorchProcessGroup | None = None
    ) -> None:
        self.project = project
        self.run = run
        self.settings = run.settings
        self.commands = commands
        self.group = group or TorchProcessGroup()
        self.dataset = Dataset(project, run.settings)
        self.student = Student.new(self.dataset, self.group)
        self.evaluator = Evaluator(project, run, self.dataset, self.student, self.group)
        self._propagator = Propagator(project, run, self.dataset, self.student)
        self.training_set = TrainingSet()
        self._of_pool = Sampler(self.dataset, Stream.POOL, run.settings.batch, self.group)
        self._of_experts = Sampler(
            self.dataset, Stream.EXPERTS, run.settings.expert_batch, self.group
        )
        self.loader = Loader(self._draw, run.settings.loader_threads)
        self.stepper = Stepper(self.student, run.settings, self.group)
        self._resume()

    @property
    def last(self) -> int:
        """The step at which the run is done."""
        return self.student.state.step_before + self.settings.epochs * self.settings.steps_per_epoch

    def events(self) -> Iterator[Event]:
        """Train to the end or until stopped; a stop is obeyed after the step in progress."""
        yield self._started()
        yield from self.student.warnings()
        yield from self._prepare_cases()
        # made up for: the run was stopped or killed between the end of an epoch and its evaluation
        if self.student.state.evaluation_due:
            yield from self._evaluate()
        self._watch = Stopwatch("training", self.last, first=self.student.state.step)
        with closing(self.loader):
            while self.student.state.step < self.last and not self.commands.stopped:
                yield from self._epoch()
        state = self.student.state
        yield self._save()
        done = state.step >= self.last and not state.evaluation_due
        yield Finished(state.step, "done" if done else "stopped")

    def _resume(self) -> None:
        """Go on from this run's checkpoint, or from the end of the run before."""
        if self.run.checkpoint.exists():
            self.student.load(self.run)
        elif self.run.parent is not None:
            self.student.load(self.project.runs.get(self.run.parent))
            state = self.student.state
            # an epoch that the run before did not finish is not this run's
            self._move(step_before=state.step, epoch_before=state.epoch, unfinished=None)

    def _move(self, **changes: Any) -> None:
        self.student.state = dataclasses.replace(self.student.state, **changes)

    def _started(self) -> Started:
        return Started(
            run=self.run.number,
            device=str(self.student.device),
            network=self.settings.network,
            parameters=self.student.parameters,
            step=self.student.state.step,
            total=self.last,
            pool=sum(case.teacher is not None for case in self.project.by_role("pool")),
            experts=len(self.project.by_role("reference")),
            test=len(self.project.by_role("test")),
        )

    def _prepare_cases(self) -> Iterator[Event]:
        """Bring every case to the training grid once; later runs find it in the cache."""
        cases = self.group.share(
            [case for case in self.project.cases if case.role != "teacher_training"]
        )
        watch = Stopwatch("preparing", len(cases))
        for done, case in enumerate(cases):
            if self.commands.stopped:
                return
            yield watch.progress(done)
            self.dataset.image(case)
        yield watch.progress(len(cases))
        self.group.wait()

    # an epoch -------------------------------------------------------------------------------------

    def _epoch(self) -> Iterator[Event]:
        epoch = self.student.state.epoch + 1
        yield from self._update_training_set(epoch)
        accumulator = EpochAccumulator(self.training_set.roles, self.student.state.unfinished)
        while not self._epoch_complete():
            yield from self._handle_commands()
            if self.commands.stopped:
                self._move(unfinished=accumulator.to_dict())
                return
            yield from self._step(epoch, accumulator)
        # due before it is done, so that a run that is stopped in its evaluation makes up for it
        self._move(epoch=epoch, unfinished=None, evaluation_due=True)
        yield accumulator.close(epoch, self.student.state.step)
        yield self._save()
        yield from self._evaluate()

    def _update_training_set(self, epoch: int) -> Iterator[Event]:
        before = self.training_set
        current = TrainingSet.current(self.project, self.dataset, self.group, before)
        # before the set changes: what the loader has drawn ahead is of the cases before
        if current != before:
            self.loader.forget()
        self.training_set = current
        yield from current.changes(before, epoch)

    def _save(self) -> CheckpointSaved:
        if self.group.rank == 0:
            self.student.save(self.run)
        # no process may begin what comes next before the checkpoint is there
        self.group.wait()
        file = self.run.checkpoint.relative_to(self.project.folder)
        return CheckpointSaved(self.student.state.step, str(file))

    def _epoch_complete(self) -> bool:
        state = self.student.state
        # from the run's first step, as the steps of an epoch may be others than in the run before
        epochs = state.epoch + 1 - state.epoch_before
        return state.step >= state.step_before + epochs * self.settings.steps_per_epoch

    def _evaluate(self) -> Iterator[Event]:
        """Test and rank, when it is time; a stop is obeyed after the case in progress."""
        epoch = self.student.state.epoch
        end = self.student.state.step >= self.last
        if epoch % self.settings.test_every == 0 or end:
            yield from self.commands.until_stopped(self.evaluator.test())
        every = self.settings.rank_every
        if every and (epoch % every == 0 or end) and not self.commands.stopped:
            yield from self.commands.until_stopped(self.evaluator.rank())
        if not self.commands.stopped:
            self._move(evaluation_due=False)

    def _handle_commands(self) -> Iterator[Event]:
        """Between steps: predict or propagate what was asked for, and wait while paused."""
        self.commands.sync()
        yield from self._answer()
        if self.commands.paused:
            yield Paused(self.student.state.step)
        while self.commands.paused and not self.commands.stopped:
            self.commands.wait(0.2)
            self.commands.sync()
            yield from self._answer()

    def _answer(self) -> Iterator[Event]:
        yield from self.evaluator.predict(list(self.commands.requested()))
        if asked := self.commands.propagation():
            yield from self._propagator.events(asked, self.commands.wants)

    # a step ---------------------------------------------------------------------------------------

    def _draw(self, step: int) -> tuple[Drawn, Drawn]:
        """The pseudo-labelled and the expert patches of a step; the loader's threads call it."""
        return (
            self._of_pool.draw(prepared(self.training_set.pool), step),
            self._of_experts.draw(prepared(self.training_set.experts), step),
        )

    def _step(self, epoch: int, accumulator: EpochAccumulator) -> Iterator[Event]:
        state = self.student.state
        step = state.step
        start = time.monotonic()
        waited = self.loader.waited
        pseudo, expert = self.loader.take(step, self.last)
        part = (step - state.step_before) / (self.last - state.step_before)
        rate = learning_rate(self.settings, part)
        self.student.set_learning_rate(rate)
        relative_loss = RelativeLoss(self.training_set.pool_masks, state.relative_loss)
        # ranked by the losses of the steps before this one
        loss_rank = relative_loss.rank_of(pseudo.cases)
        report = yield from self.stepper.step(pseudo, expert, loss_rank)
        accumulator.add(report, expert.cases)
        relative_loss.add(report)
        self._move(step=step + 1, relative_loss=relative_loss.means)
        for case, reason in report.dropped:
            yield SampleDropped(step + 1, case, reason)
        yield StepDone(
            step=step + 1,
            epoch=epoch,
            loss=report.loss,
            expert_loss=report.expert_loss,
            learning_rate=rate,
            seconds_left=self._watch.seconds_left(step + 1),
            skipped=report.skipped,
            seconds=time.monotonic() - start,
            waited=self.loader.waited - waited,
            samples=_samples(report),
            memory=_memory(self.student.device),
        )


def _memory(device: torch.device) -> float:
    """Bytes that this process holds on a graphics card; nan elsewhere."""
    return float(torch.cuda.memory_reserved(device)) if device.type == "cuda" else math.nan


def _samples(report: core.StepReport) -> tuple[SampleWeighed, ...]:
    return tuple(
        map(
            SampleWeighed,
            report.cases,
            report.trust,
            report.informativeness,
            report.weights,
            report.losses,
        )
    )
