"""Several processes that take a step together: what they exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_alnt.core.directions import Direction

if TYPE_CHECKING:
    from torch import Tensor


class ProcessGroup(Protocol):
    """Processes that take one step, each with its own B of the step's size·B pseudo-labelled
    patches.

    All make the same calls in the same order.
    """

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""
        ...

    def sum(self, values: Direction) -> Direction:
        """The sum over the processes."""
        ...

    def gather(self, values: Tensor) -> Tensor:
        """The ``(B, …)`` of every process in the order of rank, ``(size·B, …)``."""
        ...


class SingleProcess:
    """One process that trains alone."""

    rank = 0

    def sum(self, values: Direction) -> Direction:
        """The values themselves."""
        return values

    def gather(self, values: Tensor) -> Tensor:
        """The values themselves."""
        return values


SINGLE = SingleProcess()
"""The default wherever processes may work together."""
