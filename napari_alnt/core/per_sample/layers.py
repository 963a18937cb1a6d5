"""What one layer says of every sample of a batch: its rule from input a and slope δ = ∂ℓ/∂output to
∇ℓ_i.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.instancenorm import _InstanceNorm

from napari_alnt.core.directions import Direction
from napari_alnt.errors import AlntError

SampleGradient = dict[str, Tensor]
"""Parameter name to the samples' gradients ``(N, *shape)``."""


class UnsupportedNetwork(AlntError):
    """The network's samples cannot be told apart layer by layer; the text says why."""


# a layer ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class StoredGradients:
    """A layer's gradients, sample by sample."""

    values: SampleGradient

    @property
    def names(self) -> Collection[str]:
        """The parameters it has."""
        return self.values.keys()

    def combine(self, weights: Tensor) -> Direction:
        """Σ_i w_i G_i over the samples that have a weight."""
        kept = weights.nonzero().flatten()
        return {
            name: torch.tensordot(weights[kept].to(rows), rows[kept], 1)
            for name, rows in self.values.items()
        }

    def inner(self, g: Direction) -> Tensor:
        """⟨G_i, g⟩ ``(n,)``."""
        return torch.stack(
            [rows.flatten(1) @ g[name].flatten() for name, rows in self.values.items()]
        ).sum(0)

    def rows(self) -> SampleGradient:
        """G_i."""
        return self.values


@dataclass(frozen=True, eq=False)
class Factors:
    """a and δ of a layer linear in its parameters, kept where they are smaller than the gradients
    they make.

    Deep layers have more weights than voxels.
    """

    prefix: str
    layer: nn.Module
    a: Tensor
    delta: Tensor

    @property
    def names(self) -> Collection[str]:
        """The parameters it has."""
        return [self.prefix + name for name in trained(self.layer)]

    def combine(self, weights: Tensor) -> Direction:
        """Σ_i w_i G_i, in one piece, from a and w_i·δ."""
        kept = weights.nonzero().flatten()
        if not len(kept):
            return {
                self.prefix + name: torch.zeros_like(self.layer.get_parameter(name))
                for name in trained(self.layer)
            }
        scaled = self.delta[kept] * weights[kept].to(self.delta).reshape(
            -1, *[1] * (self.delta.ndim - 1)
        )
        return _named(self.prefix, _linear_sum(self.layer, self.a[kept], scaled))

    def inner(self, g: Direction) -> Tensor:
        """⟨δ_i, layer(a_i; parameters := g)⟩ ``(n,)``."""
        own = {name: g[self.prefix + name].to(self.a) for name in trained(self.layer)}
        still = {
            name: torch.zeros_like(p)
            for name, p in self.layer.named_parameters()
            if name not in own
        }
        with torch.no_grad():
            along = functional_call(self.layer, {**own, **still}, (self.a,))
        products: Tensor = (self.delta * along).flatten(1)
        return (products if products.dtype == torch.float64 else products.float()).sum(1)

    def rows(self) -> SampleGradient:
        """G_i, made on demand."""
        return _named(self.prefix, rule_for(self.layer)(self.layer, self.a, self.delta))


def layer_gradients(
    prefix: str, layer: nn.Module, a: Tensor, delta: Tensor
) -> StoredGradients | Factors:
    a = a.to(delta.dtype)  # under autocast a layer casts its input itself
    size = sum(p.numel() for p in layer.parameters())
    if isinstance(layer, (_ConvNd, nn.Linear)) and size > a[0].numel() + delta[0].numel():
        return Factors(prefix, layer, a, delta)
    return StoredGradients(_named(prefix, rule_for(layer)(layer, a, delta)))


def trained(layer: nn.Module) -> list[str]:
    return [name for name, p in layer.named_parameters(recurse=False) if p.requires_grad]


def _named(prefix: str, values: SampleGradient) -> SampleGradient:
    wide = {
        name: value if value.dtype == torch.float64 else value.float()
        for name, value in values.items()
    }
    return {prefix + name: value for name, value in wide.items()}


# the rules ----------------------------------------------------------------------------------------


def _one_by_one(layer: nn.Module, a: Tensor, delta: Tensor) -> SampleGradient:
    """Any layer: forward and backward through it alone, for every sample."""
    each = [_own_gradient(layer, x[None], slope[None]) for x, slope in zip(a, delta, strict=True)]
    return {name: torch.stack([one[name] for one in each]) for name in trained(layer)}


def _own_gradient(layer: nn.Module, a: Tensor, delta: Tensor) -> SampleGradient:
    own = {name: layer.get_parameter(name).detach().requires_grad_() for name in trained(layer)}
    with torch.enable_grad():
        out = functional_call(layer, own, (a,))
        slopes = torch.autograd.grad(out, tuple(own.values()), delta)
    return dict(zip(own, slopes, strict=True))


def _convolution(layer: _ConvNd, a: Tensor, delta: Tensor) -> SampleGradient:
    """One convolution with n times the groups has a weight gradient for each sample."""
    n = len(a)

    def side_by_side(t: Tensor) -> Tensor:
        return t.reshape(1, n * t.shape[1], *t.shape[2:])

    weight = delta.new_empty(
        n * layer.weight.shape[0], *layer.weight.shape[1:]
    )  # only its shape is asked for
    rows = _weight_gradient(layer, side_by_side(a), side_by_side(delta), weight, n * layer.groups)
    return _with_bias(layer, rows.reshape(n, *layer.weight.shape), delta.flatten(2).sum(2))


def _linear_sum(layer: nn.Module, a: Tensor, delta: Tensor) -> SampleGradient:
    """Σ_i G_i of a layer that is linear in its parameters."""
    if isinstance(layer, _ConvNd) and _plain(layer):
        weight = _weight_gradient(layer, a, delta, layer.weight.detach().to(delta), layer.groups)
        return _with_bias(layer, weight, delta.transpose(0, 1).flatten(1).sum(1))
    return _own_gradient(layer, a, delta)


def _weight_gradient(
    layer: _ConvNd, a: Tensor, delta: Tensor, weight: Tensor, groups: int
) -> Tensor:
    transposed = isinstance(layer, _ConvTransposeNd)
    out: Tensor = torch.ops.aten.convolution_backward(
        delta, a, weight, None, layer.stride, layer.padding, layer.dilation, transposed, layer.output_padding, groups,
        [False, True, False],
    )[1]  # fmt: skip
    return out


def _plain(layer: _ConvNd) -> bool:
    return layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def _normalisation(layer: nn.Module, a: Tensor, delta: Tensor) -> SampleGradient:
    """out = x̂ · weight + bias, channel by channel: Σ_x δ x̂ and Σ_x δ."""
    plain = {"weight": torch.ones_like(layer.weight), "bias": torch.zeros_like(layer.bias)}  # type: ignore[arg-type]
    with torch.no_grad():
        normed = functional_call(layer, plain, (a,))
    return _with_bias(layer, (delta * normed).flatten(2).sum(2), delta.flatten(2).sum(2))


def _prelu(layer: nn.PReLU, a: Tensor, delta: Tensor) -> SampleGradient:
    """out = max(x, 0) + weight · min(x, 0): Σ_x δ min(x, 0), for each channel or for all."""
    by_channel = (delta * a.clamp(max=0)).flatten(2).sum(2)
    return {"weight": by_channel if layer.num_parameters > 1 else by_channel.sum(1, keepdim=True)}


def _with_bias(layer: nn.Module, weight: Tensor, bias: Tensor) -> SampleGradient:
    return {name: {"weight": weight, "bias": bias}[name] for name in trained(layer)}


Rule = Callable[[Any, Tensor, Tensor], SampleGradient]
"""(layer, a, δ) to the gradient of each sample, by parameter name."""

RULES: dict[type[nn.Module], Rule] = {
    _ConvNd: _convolution,
    nn.GroupNorm: _normalisation,
    _InstanceNorm: _normalisation,
    nn.PReLU: _prelu,
}
"""The rule of each kind of layer; a layer of another kind is differentiated alone, sample by
sample.
"""


def rule_for(layer: nn.Module) -> Rule:
    """The rule of a layer's nearest kind."""
    if isinstance(layer, _ConvNd) and not _plain(layer):
        return _one_by_one
    if isinstance(layer, _InstanceNorm) and layer.track_running_stats:
        return _one_by_one
    return next((RULES[kind] for kind in type(layer).__mro__ if kind in RULES), _one_by_one)
