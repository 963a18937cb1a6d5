"""The student's training as a generator of events."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

import numpy as np
import torch

from napari_alnt import core
from napari_alnt.data import Case, Project, Run
from napari_alnt.engine.commands import Mailbox, SharedMailbox
from napari_alnt.engine.dataset import Dataset, Prepared
from napari_alnt.engine.distributed import Ranks
from napari_alnt.engine.evaluation import Viewer
from napari_alnt.engine.ledger import EpochBook
from napari_alnt.engine.loader import Loader
from napari_alnt.engine.relative_loss import Standing
from napari_alnt.engine.student import Student, out_of_memory, path_of, precision
from napari_alnt.errors import AlntError
from napari_alnt.events import (
    CheckpointSaved,
    Event,
    ExpertsChanged,
    Finished,
    Paused,
    Progress,
    SampleDropped,
    SampleWeighed,
    Started,
    StepDone,
    Warned,
)
from napari_alnt.settings import Settings


class Training:
    """One run: from its first step, or its checkpoint, to its last.

    Everything random in a step is drawn from (seed, step), so a resumed run repeats an
    uninterrupted one bit for bit on one type of device.
    """

    def __init__(
        self,
        project: Project,
        run: Run,
        settings: Settings,
        mailbox: Mailbox | SharedMailbox,
        ranks: Ranks | None = None,
    ) -> None:
        self.project, self.run, self.settings, self.mailbox = project, run, settings, mailbox
        self.ranks = ranks or Ranks()
        self.dataset = Dataset(project, settings)
        self.student = Student.new(self.dataset, settings, self.ranks)
        self.viewer = Viewer(project, run, self.dataset, self.student, self.ranks)
        self.experts: dict[str, tuple[str, Prepared]] = {}
        self.pool: dict[str, Prepared] = {}
        self.masks: dict[str, str] = {}
        self.loader = Loader(self._batches, settings.loaders)
        self.at_once = settings.at_once
        self._said_slow = False
        self._take_up()

    @property
    def last(self) -> int:
        """The step at which the run is done."""
        return (
            self.student.position.step_before + self.settings.epochs * self.settings.steps_per_epoch
        )

    def events(self) -> Iterator[Event]:
        """Train to the end or until stopped; a stop is obeyed after the step in progress."""
        yield self._started()
        yield from self._prepare_cases()
        if self.student.position.look_due:
            yield from self._look()
        self._clock = (time.monotonic(), self.student.position.step)
        with closing(self.loader):
            while self.student.position.step < self.last and not self.mailbox.stopped:
                yield from self._epoch()
        position = self.student.position
        yield self._save()
        done = position.step >= self.last and not position.look_due
        yield Finished(position.step, "done" if done else "stopped")

    def _take_up(self) -> None:
        """Go on from this run's checkpoint, or from the end of the run before."""
        if path_of(self.run).exists():
            self.student.load(self.run)
        elif self.run.parent is not None:
            self.student.load(self.project.run(self.run.parent))
            position = self.student.position
            self._move(step_before=position.step, epoch_before=position.epoch, unfinished=None)

    def _move(self, **changes: object) -> None:
        self.student.position = dataclasses.replace(self.student.position, **changes)  # type: ignore[arg-type]

    def _started(self) -> Started:
        position = self.student.position
        return Started(
            run=self.run.number,
            device=str(self.student.device),
            network=self.settings.network,
            parameters=self.student.parameters,
            step=position.step,
            total=self.last,
            pool=sum(case.teacher is not None for case in self.project.by_role("pool")),
            reference=len(self.project.by_role("reference")),
            audit=len(self.project.by_role("audit")),
        )

    # an epoch -------------------------------------------------------------------------------------

    def _epoch(self) -> Iterator[Event]:
        epoch = self.student.position.epoch + 1
        yield from self._call_roll(epoch)
        roster = {name: ("reference", version) for name, (version, _) in self.experts.items()}
        roster |= dict.fromkeys(self.pool, ("pool", "teacher"))
        book = EpochBook(roster, self.student.position.unfinished)
        while not self._epoch_complete():
            yield from self._attend()
            if self.mailbox.stopped:
                self._move(unfinished=book.plain())
                return
            yield from self._step(epoch, book)
        self._move(epoch=epoch, unfinished=None, look_due=True)
        yield book.close(epoch, self.student.position.step)
        yield self._save()
        yield from self._look()

    def _save(self) -> CheckpointSaved:
        path = self.student.save(self.run) if self.ranks.rank == 0 else path_of(self.run)
        self.ranks.wait()
        return CheckpointSaved(
            self.student.position.step, str(path.relative_to(self.project.folder))
        )

    def _epoch_complete(self) -> bool:
        position = self.student.position
        epochs = position.epoch + 1 - position.epoch_before
        return position.step >= position.step_before + epochs * self.settings.steps_per_epoch

    def _look(self) -> Iterator[Event]:
        """Validate and rank, when it is time; a stop is obeyed after the case in progress."""
        epoch, end = self.student.position.epoch, self.student.position.step >= self.last
        if epoch % self.settings.validate_every == 0 or end:
            yield from self.mailbox.until_stopped(self.viewer.validate())
        every = self.settings.rank_every
        if every and (epoch % every == 0 or end) and not self.mailbox.stopped:
            yield from self.mailbox.until_stopped(self.viewer.rank())
            yield from self.mailbox.until_stopped(self.viewer.predict(list(self.mailbox.answer())))
        if not self.mailbox.stopped:
            self._move(look_due=False)

    def _attend(self) -> Iterator[Event]:
        """Between steps: make pictures that were asked for, and wait while paused."""
        self.mailbox.sync()
        yield from self.viewer.predict(list(self.mailbox.asked()))
        if self.mailbox.paused:
            yield Paused(self.student.position.step)
        while self.mailbox.paused and not self.mailbox.stopped:
            self.mailbox.wait(0.2)
            self.mailbox.sync()
            yield from self.viewer.predict(list(self.mailbox.asked()))

    # a step ---------------------------------------------------------------------------------------

    def _step(self, epoch: int, book: EpochBook) -> Iterator[Event]:
        step, settings = self.student.position.step, self.settings
        start, waited = time.monotonic(), self.loader.waited
        pseudo, expert = self.loader.take(step, self.last)
        torch.manual_seed(int(np.random.default_rng([settings.seed, step, 2]).integers(2**31)))
        rate = self._learning_rate(step)
        for group in self.student.optimizer.param_groups:
            group["lr"] = rate
        standing = Standing(self.masks, self.student.position.standing)
        names, experts = (
            tuple(case.case for case in self._drawn(step, stream)[0]) for stream in (0, 1)
        )
        report = yield from self._train(pseudo, expert, standing.of(names), names)
        book.add(report, experts)
        standing.add(report)
        self._move(step=step + 1, standing=standing.means)
        yield from self._once(report.slow)
        for case, reason in report.dropped:
            yield SampleDropped(step + 1, case, reason)
        yield StepDone(
            step=step + 1,
            epoch=epoch,
            loss=report.loss,
            expert_loss=report.expert_loss,
            learning_rate=rate,
            seconds_left=self._seconds_left(),
            skipped=report.skipped,
            seconds=time.monotonic() - start,
            waited=self.loader.waited - waited,
            samples=tuple(
                map(
                    SampleWeighed,
                    report.cases,
                    report.trust,
                    report.informativeness,
                    report.weights,
                    report.losses,
                )
            ),
        )

    def _train(
        self, pseudo: core.Batch, expert: core.Batch, standing: torch.Tensor, names: tuple[str, ...]
    ) -> Generator[Event, None, core.StepReport]:
        """The step itself; where memory runs out, again with fewer patches at a time."""
        settings, random = self.settings, torch.get_rng_state()
        while True:
            try:
                with precision(settings, self.student.device):
                    return core.train_step(
                        self.student.net,
                        self.student.head,
                        self.student.optimizer,
                        pseudo,
                        expert,
                        method=settings.method,
                        trust_share=settings.trust_share,
                        similarity=settings.similarity,
                        standing=standing,
                        scope=settings.scope,
                        mu=settings.mu,
                        at_once=self.at_once,
                        together=self.ranks,
                        cases=names,
                    )
            except (MemoryError, RuntimeError) as error:
                # together, the others are already waiting for what this step was about to say
                if not out_of_memory(error) or self.at_once == 1 or self.ranks.size > 1:
                    raise
            torch.set_rng_state(random)
            self.at_once = (self.at_once or max(len(pseudo.cases), len(expert.cases))) // 2 or 1
            torch.cuda.empty_cache()  # nothing where there is no such device
            yield Warned(
                f"Memory ran out; from now on the patches pass the network {self.at_once} at a"
                " time, which is slower"
                " and gives the same."
            )

    def _once(self, slow: str) -> Iterator[Event]:
        """Say once in a run that its steps go the slow way."""
        if slow and not self._said_slow:
            self._said_slow = True
            yield Warned(
                f"Network '{self.settings.network}' is weighed the slow way, exact all the same, as"
                f" {slow}."
            )

    def _batches(self, step: int) -> tuple[core.Batch, core.Batch]:
        """This process's (pseudo-labelled, expert) batches of a step."""
        return tuple(self._cut(*self._drawn(step, stream)) for stream in (0, 1))  # type: ignore[return-value]

    def _drawn(self, step: int, stream: int) -> tuple[list[Prepared], list[np.random.Generator]]:
        """The cases of a step, for all processes, and a generator for each patch.

        They come from an endless series of shuffles, so that all are seen equally often. ``stream``
        0 draws from the pool, 1 from the experts.
        """
        cases = [case for _, case in self.experts.values()] if stream else list(self.pool.values())
        size = self.ranks.size * (self.settings.expert_batch if stream else self.settings.batch)
        places = range(step * size, (step + 1) * size)
        chosen = [
            self._shuffled(cases, stream, place // len(cases))[place % len(cases)]
            for place in places
        ]
        return chosen, [
            np.random.default_rng([self.settings.seed, stream, place]) for place in places
        ]

    def _cut(self, cases: list[Prepared], rngs: list[np.random.Generator]) -> core.Batch:
        size = len(cases) // self.ranks.size
        own = slice(self.ranks.rank * size, (self.ranks.rank + 1) * size)
        return self.dataset.batch(cases[own], rngs[own])

    def _shuffled(self, cases: Sequence[Prepared], stream: int, lap: int) -> list[Prepared]:
        order = np.random.default_rng([self.settings.seed, 7 + stream, lap]).permutation(len(cases))
        return [cases[index] for index in order]

    def _learning_rate(self, step: int) -> float:
        """Half a cosine from the set rate down to a twentieth of it at the run's end."""
        position = self.student.position
        part = (step - position.step_before) / (self.last - position.step_before)
        return self.settings.learning_rate * (0.05 + 0.95 * (1 + math.cos(math.pi * part)) / 2)

    def _seconds_left(self) -> float:
        start, first = self._clock
        done = self.student.position.step - first
        return (time.monotonic() - start) / done * (self.last - self.student.position.step)

    # the cases ------------------------------------------------------------------------------------

    def _prepare_cases(self) -> Iterator[Event]:
        """Bring every case to the training grid once; later runs find it in the cache."""
        cases = self.ranks.share([case for case in self.project.cases if case.role != "seed"])
        for done, case in enumerate(cases):
            if self.mailbox.stopped:
                return
            yield Progress("preparing", done, len(cases))
            self.dataset.image(case)
        yield Progress("preparing", len(cases), len(cases), 0.0)
        self.ranks.wait()

    def _call_roll(self, epoch: int) -> Iterator[Event]:
        """Take up what was accepted, reverted or taught since the epoch before."""
        before = {name: version for name, (version, _) in self.experts.items()}
        reference, pool = self._present()
        experts, pseudo = (
            {case.name: self._expert(case) for case in reference},
            {c.name: self._pseudo(c) for c in pool},
        )
        if (experts, pseudo) != (self.experts, self.pool):
            self.loader.forget()
        self.experts, self.pool = experts, pseudo
        self.masks = {case.name: case.teacher_sha256 for case in pool}
        if not self.pool:
            raise AlntError(
                "No case in the pool has a teacher mask any more, so there is nothing left to learn"
                " from."
            )
        changed = tuple(
            name for name, (version, _) in self.experts.items() if before.get(name) != version
        )
        if changed and before:
            yield ExpertsChanged(epoch, changed)
        if not before and (
            bare := sum(1 for case in self.project.by_role("pool") if not case.teacher)
        ):
            yield Warned(
                f"{bare} cases in the pool have no teacher mask and are left out; run teach to make"
                " them."
            )

    def _present(self) -> tuple[tuple[Case, ...], list[Case]]:
        """The reference and the pool; who trains together must see the same, so look until all
        do.
        """
        while True:
            reference = self.project.by_role("reference")
            pool = [case for case in self.project.by_role("pool") if case.teacher]
            seen = [
                [case.name, self.project.label_version(case), case.teacher_sha256]
                for case in (*reference, *pool)
            ]
            everybody = self.ranks.collect(seen)
            if all(other == everybody[0] for other in everybody):
                return reference, pool
            time.sleep(0.05)

    def _expert(self, case: Case) -> tuple[str, Prepared]:
        version = self.project.label_version(case)
        known = self.experts.get(case.name)
        return known if known and known[0] == version else (version, self.dataset.expert(case))

    def _pseudo(self, case: Case) -> Prepared:
        return self.pool.get(case.name) or self.dataset.pseudo(case)
