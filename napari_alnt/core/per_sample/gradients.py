"""What is asked of the gradients of single samples, and the slow, obvious way to answer it.

All that ALNT needs is linear in the samples' gradients: the expert gradient and the step are sums
of them, trust is their dot product with the expert gradient, and informativeness looks at the
gradients of one layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor, nn

from napari_alnt.core.directions import Direction, directional_derivative, gradient, norm, zeros
from napari_alnt.core.losses import Loss, losses_of, per_sample_loss
from napari_alnt.core.networks import couples_samples


class SampleGradients(Protocol):
    """∇ℓ_i of N samples over all trained parameters, by the weights that the network had then.

    A step of the optimiser makes them those of a network that is no more: take new ones.
    """

    losses: Tensor
    """ℓ_i ``(N,)``, without a graph."""
    fallback_reason: str
    """Why the gradients come from whole passes, which is slow; "" if they do not."""

    def weighted_sum(self, weights: Tensor) -> Direction:
        """Σ_i w_i ∇ℓ_i for ``weights (N,)``; a sample of weight 0 has no part in it, not even as
        nan.
        """
        ...

    def dot(self, g: Direction) -> Tensor:
        """⟨∇ℓ_i, g⟩ ``(N,)``."""
        ...

    def grad_sample(self, name: str) -> Tensor:
        """∂ℓ_i/∂p ``(N, *p.shape)`` of the parameter of that name."""
        ...

    def norms(self) -> Tensor:
        """‖∇ℓ_i‖ ``(N,)``."""
        ...


class ReferenceGradients:
    """Passes of the whole network: backward for a sum, forward mode for the dot products, and one
    backward pass a sample for the rest.

    It is exact for any network. Where the network mixes the samples of a batch, as batch
    normalisation does, ∇ℓ_i is the gradient of ℓ_i in this batch.

    Parameters
    ----------
    net : the network
    images : ``(N, 1, D, H, W)``
    targets : ``(N, D, H, W)``
    loss : logits and targets to ``(N,)``
    losses : ℓ_i ``(N,)``, where a pass has given them already
    fallback_reason : why this way is taken
    """

    def __init__(
        self,
        net: nn.Module,
        images: Tensor,
        targets: Tensor,
        loss: Loss = per_sample_loss,
        losses: Tensor | None = None,
        fallback_reason: str = "it was asked for",
    ) -> None:
        self._net = net
        self._images = images
        self._targets = targets
        self._loss = loss
        self.fallback_reason = fallback_reason
        if losses is None:
            with torch.no_grad():
                losses = losses_of(loss, net(images), targets)
        self.losses = losses

    def weighted_sum(self, weights: Tensor) -> Direction:
        """One forward and one backward pass over the samples that have a weight."""
        kept = weights.nonzero().flatten()
        if not len(kept):
            return zeros(self._net)
        with torch.enable_grad():
            return gradient(self._net, (weights[kept] * self._losses_of(kept)).sum())

    def dot(self, g: Direction) -> Tensor:
        """One pass in forward mode."""
        return directional_derivative(self._net, g, self._images, self._targets, self._loss).u

    def grad_sample(self, name: str) -> Tensor:
        """A backward pass for every sample."""
        return torch.stack([own[name] for own in self._each()])

    def norms(self) -> Tensor:
        """A backward pass for every sample."""
        return torch.stack([norm(own) for own in self._each()])

    def _each(self) -> Iterator[Direction]:
        # a weighted sum with one weight is one sample's gradient
        yield from map(self.weighted_sum, torch.eye(len(self._images), device=self._images.device))

    def _losses_of(self, kept: Tensor) -> Tensor:
        # where the network mixes samples, the others must pass, too
        if couples_samples(self._net):
            return losses_of(self._loss, self._net(self._images), self._targets)[kept]
        return losses_of(self._loss, self._net(self._images[kept]), self._targets[kept])
