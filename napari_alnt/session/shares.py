"""The share of the training that each case had in each epoch, as pictures of cases × epochs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from napari_alnt.events import LedgerRow

T = TypeVar("T")
Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SharePicture:
    """The shares of some cases, of the pool or of the experts.

    Where there are more cases or epochs than the picture has rows or columns, a pixel is the mean
    of several.

    Attributes
    ----------
    cases : the cases in their order, from the top
    epochs : the epochs in their order, from the left
    values : ``(rows, columns)``, shares from 0 to 1; nan where none of the pixel's cases was used
    """

    cases: tuple[str, ...]
    epochs: tuple[int, ...]
    values: Floats

    def cases_at(self, row: int) -> tuple[str, ...]:
        """The cases that a row of the picture stands for."""
        return _part(self.cases, row, self.values.shape[0])

    def epochs_at(self, column: int) -> tuple[int, ...]:
        """The epochs that a column of the picture stands for."""
        return _part(self.epochs, column, self.values.shape[1])

    @property
    def cases_in_a_row(self) -> int:
        """Most cases that share a row."""
        return math.ceil(len(self.cases) / max(len(self.values), 1))

    @property
    def highest(self) -> float:
        """The largest value; 0 where there is none."""
        known = self.values[np.isfinite(self.values)]
        return float(known.max()) if known.size else 0.0


@dataclass(frozen=True, eq=False)
class _Epoch:
    """What one epoch used: ``case`` are places in the list of names, of ``value`` their shares."""

    number: int
    case: npt.NDArray[np.int32]
    value: Floats
    is_expert: npt.NDArray[np.bool_]


class Shares:
    """The shares of all epochs so far, as arrays, so that ten thousand cases are drawn quickly.

    The share of a pool case is its part of the weights of all pool patches of the epoch, that of
    an expert case its part of the expert patches.
    """

    def __init__(self) -> None:
        self._names: list[str] = []
        self._place: dict[str, int] = {}
        self._epochs: list[_Epoch] = []

    def __len__(self) -> int:
        """Number of epochs."""
        return len(self._epochs)

    def add(self, epoch: int, rows: Iterable[LedgerRow]) -> None:
        """Take in an epoch; a resumed training repeats one, and the later one counts."""
        rows = [row for row in rows if row.seen > 0]
        experts = np.array([row.role != "pool" for row in rows], bool)
        seen = np.array([row.seen for row in rows], float)
        values = np.array([row.share for row in rows], float)
        # all expert patches weigh the same
        values[experts] = seen[experts] / max(seen[experts].sum(), 1)
        known = np.isfinite(values)
        cases = np.array([self._place_of(row.case) for row in rows], np.int32)
        while self._epochs and self._epochs[-1].number >= epoch:
            self._epochs.pop()
        self._epochs.append(
            _Epoch(epoch, cases[known], values[known].astype(np.float32), experts[known])
        )

    def clear(self) -> None:
        """Forget all: a new student begins."""
        self._epochs.clear()

    def cases(self, is_expert: bool) -> list[str]:
        """The names of all that were used as pool, or as expert, cases; the first used first."""
        epochs = list(self._epochs)  # before the names, which another thread adds first
        used = np.zeros(len(self._names), bool)
        for epoch in epochs:
            used[epoch.case[epoch.is_expert == is_expert]] = True
        return [self._names[place] for place in np.flatnonzero(used)]

    def picture(
        self, order: Sequence[str], is_expert: bool, rows: int, columns: int
    ) -> SharePicture:
        """The shares of the pool, or of the experts.

        Parameters
        ----------
        order : names from the top; cases that are not among them follow, unused ones are left out
        is_expert : whether the expert cases are asked for
        rows, columns : most rows and columns of the picture
        """
        epochs = list(self._epochs)  # another thread may add to it
        there = self.cases(is_expert)
        known = set(there)
        first = [name for name in order if name in known]
        known.difference_update(first)
        cases = (*first, *(name for name in there if name in known))
        shape = min(len(cases), max(rows, 1)), min(len(epochs), max(columns, 1))
        values = _means(self._row_of(cases, shape[0]), epochs, is_expert, shape)
        return SharePicture(cases, tuple(epoch.number for epoch in epochs), values)

    def _row_of(self, cases: Sequence[str], rows: int) -> Integers:
        """The row of each name; 0 for those that have none."""
        row = np.zeros(len(self._names), np.int64)
        places = [self._place[name] for name in cases]
        row[places] = np.arange(len(cases)) * rows // max(len(cases), 1)
        return row

    def _place_of(self, case: str) -> int:
        place = self._place.get(case)
        if place is None:
            place = self._place[case] = len(self._names)
            self._names.append(case)
        return place


def _means(
    row: Integers, epochs: Sequence[_Epoch], is_expert: bool, shape: tuple[int, int]
) -> Floats:
    """The mean share of every pixel."""
    rows, columns = shape
    sums = np.zeros((columns, rows))
    counts = np.zeros((columns, rows))
    for index, epoch in enumerate(epochs):
        chosen = epoch.is_expert == is_expert
        column = index * columns // len(epochs)
        at = row[epoch.case[chosen]]
        sums[column] += np.bincount(at, epoch.value[chosen], rows)
        counts[column] += np.bincount(at, minlength=rows)
    with np.errstate(invalid="ignore"):
        return (sums / counts).T.astype(np.float32)


def _part(items: Sequence[T], index: int, parts: int) -> tuple[T, ...]:
    """Those of the items that fall into one of so many parts."""
    count = len(items)
    # the inverse of: item * parts // count
    first = -(-index * count // parts)
    last = -(-(index + 1) * count // parts)
    return tuple(items[first:last])


def heights(height: int, pool: int, experts: int) -> tuple[int, int]:
    """How many pixels the pool and the experts get, by their numbers of cases.

    Where both have cases, each gets a fifth at least.
    """
    if not pool or not experts:
        return (height if pool else 0), (height if experts else 0)
    part = min(max(pool / (pool + experts), 0.2), 0.8)
    upper = round(height * part)
    return upper, height - upper
