"""What the tests of this room share: the paper's weighting, slow references, steps in a row."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from napari_alnt.core import (
    Batch,
    Direction,
    StepReport,
    gradient,
    head_layer,
    per_sample_loss,
    sample_gradients,
    train_step,
)
from napari_alnt.core.per_sample import LayerwiseGradients, ReferenceGradients
from napari_alnt.settings import Weighting

PAPER = Weighting(method="RGSM_AL", trust_share=0.5, trust_measure="dot", scope="all", mu=0.0)


def paper(**changes: object) -> Weighting:
    """The paper's weighting, or one that differs from it as told."""
    return dataclasses.replace(PAPER, **changes)  # type: ignore[arg-type]


def flat(direction: Direction) -> Tensor:
    """All parameters of a direction in one row."""
    return torch.cat([value.flatten() for value in direction.values()])


def expert_gradient(net: nn.Module, images: Tensor, targets: Tensor) -> Direction:
    """G = ∇θ (1/V) Σ_v ℓ_v by an ordinary backward pass."""
    return gradient(net, per_sample_loss(net(images), targets).mean())


def own_gradients(net: nn.Module, images: Tensor, targets: Tensor) -> list[Direction]:
    """Every sample's gradient by its own backward pass, the loss of the others never computed."""
    own = []
    for i in range(len(images)):
        net.zero_grad()
        per_sample_loss(net(images[i : i + 1]), targets[i : i + 1]).sum().backward()
        own.append({name: p.grad.clone() for name, p in net.named_parameters()})
    net.zero_grad(set_to_none=True)
    return own


def squares(logits: Tensor, targets: Tensor) -> Tensor:
    """A loss of one's own: the mean squared error of each sample ``(B,)``."""
    truth = nn.functional.one_hot(targets.clamp(min=0), logits.shape[1]).movedim(-1, 1)
    return (logits - truth).square().flatten(1).mean(1)


def train(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    steps: Iterable[tuple[Batch, Batch]],
    weighting: Weighting = PAPER,
    **options: object,
) -> Iterator[StepReport]:
    """Steps in a row on (pseudo-labelled, expert) batches, one report each."""
    head = None
    for pseudo, expert in steps:
        example = pseudo if pseudo.cases else expert
        head = head or head_layer(net, example.images[:1])
        yield train_step(net, head, optimizer, pseudo, expert, weighting, **options)


WEIGHTS = torch.tensor([0.3, 0.0, 0.7], dtype=torch.float64)


def agree(
    net: nn.Module, images: Tensor, targets: Tensor, micro_batch: int = 0, tolerance: float = 1e-9
) -> None:
    """The fast gradients are those of whole passes: sums, products, single ones and norms."""
    fast = sample_gradients(net, images, targets, micro_batch)
    slow = ReferenceGradients(net, images, targets)
    assert isinstance(fast, LayerwiseGradients)
    weights = WEIGHTS.to(images.dtype)
    torch.testing.assert_close(fast.losses, slow.losses)
    own = [slow.weighted_sum(one) for one in torch.eye(len(images), dtype=images.dtype)]
    direction = slow.weighted_sum(torch.ones_like(weights))
    total = slow.weighted_sum(weights)
    length = torch.stack([value.norm() for value in total.values()]).norm()
    ours = fast.weighted_sum(weights)
    assert set(ours) == set(total)
    for name, value in total.items():
        assert ours[name].shape == value.shape
        assert (ours[name] - value).norm() <= tolerance * length, name
        single = torch.stack([one[name] for one in own])
        torch.testing.assert_close(
            fast.grad_sample(name), single, rtol=tolerance, atol=tolerance * float(length)
        )
    dots = slow.dot(direction)
    torch.testing.assert_close(fast.dot(direction), dots, rtol=tolerance, atol=0)
    lengths = torch.stack([flat(one).norm() for one in own])
    torch.testing.assert_close(fast.norms(), lengths, rtol=tolerance, atol=0)


class Through(nn.Module):
    """A layer twice, and activations that overwrite their input."""

    def __init__(self, layer: nn.Module, last: bool = False) -> None:
        super().__init__()
        self.first = nn.Conv3d(1, 4, 3, padding=1)
        self.layer = layer
        self.last = last
        self.head = nn.Conv3d(4, 3, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x).tanh_()
        for _ in range(2):
            x = self._layer(x)
            x = nn.functional.elu_(x, 0.3)
        return self.head(x)

    def _layer(self, x: Tensor) -> Tensor:
        return self.layer(x.movedim(1, -1)).movedim(-1, 1) * 1.0 if self.last else self.layer(x)
