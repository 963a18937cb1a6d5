"""Several processes that take one step: what they share, and the one process that shares with
nobody.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from napari_alnt.core.directions import Direction


class Together(Protocol):
    """Processes that each hold B of a step's size·B pseudo-labelled patches; all call the same in
    the same order.
    """

    @property
    def rank(self) -> int:
        """Which of them this is, from 0."""
        ...

    def sum(self, values: Direction) -> Direction:
        """The sum over the processes."""
        ...

    def gather(self, values: Tensor) -> Tensor:
        """Everybody's ``(B,)`` in the order of rank, ``(size·B,)``."""
        ...


class Alone:
    """One process."""

    rank = 0

    def sum(self, values: Direction) -> Direction:
        """The values themselves."""
        return values

    def gather(self, values: Tensor) -> Tensor:
        """The values themselves."""
        return values


ALONE = Alone()
"""The default wherever processes may work together."""
