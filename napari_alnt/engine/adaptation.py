"""A copy of the student learns the corrected slices of one case, with as many expert patches."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from napari_alnt import core
from napari_alnt.engine.dataset import Dataset, Prepared
from napari_alnt.engine.student import Student, precision

STREAM = 91
"""Keeps the random numbers of adaptations apart from those of a training."""


@dataclass(frozen=True)
class Recipe:
    """How a copy of the student is adapted, and how its mask is made.

    Attributes
    ----------
    steps : steps of Adam, each on patches of the case and on expert patches
    learning_rate : of all steps
    case_patches, expert_patches : patches in a step
    vary_case : whether the patches of the case are varied too, as those of the experts are
    average : how much of the running mean of the weights is kept from step to step; 0 takes the
        weights of the last step
    near, widening : mm by which a shape between corrected slices may be off, at a corrected slice
        and for every mm away from it; ``near`` 0 leaves shapes out
    """

    steps: int = 60
    learning_rate: float = 1e-3
    case_patches: int = 2
    vary_case: bool = False
    expert_patches: int = 2
    average: float = 0.97
    near: float = 2.0
    widening: float = 2.0


class Adaptation:
    """Some steps of a copy of the student; the student itself stays as it is.

    Parameters
    ----------
    dataset : cuts the patches
    student : is copied
    case : the case, its target ``IGNORE`` outside the corrected slices, its centres on them
    experts : the expert cases
    recipe : how it learns
    seed : of all that is random
    """

    def __init__(
        self,
        dataset: Dataset,
        student: Student,
        case: Prepared,
        experts: Sequence[Prepared],
        recipe: Recipe,
        seed: Sequence[int],
    ) -> None:
        self._settings = dataset.settings
        self._device = student.device
        self._experts = dataset
        # every patch is to hold a corrected slice; the case is drawn as it is, not as it might be
        centred = replace(dataset.settings, foreground_fraction=1.0, augment=recipe.vary_case)
        self._case = Dataset(dataset.project, centred)
        self._cases = [case] * recipe.case_patches
        self._others = list(experts)
        self._recipe = recipe
        self._seed = [STREAM, *seed]
        self._learning = copy.deepcopy(student.net)
        self.net: nn.Module = copy.deepcopy(student.net)
        """The adapted copy: the mean of the weights over the newest steps."""
        self._optimizer = torch.optim.Adam(self._learning.parameters(), lr=recipe.learning_rate)

    def step(self, number: int) -> None:
        """Take a step, counted from 0."""
        rngs = [
            np.random.default_rng([*self._seed, number, place])
            for place in range(len(self._cases) + self._recipe.expert_patches)
        ]
        own, others = rngs[: len(self._cases)], rngs[len(self._cases) :]
        batches = [self._case.batch(self._cases, own)]
        if self._others and others:
            chosen = [self._others[rng.integers(len(self._others))] for rng in others]
            batches.append(self._experts.batch(chosen, others))
        # a network with dropout draws from the generator that a training may draw from too
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices), precision(self._settings, self._device):
            torch.manual_seed(int(rngs[0].integers(2**31)))
            for _ in core.supervised(self._learning, self._optimizer, [_joined(batches)]):
                pass
        self._take_mean(number)

    def _take_mean(self, number: int) -> None:
        # a mean of few steps at first, as there are no more
        kept = min(self._recipe.average, number / (number + 1))
        pairs = zip(self.net.parameters(), self._learning.parameters(), strict=True)
        with torch.no_grad():
            for mean, newest in pairs:
                mean.lerp_(newest, 1 - kept)
            buffers = zip(self.net.buffers(), self._learning.buffers(), strict=True)
            for mine, other in buffers:
                mine.copy_(other)


def _joined(batches: Sequence[core.Batch]) -> core.Batch:
    return core.Batch(
        torch.cat([batch.images for batch in batches]),
        torch.cat([batch.targets for batch in batches]),
        tuple(case for batch in batches for case in batch.cases),
    )
