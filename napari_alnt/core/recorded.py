"""∇θ ℓ_i of every sample of a batch from one forward and one backward pass.

The forward pass keeps the input a of every layer with parameters; the backward pass takes no weight gradients and hands
over δ = ∂ℓ/∂output of those layers. A layer's gradient of sample i is made of a_i and δ_i alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.func import functional_call
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.instancenorm import _InstanceNorm

from napari_alnt.core.directions import Direction, gradient
from napari_alnt.core.losses import per_sample_loss
from napari_alnt.core.networks import Head, couples_samples, frozen
from napari_alnt.core.samples import SampleGradients, Whole
from napari_alnt.errors import AlntError

T = TypeVar("T")
Rows = dict[str, Tensor]
"""Parameter name to the samples' gradients ``(N, *shape)``."""


class Unrecordable(AlntError):
    """The network's samples cannot be told apart layer by layer; the text says why."""


def sample_gradients(
    net: nn.Module, images: Tensor, targets: Tensor, at_once: int = 0, head: Head | None = None
) -> SampleGradients:
    """∇θ ℓ_i of ``images (N, 1, D, H, W)`` with ``targets (N, D, H, W)``, by the fastest way that is exact.

    ``at_once`` samples pass the network together, 0 takes all: fewer need less memory and give the same. Who will ask
    for the rows of the ``head`` alone, and then for one sum, says so.
    """
    try:
        if head is not None and not 0 < at_once < len(images):
            return HeadFirst(net, images, targets, head)
        return Recorded.of(net, images, targets, at_once)
    except Unrecordable as reason:
        return Whole(net, images, targets, slow=str(reason))


# a layer --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Kept:
    """A layer's gradients, sample by sample."""

    values: Rows

    @property
    def names(self) -> Collection[str]:
        """The parameters it has."""
        return self.values.keys()

    def combine(self, weights: Tensor) -> Direction:
        """Σ_i w_i G_i over the samples that have a weight."""
        kept = weights.nonzero().flatten()
        return {name: torch.tensordot(weights[kept].to(rows), rows[kept], 1) for name, rows in self.values.items()}

    def inner(self, g: Direction) -> Tensor:
        """⟨G_i, g⟩ ``(n,)``."""
        return torch.stack([rows.flatten(1) @ g[name].flatten() for name, rows in self.values.items()]).sum(0)

    def rows(self) -> Rows:
        """G_i."""
        return self.values


@dataclass(frozen=True, eq=False)
class Factors:
    """a and δ of a layer linear in its parameters, kept where they are smaller than the gradients they make.

    Deep layers have more weights than voxels.
    """

    prefix: str
    layer: nn.Module
    a: Tensor
    delta: Tensor

    @property
    def names(self) -> Collection[str]:
        """The parameters it has."""
        return [self.prefix + name for name in _trained(self.layer)]

    def combine(self, weights: Tensor) -> Direction:
        """Σ_i w_i G_i, in one piece, from a and w_i·δ."""
        kept = weights.nonzero().flatten()
        if not len(kept):
            return {
                self.prefix + name: torch.zeros_like(self.layer.get_parameter(name)) for name in _trained(self.layer)
            }
        scaled = self.delta[kept] * weights[kept].to(self.delta).reshape(-1, *[1] * (self.delta.ndim - 1))
        return _named(self.prefix, _linear_sum(self.layer, self.a[kept], scaled))

    def inner(self, g: Direction) -> Tensor:
        """⟨δ_i, layer(a_i; parameters := g)⟩ ``(n,)``."""
        own = {name: g[self.prefix + name].to(self.a) for name in _trained(self.layer)}
        still = {name: torch.zeros_like(p) for name, p in self.layer.named_parameters() if name not in own}
        with torch.no_grad():
            along = functional_call(self.layer, {**own, **still}, (self.a,))
        products: Tensor = (self.delta * along).flatten(1)
        return (products if products.dtype == torch.float64 else products.float()).sum(1)

    def rows(self) -> Rows:
        """G_i, made on demand."""
        return _named(self.prefix, _rule(self.layer)(self.layer, self.a, self.delta))


def _part(prefix: str, layer: nn.Module, a: Tensor, delta: Tensor) -> Kept | Factors:
    a = a.to(delta.dtype)  # under autocast a layer casts its input itself
    size = sum(p.numel() for p in layer.parameters())
    if isinstance(layer, (_ConvNd, nn.Linear)) and size > a[0].numel() + delta[0].numel():
        return Factors(prefix, layer, a, delta)
    return Kept(_named(prefix, _rule(layer)(layer, a, delta)))


def _trained(layer: nn.Module) -> list[str]:
    return [name for name, p in layer.named_parameters(recurse=False) if p.requires_grad]


def _named(prefix: str, values: Rows) -> Rows:
    wide = {name: value if value.dtype == torch.float64 else value.float() for name, value in values.items()}
    return {prefix + name: value for name, value in wide.items()}


# the rules ------------------------------------------------------------------------------------------------------------


def _rule(layer: nn.Module) -> Callable[[Any, Tensor, Tensor], Rows]:
    """(layer, a, δ) to its rows: by a rule of its own, else by differentiating it alone."""
    if isinstance(layer, _ConvNd) and _plain(layer):
        return _conv_rows
    if isinstance(layer, nn.GroupNorm) or (isinstance(layer, _InstanceNorm) and not layer.track_running_stats):
        return _norm_rows
    return _prelu_rows if isinstance(layer, nn.PReLU) else _rows_one_by_one


def _rows_one_by_one(layer: nn.Module, a: Tensor, delta: Tensor) -> Rows:
    """Any layer: forward and backward through it alone, for every sample."""
    each = [_own_gradient(layer, x[None], slope[None]) for x, slope in zip(a, delta, strict=True)]
    return {name: torch.stack([one[name] for one in each]) for name in _trained(layer)}


def _own_gradient(layer: nn.Module, a: Tensor, delta: Tensor) -> Rows:
    own = {name: layer.get_parameter(name).detach().requires_grad_() for name in _trained(layer)}
    with torch.enable_grad():
        out = functional_call(layer, own, (a,))
        slopes = torch.autograd.grad(out, tuple(own.values()), delta)
    return dict(zip(own, slopes, strict=True))


def _conv_rows(layer: _ConvNd, a: Tensor, delta: Tensor) -> Rows:
    """One convolution with n times the groups has a weight gradient for each sample."""
    n = len(a)

    def side_by_side(t: Tensor) -> Tensor:
        return t.reshape(1, n * t.shape[1], *t.shape[2:])

    weight = delta.new_empty(n * layer.weight.shape[0], *layer.weight.shape[1:])  # only its shape is asked for
    rows = _weight_gradient(layer, side_by_side(a), side_by_side(delta), weight, n * layer.groups)
    return _with_bias(layer, rows.reshape(n, *layer.weight.shape), delta.flatten(2).sum(2))


def _linear_sum(layer: nn.Module, a: Tensor, delta: Tensor) -> Rows:
    """Σ_i G_i of a layer that is linear in its parameters."""
    if isinstance(layer, _ConvNd) and _plain(layer):
        weight = _weight_gradient(layer, a, delta, layer.weight.detach().to(delta), layer.groups)
        return _with_bias(layer, weight, delta.transpose(0, 1).flatten(1).sum(1))
    return _own_gradient(layer, a, delta)


def _weight_gradient(layer: _ConvNd, a: Tensor, delta: Tensor, weight: Tensor, groups: int) -> Tensor:
    transposed = isinstance(layer, _ConvTransposeNd)
    out: Tensor = torch.ops.aten.convolution_backward(
        delta, a, weight, None, layer.stride, layer.padding, layer.dilation, transposed, layer.output_padding, groups,
        [False, True, False],
    )[1]  # fmt: skip
    return out


def _plain(layer: _ConvNd) -> bool:
    return layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def _norm_rows(layer: nn.Module, a: Tensor, delta: Tensor) -> Rows:
    """out = x̂ · weight + bias, channel by channel: Σ_x δ x̂ and Σ_x δ."""
    plain = {"weight": torch.ones_like(layer.weight), "bias": torch.zeros_like(layer.bias)}  # type: ignore[arg-type]
    with torch.no_grad():
        normed = functional_call(layer, plain, (a,))
    return _with_bias(layer, (delta * normed).flatten(2).sum(2), delta.flatten(2).sum(2))


def _prelu_rows(layer: nn.PReLU, a: Tensor, delta: Tensor) -> Rows:
    """out = max(x, 0) + weight · min(x, 0): Σ_x δ min(x, 0), for each channel or for all."""
    by_channel = (delta * a.clamp(max=0)).flatten(2).sum(2)
    return {"weight": by_channel if layer.num_parameters > 1 else by_channel.sum(1, keepdim=True)}


def _with_bias(layer: nn.Module, weight: Tensor, bias: Tensor) -> Rows:
    return {name: {"weight": weight, "bias": bias}[name] for name in _trained(layer)}


# a pass ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Pass:
    """The losses ``(n,)`` of the samples that passed together, and what every layer keeps of them."""

    losses: Tensor
    parts: Sequence[Kept | Factors]

    def rows(self, only: str | None = None) -> Rows:
        """The rows of every parameter, or of one; layers that do not have it are not asked, as theirs may be dear."""
        total: Rows = {}
        for part in self.parts:
            if only is None or only in part.names:
                for name, rows in part.rows().items():
                    total[name] = total[name] + rows if name in total else rows
        return total


def _in_full(method: Callable[..., T]) -> Callable[..., T]:
    """Sums and products in the numbers at hand, even where the network computes in halves."""

    @wraps(method)
    def in_full(self: Recorded, *values: Any) -> T:
        with torch.autocast(self.losses.device.type, enabled=False):
            return method(self, *values)

    return in_full


class Recorded:
    """Sums and products layer by layer; what a layer keeps is at most about as large as its input and output."""

    slow = ""

    def __init__(self, passes: Sequence[_Pass]) -> None:
        self._passes = passes
        self.losses = torch.cat([one.losses for one in passes])

    @classmethod
    def of(
        cls, net: nn.Module, images: Tensor, targets: Tensor, at_once: int = 0, only: Head | None = None
    ) -> Recorded:
        """Pass ``images (N, 1, D, H, W)`` through the network, ``at_once`` together; look at ``only`` one layer.

        Raises
        ------
        Unrecordable
            If samples are mixed, or a layer's input, output or parameters cannot be followed.
        """
        size = at_once or len(images)
        pieces = zip(torch.split(images, size), torch.split(targets, size), strict=True)
        return cls([_record(net, x, y, only) for x, y in pieces])

    @_in_full
    def combine(self, weights: Tensor) -> Direction:
        """The layers' own sums."""
        total: Direction = {}
        sizes = [len(one.losses) for one in self._passes]
        for one, own in zip(self._passes, torch.split(weights, sizes), strict=True):
            for part in one.parts:
                for name, value in part.combine(own).items():
                    total[name] = total[name] + value if name in total else value
        return total

    @_in_full
    def inner(self, g: Direction) -> Tensor:
        """The sum over the layers."""
        return torch.cat([torch.stack([part.inner(g) for part in one.parts]).sum(0) for one in self._passes])

    @_in_full
    def rows(self, name: str) -> Tensor:
        """Those of the layer that has the parameter."""
        return torch.cat([one.rows(name)[name] for one in self._passes])

    @_in_full
    def norms(self) -> Tensor:
        """The root of the sum of squares over the layers."""
        return torch.cat([_lengths(one.rows()) for one in self._passes])


def _lengths(rows: Rows) -> Tensor:
    lengths: Tensor = torch.stack([values.flatten(1).norm(dim=1) for values in rows.values()]).norm(dim=0)
    return lengths


def _record(net: nn.Module, images: Tensor, targets: Tensor, only: Head | None) -> _Pass:
    if couples_samples(net):
        raise Unrecordable("its batch normalisation mixes the samples of a batch")
    owners = {prefix: layer for prefix, layer in _owners(net).items() if only is None or layer is only.layer}
    parts: list[Kept | Factors] = []
    anchor = torch.zeros((), device=images.device, requires_grad=True)
    recorders = {prefix: _Recorder(prefix, anchor, parts) for prefix in owners}
    with torch.enable_grad():
        with ExitStack() as hooks:
            for prefix, layer in owners.items():
                hooks.enter_context(layer.register_forward_hook(recorders[prefix], with_kwargs=True))
            losses = per_sample_loss(functional_call(net, frozen(net), (images,)), targets)
        for prefix, recorder in recorders.items():
            if not recorder.calls:
                raise Unrecordable(f"its layer '{prefix[:-1]}' is not called as a layer")
        torch.autograd.grad(losses.sum(), anchor)
    if len(parts) < sum(recorder.calls for recorder in recorders.values()):
        raise Unrecordable("the gradient does not reach all of its layers")
    return _Pass(losses.detach(), parts)


def _owners(net: nn.Module) -> dict[str, nn.Module]:
    """The layers with trained parameters of their own, by the prefix of these parameters' names."""
    owners = {f"{name}." if name else "": layer for name, layer in net.named_modules() if _trained(layer)}
    names = {prefix + name for prefix, layer in owners.items() for name in _trained(layer)}
    if names != {name for name, p in net.named_parameters() if p.requires_grad}:
        raise Unrecordable("two of its layers share a parameter")
    return owners


class _Recorder:
    """A layer's hook: keeps a on the way forward, and hands it over with δ on the way back."""

    def __init__(self, prefix: str, anchor: Tensor, parts: list[Kept | Factors]) -> None:
        self._prefix, self._anchor, self._parts, self.calls = prefix, anchor, parts, 0

    def __call__(self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> Any:
        if kwargs or len(args) != 1 or not isinstance(args[0], Tensor) or not isinstance(out, Tensor):
            raise Unrecordable(f"its layer '{self._prefix[:-1]}' has more than one input or output")
        self.calls += 1
        a: Tensor = args[0].detach()
        # A first layer needs something to differentiate; a view loses its hook to an activation that works in place.
        if not out.requires_grad or out._base is not None:
            out = torch.add(out, self._anchor)
        # A hook of the tensor sees the gradient of what it held when the hook was set, whatever an activation that
        # works in place makes of it later.
        out.register_hook(partial(self._keep, layer, a, a._version))
        return out

    def _keep(self, layer: nn.Module, a: Tensor, version: int, delta: Tensor) -> None:
        if a._version != version:
            raise Unrecordable(f"the input of its layer '{self._prefix[:-1]}' is overwritten")
        with torch.no_grad():
            self._parts.append(_part(self._prefix, layer, a, delta))


class HeadFirst(Whole):
    """An ordinary pass whose way back is taken in two: to the head for its rows, and to the end once w is known."""

    def __init__(self, net: nn.Module, images: Tensor, targets: Tensor, head: Head) -> None:
        self._net, self._images, self._targets, self._head, self.slow = net, images, targets, head, ""
        kept: list[tuple[Tensor, GradientEdge]] = []

        def keep(_: nn.Module, args: tuple[Any, ...], out: Any) -> None:
            # The edge is that of what the head gave, whatever an activation that works in place makes of it later.
            kept.append((args[0].detach(), get_gradient_edge(out)))

        with torch.enable_grad(), head.layer.register_forward_hook(keep):
            self._graph = per_sample_loss(net(images), targets)
        self.losses = self._graph.detach()
        if len(kept) != 1:
            raise Unrecordable("its last layer runs more than once")
        (self._a, edge) = kept[0]
        (self._delta,) = torch.autograd.grad(self._graph.sum(), (edge,), retain_graph=True)

    def rows(self, name: str) -> Tensor:
        """Those of the head from its input and slope; of others by a backward pass for every sample."""
        if name != self._head.name:
            return super().rows(name)
        with torch.no_grad(), torch.autocast(self.losses.device.type, enabled=False):
            return _rule(self._head.layer)(self._head.layer, self._a.to(self._delta.dtype), self._delta)[
                "weight"
            ].float()

    def combine(self, weights: Tensor) -> Direction:
        """The rest of the way back, where all samples are finite; else the finite ones pass again."""
        kept = weights.nonzero().flatten()
        if not len(kept) or not self.losses.isfinite().all():
            return super().combine(weights)
        return gradient(self._net, (weights[kept] * self._graph[kept]).sum(), retain=True)
