"""Ways to take the weighted step: the one that napari-alnt takes, and others beside it.

All but the ordinary ones make the same weights (RGSM, μ = 0) and the same gradient, by different
passes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call

from napari_alnt import core
from napari_alnt.core import Batch, Direction, Head, per_sample_loss
from napari_alnt.core.per_sample import LayerwiseGradients
from napari_alnt.core.weights import informativeness, sample_weights
from napari_alnt.settings import Network, Scope, TrustMeasure, Weighting

CLASSES = 3


@dataclass(frozen=True)
class Options:
    """What is measured, and how often."""

    network: Network = "unet"
    """The network; 'unet' is the paper's."""
    size: int = 48
    """Side of a patch in voxels."""
    volume: int = 192
    """Side of the ranked case in voxels."""
    batch: int = 4
    """Pseudo-labelled patches in a step (B)."""
    expert_batch: int = 4
    """Expert patches in a step (V)."""
    repeats: int = 9
    """Rounds that are timed; the table has their medians."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where to compute."""
    threads: int = 0
    """Processor threads; 0 takes all."""


@dataclass
class Setup:
    """A network with its optimiser, and B pseudo-labelled and V expert patches of noise."""

    net: nn.Module
    head: Head
    optimizer: torch.optim.Optimizer
    pseudo: Batch
    expert: Batch

    @classmethod
    def of(cls, options: Options) -> Setup:
        """The one that the options ask for; always the same numbers.

        Raises
        ------
        AlntError
            If the network cannot take patches of this size.
        """
        core.check_patch(options.network, (options.size,) * 3)
        if options.threads:
            torch.set_num_threads(options.threads)
        torch.manual_seed(0)  # the patches' numbers; the network has a seed of its own
        net = core.build(options.network, CLASSES, seed=0).to(options.device).train()
        optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4)
        pseudo = noise(options.batch, options)
        expert = noise(options.expert_batch, options)
        return cls(net, core.head_layer(net, pseudo.images[:1]), optimizer, pseudo, expert)

    def losses(self, batch: Batch) -> Tensor:
        """ℓ_i ``(B,)`` with a graph."""
        return per_sample_loss(self.net(batch.images), batch.targets)

    def expert_gradient(self) -> Direction:
        """The gradient g of the experts' mean loss."""
        return core.gradient(self.net, self.losses(self.expert).mean())

    def move(self, total: Direction) -> None:
        """The optimiser's step, the same for all."""
        for name, parameter in self.net.named_parameters():
            parameter.grad = total[name]
        nn.utils.clip_grad_norm_(self.net.parameters(), 12.0)
        self.optimizer.step()
        self.optimizer.zero_grad()


def noise(count: int, options: Options) -> Batch:
    """Make patches of noise, with labels of noise."""
    shape = (options.size,) * 3
    images = torch.randn(count, 1, *shape)
    targets = torch.randint(0, CLASSES, (count, *shape))
    batch = Batch(images, targets, tuple(map(str, range(count))))
    return batch.to(torch.device(options.device))


# the ways -----------------------------------------------------------------------------------------


def ordinary(setup: Setup) -> Direction:
    """The mean loss over all B + V patches, as any network is trained."""
    images = torch.cat([setup.pseudo.images, setup.expert.images])
    targets = torch.cat([setup.pseudo.targets, setup.expert.targets])
    return core.gradient(setup.net, per_sample_loss(setup.net(images), targets).mean())


def in_two(setup: Setup) -> Direction:
    """The same in two passes, the experts' first, as weighing needs it."""
    first = setup.expert_gradient()
    second = core.gradient(setup.net, setup.losses(setup.pseudo).mean())
    # the mean of both means is that of all patches where B = V
    return {name: (value + second[name]) / 2 for name, value in first.items()}


def alnt(setup: Setup, scope: Scope = "all", measure: TrustMeasure = "dot") -> Direction:
    """The step that napari-alnt takes."""
    g = setup.expert_gradient()
    head = setup.head if scope == "head" else None
    samples = core.sample_gradients(setup.net, setup.pseudo.images, setup.pseudo.targets, head=head)
    weighting = Weighting("RGSM", trust_share=0.5, trust_measure=measure, scope=scope, mu=0.0)
    return samples.weighted_sum(core.weigh(samples, setup.head, g, weighting).weights)


def forward_mode(setup: Setup) -> Direction:
    """Trust by one pass in forward mode.

    Informativeness takes a pass that ends at the head; then comes the weighted pass.
    """
    g = setup.expert_gradient()
    images, targets = setup.pseudo.images, setup.pseudo.targets
    u = core.directional_derivative(setup.net, g, images, targets).u
    return _weighted(setup, u, _head_gradients(setup))


def double_backward(setup: Setup) -> Direction:
    """Trust as ∂/∂ε_i ⟨∇ Σ ε_j ℓ_j, g⟩, backward through a backward pass.

    The rest is as in forward mode.
    """
    g = setup.expert_gradient()
    eps = _epsilon(setup)
    values = tuple(setup.net.parameters())
    # at ε = 0 the loss is 0, but its gradient is a function of ε that can be derived once more
    loss = (eps * setup.losses(setup.pseudo)).sum()
    slopes = torch.autograd.grad(loss, values, create_graph=True)
    products = [
        torch.vdot(slope.flatten(), value.flatten())
        for slope, value in zip(slopes, g.values(), strict=True)
    ]
    (u,) = torch.autograd.grad(torch.stack(products).sum(), eps)
    return _weighted(setup, u, _head_gradients(setup))


def published(setup: Setup) -> Direction:
    """The published order of passes, written from the equations.

    A look-ahead network one step on Σ ε_i ℓ_i away; the experts' loss under it, and its slope by ε;
    every sample on its own, back through the whole network, for the head's gradient; then the
    weighted pass.
    """
    eps = _epsilon(setup)
    names, values = zip(*setup.net.named_parameters(), strict=True)
    loss = (eps * setup.losses(setup.pseudo)).sum()
    slopes = torch.autograd.grad(loss, values, create_graph=True)
    ahead = {name: value - slope for name, value, slope in zip(names, values, slopes, strict=True)}
    logits = functional_call(setup.net, ahead, (setup.expert.images,))
    expert_loss = per_sample_loss(logits, setup.expert.targets).mean()
    # d/dε_i L(θ − Σ ε_j ∇ℓ_j) = −⟨∇ℓ_i, g⟩ at ε = 0
    (slope,) = torch.autograd.grad(expert_loss, eps)
    singles = (setup.pseudo.take([index]) for index in range(len(setup.pseudo.cases)))
    gradients = [core.gradient(setup.net, setup.losses(one).sum()) for one in singles]
    return _weighted(setup, -slope, torch.stack([own[setup.head.name] for own in gradients]))


def _epsilon(setup: Setup) -> Tensor:
    """ε ``(B,)`` = 0, by which the step's slope is taken."""
    images = setup.pseudo.images
    return torch.zeros(len(images), device=images.device, requires_grad=True)


def _head_gradients(setup: Setup) -> Tensor:
    """∂ℓ_i/∂W_head ``(B, *W)``."""
    images, targets = setup.pseudo.images, setup.pseudo.targets
    recorded = LayerwiseGradients.of(setup.net, images, targets, only=setup.head)
    return recorded.grad_sample(setup.head.name)


def _weighted(setup: Setup, u: Tensor, gradients: Tensor) -> Direction:
    weights = sample_weights(u, informativeness(gradients), "RGSM")
    return core.gradient(setup.net, (weights * setup.losses(setup.pseudo)).sum())


STEPS: dict[str, Callable[[Setup], Direction]] = {
    "ordinary": ordinary,
    "ordinary, in two": in_two,
    "ALNT, head": partial(alnt, scope="head"),
    "ALNT": alnt,
    "ALNT, cosine": partial(alnt, measure="cosine"),
    "forward mode": forward_mode,
    "double backward": double_backward,
    "published order": published,
}
"""Ways to take a step, by name; the first is the measure of the others."""
SAME = ("ALNT", "forward mode", "double backward", "published order")
"""Those that must give the same gradient."""
