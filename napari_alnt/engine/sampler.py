"""Which cases go into which step, and with which random generator each patch is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from napari_alnt.core import Batch
from napari_alnt.engine.dataset import Dataset, Prepared
from napari_alnt.engine.distributed import TorchProcessGroup


class Stream(IntEnum):
    """What a sampler draws for; each has random numbers of its own."""

    POOL = 0
    EXPERTS = 1
    TEACHER = 2


@dataclass(frozen=True, eq=False)
class Drawn:
    """The patches of one step.

    Attributes
    ----------
    batch : the patches of this process
    cases : the cases of the patches of all processes, in the order of rank
    """

    batch: Batch
    cases: tuple[str, ...]


class Sampler:
    """Draws ``size`` patches a step from an endless series of shuffled passes over the cases.

    So all cases are seen equally often. A place counts the patches of a whole training, over all
    processes, and everything random follows from (seed, stream, place): a resumed run draws the
    same patches as an uninterrupted one, and several processes the same as one with their batches
    put together.
    """

    def __init__(
        self, dataset: Dataset, stream: Stream, size: int, group: TorchProcessGroup | None = None
    ) -> None:
        self._dataset = dataset
        self._stream = stream
        self._size = size
        self._group = group or TorchProcessGroup()
        self._seed = dataset.settings.seed

    def draw(self, cases: Sequence[Prepared], step: int) -> Drawn:
        """The patches of a step, counted from 0; ``cases`` are those that train now."""
        first = step * self._size * self._group.size
        places = range(first, first + self._size * self._group.size)
        # the cases of all processes, so that none has to be told what the others train with
        chosen = [self._at(cases, place) for place in places]
        start = self._group.rank * self._size
        own = slice(start, start + self._size)
        rngs = [np.random.default_rng([self._seed, self._stream, place]) for place in places[own]]
        return Drawn(
            self._dataset.batch(chosen[own], rngs), tuple(prepared.case for prepared in chosen)
        )

    def _at(self, cases: Sequence[Prepared], place: int) -> Prepared:
        lap, index = divmod(place, len(cases))
        # 7 keeps the seeds of the passes apart from those of the patches
        shuffle = np.random.default_rng([self._seed, 7 + self._stream, lap])
        return cases[int(shuffle.permutation(len(cases))[index])]
