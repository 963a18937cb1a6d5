"""∇θ ℓ_i of every sample of a batch: sums, inner products, rows and norms, the slow and obvious
way.

All that ALNT needs is linear in the samples' gradients: the expert gradient and the step are sums
of them, trust is their inner product with the expert gradient, informativeness looks at the rows of
one layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from napari_alnt.core.directions import Direction, gradient, norm, trust, zeros
from napari_alnt.core.losses import per_sample_loss
from napari_alnt.core.networks import couples_samples


class SampleGradients(Protocol):
    """The gradients of N samples over all trained parameters, at the θ at which they were taken."""

    losses: Tensor
    """ℓ_i ``(N,)``, without a graph."""
    slow: str
    """Why the slow way was taken; empty if it was not."""

    def combine(self, weights: Tensor) -> Direction:
        """Σ_i w_i ∇ℓ_i for ``weights (N,)``; a sample of weight 0 has no part in it, not even as
        nan.
        """
        ...

    def inner(self, g: Direction) -> Tensor:
        """⟨∇ℓ_i, g⟩ ``(N,)``."""
        ...

    def rows(self, name: str) -> Tensor:
        """∂ℓ_i/∂p ``(N, *p.shape)`` of one parameter."""
        ...

    def norms(self) -> Tensor:
        """‖∇ℓ_i‖ ``(N,)``."""
        ...


class Whole:
    """Passes of the whole network: backward for a sum, forward mode for the inner products, one a
    sample for the rest.

    ``images (N, 1, D, H, W)``, ``targets (N, D, H, W)``. Exact for any network. Where the network
    mixes the samples of a batch, ∇ℓ_i is that of ℓ_i in this batch.
    """

    def __init__(
        self, net: nn.Module, images: Tensor, targets: Tensor, slow: str = "it was asked for"
    ) -> None:
        self._net, self._images, self._targets, self.slow = net, images, targets, slow
        with torch.no_grad():
            self.losses = per_sample_loss(net(images), targets)

    def combine(self, weights: Tensor) -> Direction:
        """One forward and one backward pass over the samples that have a weight."""
        kept = weights.nonzero().flatten()
        if not len(kept):
            return zeros(self._net)
        with torch.enable_grad():
            return gradient(self._net, (weights[kept] * self._losses_of(kept.tolist())).sum())

    def inner(self, g: Direction) -> Tensor:
        """dℓ_i(θ + h g)/dh at h = 0, one pass in forward mode."""
        return trust(self._net, g, self._images, self._targets).u

    def rows(self, name: str) -> Tensor:
        """A backward pass for every sample."""
        return torch.stack([own[name] for own in self._each()])

    def norms(self) -> Tensor:
        """A backward pass for every sample."""
        return torch.stack([norm(own) for own in self._each()])

    def _each(self) -> Iterator[Direction]:
        yield from map(self.combine, torch.eye(len(self._images), device=self._images.device))

    def _losses_of(self, kept: Sequence[int]) -> Tensor:
        if couples_samples(self._net):  # the others must be there, too
            return per_sample_loss(self._net(self._images), self._targets)[kept]
        return per_sample_loss(self._net(self._images[kept]), self._targets[kept])
