"""What processes exchange in a step, played by two stand-ins in one process.

The real processes are tested in ``tests/engine/test_distributed.py``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from core.helpers import expert_gradient, paper
from torch import Tensor, nn

from napari_alnt.core import Direction, head_layer, sample_gradients, weigh
from napari_alnt.core.distributed import SINGLE

Batch = Callable[[nn.Module, int, int], tuple[Tensor, Tensor]]


class _Pair:
    """One of two processes; what the other says is written down beforehand."""

    def __init__(self, rank: int, others: list[Tensor]) -> None:
        self.rank = rank
        self._others = list(others)
        self.said: list[Tensor] = []

    def sum(self, _: Direction) -> Direction:
        raise AssertionError("weighing sums nothing over the processes")

    def gather(self, values: Tensor) -> Tensor:
        self.said.append(values)
        other = self._others.pop(0) if self._others else torch.zeros_like(values)
        return torch.cat([values, other] if self.rank == 0 else [other, values])


@pytest.mark.parametrize("method", ["RGSM", "RGSM_AL", "UNIFORM"])
def test_weights_are_shares_of_the_whole_step(small: nn.Module, batch: Batch, method: str) -> None:
    net = small.double()
    images, targets = batch(net, 4, 0)
    g = expert_gradient(net, *batch(net, 2, 1))
    head = head_layer(net, images[:1])
    weighting = paper(method=method, trust_measure="cosine")
    alone = weigh(sample_gradients(net, images, targets), head, g, weighting)
    halves = [sample_gradients(net, images[own], targets[own]) for own in (slice(2), slice(2, 4))]
    first, second = (_Pair(rank, []) for rank in (0, 1))
    for half, pair in zip(halves, (first, second), strict=True):
        weigh(half, head, g, weighting, group=pair)
    for rank, half, other in ((0, halves[0], second), (1, halves[1], first)):
        seen = weigh(half, head, g, weighting, group=_Pair(rank, other.said))
        torch.testing.assert_close(seen.weights, alone.weights)
        torch.testing.assert_close(seen.trust, alone.trust)
        torch.testing.assert_close(seen.informativeness, alone.informativeness)


def test_one_process_shares_with_nobody() -> None:
    values = torch.arange(3)
    assert SINGLE.rank == 0
    assert SINGLE.gather(values) is values
    assert SINGLE.sum({"a": values})["a"] is values
