"""How one layer's input and slope make the gradients of every sample.

Each function here gets the layer, its input a ``(n, …)`` and the slope δ = ∂ℓ/∂output ``(n, …)`` of
n samples; sample i's gradient is made of a_i and δ_i alone.

To add a kind of layer: write a function ``(layer, a, δ) -> {parameter name: (n, *shape)}`` that
gives only the parameters named by :func:`trained`, enter it in :data:`RULES` under the layer's
type, and add an example to ``LAYERS`` in ``tests/core/per_sample/test_layers.py``, which compares
it with a backward pass for every sample. A layer without a rule is differentiated alone, sample by
sample: slow, and right.
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
"""Parameter name to the samples' gradients ``(n, *shape)``."""


class UnsupportedNetwork(AlntError):
    """The samples of this network cannot be told apart layer by layer; the text says why."""


# what is kept of a layer --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class StoredGradients:
    """The gradients of a layer's parameters, sample by sample."""

    values: SampleGradient

    @property
    def names(self) -> Collection[str]:
        """The parameters that it has gradients of."""
        return self.values.keys()

    def weighted_sum(self, weights: Tensor) -> Direction:
        """Σ_i w_i G_i over the samples that have a weight."""
        kept = weights.nonzero().flatten()
        return {
            name: torch.tensordot(weights[kept].to(values), values[kept], 1)
            for name, values in self.values.items()
        }

    def dot(self, g: Direction) -> Tensor:
        """⟨G_i, g⟩ ``(n,)``."""
        products = [values.flatten(1) @ g[name].flatten() for name, values in self.values.items()]
        return torch.stack(products).sum(0)

    def grad_sample(self) -> SampleGradient:
        """G_i of every sample."""
        return self.values


@dataclass(frozen=True, eq=False)
class Factors:
    """Input and slope of a layer that is linear in its parameters, from which its gradients are
    made on demand.

    Kept where the two are smaller than the gradients: deep layers have more weights than voxels.
    """

    prefix: str
    layer: nn.Module
    a: Tensor
    delta: Tensor

    @property
    def names(self) -> Collection[str]:
        """The parameters that it has gradients of."""
        return [self.prefix + name for name in trained(self.layer)]

    def weighted_sum(self, weights: Tensor) -> Direction:
        """Σ_i w_i G_i, in one piece, from a and w_i·δ."""
        kept = weights.nonzero().flatten()
        if not len(kept):
            empty = {n: torch.zeros_like(self.layer.get_parameter(n)) for n in trained(self.layer)}
            return _named(self.prefix, empty)
        column = weights[kept].to(self.delta).reshape(-1, *[1] * (self.delta.ndim - 1))
        scaled = self.delta[kept] * column
        return _named(self.prefix, _linear_sum(self.layer, self.a[kept], scaled))

    def dot(self, g: Direction) -> Tensor:
        """⟨δ_i, layer(a_i; parameters := g)⟩ ``(n,)``, which is ⟨G_i, g⟩ as the layer is linear."""
        along = {name: torch.zeros_like(p) for name, p in self.layer.named_parameters()}
        along |= {name: g[self.prefix + name].to(self.a) for name in trained(self.layer)}
        with torch.no_grad():
            moved = functional_call(self.layer, along, (self.a,))
        products: Tensor = (self.delta * moved).flatten(1)
        return (products if products.dtype == torch.float64 else products.float()).sum(1)

    def grad_sample(self) -> SampleGradient:
        """G_i of every sample."""
        return _named(self.prefix, rule_for(self.layer)(self.layer, self.a, self.delta))


def layer_gradients(
    prefix: str, layer: nn.Module, a: Tensor, delta: Tensor
) -> StoredGradients | Factors:
    """What is kept of a layer whose parameters' names begin with ``prefix``: the smaller form."""
    a = a.to(delta.dtype)  # under autocast a layer casts its input itself
    size = sum(p.numel() for p in layer.parameters())
    if isinstance(layer, (_ConvNd, nn.Linear)) and size > a[0].numel() + delta[0].numel():
        return Factors(prefix, layer, a, delta)
    return StoredGradients(_named(prefix, rule_for(layer)(layer, a, delta)))


def trained(layer: nn.Module) -> list[str]:
    """The names of the trained parameters that are the layer's own, not those of layers in it."""
    return [name for name, p in layer.named_parameters(recurse=False) if p.requires_grad]


def _named(prefix: str, values: SampleGradient) -> SampleGradient:
    """The values by their name in the network, in float32 at least."""
    return {
        prefix + name: value if value.dtype == torch.float64 else value.float()
        for name, value in values.items()
    }


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

    # PyTorch asks for a weight, though only for its shape
    weight = delta.new_empty(n * layer.weight.shape[0], *layer.weight.shape[1:])
    groups = n * layer.groups
    slopes = _weight_gradient(layer, side_by_side(a), side_by_side(delta), weight, groups)
    bias = delta.flatten(2).sum(2)
    return _with_bias(layer, slopes.reshape(n, *layer.weight.shape), bias)


def _linear_sum(layer: nn.Module, a: Tensor, delta: Tensor) -> SampleGradient:
    """Σ_i G_i of a layer that is linear in its parameters."""
    if isinstance(layer, _ConvNd) and _is_plain(layer):
        weight = _weight_gradient(layer, a, delta, layer.weight.detach().to(delta), layer.groups)
        return _with_bias(layer, weight, delta.transpose(0, 1).flatten(1).sum(1))
    return _own_gradient(layer, a, delta)


def _weight_gradient(
    layer: _ConvNd, a: Tensor, delta: Tensor, weight: Tensor, groups: int
) -> Tensor:
    transposed = isinstance(layer, _ConvTransposeNd)
    shape = (layer.stride, layer.padding, layer.dilation, transposed, layer.output_padding, groups)
    wanted = [False, True, False]  # of the gradients by input, weight and bias
    out: Tensor = torch.ops.aten.convolution_backward(delta, a, weight, None, *shape, wanted)[1]
    return out


def _is_plain(layer: _ConvNd) -> bool:
    """Whether a convolution pads with zeros by numbers, as the backward pass of ATen expects."""
    return layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def _normalisation(layer: nn.Module, a: Tensor, delta: Tensor) -> SampleGradient:
    """Output = x̂ · weight + bias, channel by channel: Σ_x δ x̂ and Σ_x δ."""
    weight = layer.get_parameter("weight")
    # with weight 1 and bias 0 the layer gives x̂ itself
    plain = {"weight": torch.ones_like(weight), "bias": torch.zeros_like(weight)}
    with torch.no_grad():
        normed = functional_call(layer, plain, (a,))
    return _with_bias(layer, (delta * normed).flatten(2).sum(2), delta.flatten(2).sum(2))


def _prelu(layer: nn.PReLU, a: Tensor, delta: Tensor) -> SampleGradient:
    """Output = max(x, 0) + weight · min(x, 0): Σ_x δ min(x, 0), for each channel or for all."""
    by_channel = (delta * a.clamp(max=0)).flatten(2).sum(2)
    return {"weight": by_channel if layer.num_parameters > 1 else by_channel.sum(1, keepdim=True)}


def _with_bias(layer: nn.Module, weight: Tensor, bias: Tensor) -> SampleGradient:
    return {name: {"weight": weight, "bias": bias}[name] for name in trained(layer)}


Rule = Callable[[Any, Tensor, Tensor], SampleGradient]
"""Layer, a and δ to the gradient of each sample, by parameter name."""

RULES: dict[type[nn.Module], Rule] = {
    _ConvNd: _convolution,
    nn.GroupNorm: _normalisation,
    _InstanceNorm: _normalisation,
    nn.PReLU: _prelu,
}
"""The rule of each type of layer, which holds for the types derived from it, too."""


def rule_for(layer: nn.Module) -> Rule:
    """The rule of the layer's type, or of the nearest that it is derived from."""
    if isinstance(layer, _ConvNd) and not _is_plain(layer):
        return _one_by_one
    # in evaluation these normalise by running statistics, which the rule knows nothing of
    if isinstance(layer, _InstanceNorm) and layer.track_running_stats:
        return _one_by_one
    return next((RULES[kind] for kind in type(layer).__mro__ if kind in RULES), _one_by_one)
