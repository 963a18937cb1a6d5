"""A training loop of one's own, which the README prints: any network, loss and optimiser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from core.helpers import paper, squares, train
from monai.networks.nets import UNet
from torch import Tensor

from napari_alnt.core import IGNORE, Batch

Patches = Callable[..., tuple[Tensor, Tensor]]

LOOP = """\
import torch
from monai.networks.nets import UNet
from napari_alnt.core import Weighting, gradient, head_layer, sample_gradients, weigh

net = UNet(3, 1, 3, (8, 16, 32), (2, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
head = head_layer(net, torch.zeros(1, 1, 16, 16, 16))
weighting = Weighting("RGSM", trust_share=0.5, trust_measure="dot", scope="all", mu=0.0)
for images, targets, expert_images, expert_targets in batches:
    g = gradient(net, loss(net(expert_images), expert_targets).mean())
    samples = sample_gradients(net, images, targets, loss=loss)
    weights = weigh(samples, head, g, weighting).weights
    for name, value in samples.weighted_sum(weights).items():
        net.get_parameter(name).grad = value
    optimizer.step()
"""
"""``batches`` yields tensors, ``loss(logits, targets)`` gives ``(B,)``."""


@pytest.fixture
def batches(patches: Patches) -> list[tuple[Tensor, ...]]:
    return [(*patches(4, seed), *patches(2, seed + 10)) for seed in range(3)]


def _run(batches: list[tuple[Tensor, ...]]) -> dict[str, object]:
    torch.manual_seed(0)
    names: dict[str, object] = {"batches": batches, "loss": squares}
    exec(LOOP, names)
    return names


def test_the_loop_is_short() -> None:
    lines = [line for line in LOOP.splitlines() if line.strip()]
    assert len(lines) == 14
    assert max(map(len, lines)) <= 100


def test_the_loop_takes_the_steps_that_the_engine_takes(batches: list[tuple[Tensor, ...]]) -> None:
    net = _run(batches)["net"]
    torch.manual_seed(0)
    twin = UNet(3, 1, 3, (8, 16, 32), (2, 2))
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
    steps = [
        (Batch(images, targets, tuple("abcd")), Batch(*expert, tuple("ef")))
        for images, targets, *expert in batches
    ]
    list(train(twin, optimizer, steps, paper(method="RGSM"), clip=1e9, loss=squares))
    for a, b in zip(net.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_the_loop_weighs_a_wrong_mask_least(batches: list[tuple[Tensor, ...]]) -> None:
    wrong = []
    for images, targets, *expert in batches:
        targets = targets.clone()
        # every class is called by the next one's number
        targets[2] = torch.where(targets[2] == IGNORE, IGNORE, (targets[2] + 1) % 3)
        wrong.append((images, targets, *expert))
    weights = _run(wrong * 5)["weights"]
    assert int(weights.argmin()) == 2
