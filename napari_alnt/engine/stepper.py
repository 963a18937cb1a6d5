"""One weighted step of the student, also where memory is short."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
import torch

from napari_alnt import core
from napari_alnt.engine.distributed import TorchProcessGroup
from napari_alnt.engine.sampler import Drawn
from napari_alnt.engine.student import Student, out_of_memory, precision
from napari_alnt.events import Warned
from napari_alnt.settings import Settings


class Stepper:
    """Takes the steps of one run.

    Attributes
    ----------
    micro_batch : patches that pass the network at a time, 0 for all; halved where memory runs out
    """

    def __init__(self, student: Student, settings: Settings, group: TorchProcessGroup) -> None:
        self._student = student
        self._settings = settings
        self._group = group
        self.micro_batch = settings.micro_batch
        self._warned_slow = False

    def step(
        self, pseudo: Drawn, expert: Drawn, loss_rank: torch.Tensor
    ) -> Generator[Warned, None, core.StepReport]:
        """The step after those that the student has done.

        Parameters
        ----------
        pseudo, expert : the patches of the step
        loss_rank : ``(size·B,)``, what trust is with the measure "loss_rank"

        Returns
        -------
        What the step did; the generator yields what the user should know of the way it went.
        """
        # dropout and random weights follow from the step alone, wherever a run was resumed
        seeds = np.random.default_rng([self._settings.seed, self._student.state.step, 2])
        torch.manual_seed(int(seeds.integers(2**31)))
        random = torch.get_rng_state()
        while True:
            try:
                report = self._train(pseudo, expert, loss_rank)
                break
            except (MemoryError, RuntimeError) as error:
                # with several processes the others already wait for this step's sums
                if not out_of_memory(error) or self.micro_batch == 1 or self._group.size > 1:
                    raise
            torch.set_rng_state(random)
            torch.cuda.empty_cache()  # does nothing without such a device
            largest = max(len(pseudo.batch.cases), len(expert.batch.cases))
            self.micro_batch = (self.micro_batch or largest) // 2 or 1
            yield Warned(
                f"Memory ran out; from now on the patches pass the network {self.micro_batch} at a"
                " time, which is slower and gives the same."
            )
        yield from self._warn_once(report.fallback_reason)
        return report

    def _train(self, pseudo: Drawn, expert: Drawn, loss_rank: torch.Tensor) -> core.StepReport:
        with precision(self._settings, self._student.device):
            return core.train_step(
                self._student.net,
                self._student.head,
                self._student.optimizer,
                pseudo.batch,
                expert.batch,
                self._settings.weighting,
                loss_rank=loss_rank,
                micro_batch=self.micro_batch,
                group=self._group,
                cases=pseudo.cases,
            )

    def _warn_once(self, fallback_reason: str) -> Iterator[Warned]:
        """Say once in a run that its steps go the slow way."""
        if fallback_reason and not self._warned_slow:
            self._warned_slow = True
            yield Warned(
                f"Network '{self._settings.network}' is weighed the slow way, exact all the same,"
                f" as {fallback_reason}."
            )
