"""∇θ ℓ_i of every sample of a batch from one forward and one backward pass.

The forward pass keeps the input a of every layer with parameters; the backward pass takes no weight
gradients and hands over δ = ∂ℓ/∂output of those layers. A layer's gradient of sample i is made of
a_i and δ_i alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.func import functional_call

from napari_alnt.core.directions import Direction, gradient
from napari_alnt.core.losses import per_sample_loss
from napari_alnt.core.networks import Head, couples_samples, frozen
from napari_alnt.core.per_sample.gradients import SampleGradients, Whole
from napari_alnt.core.per_sample.layers import (
    Factors,
    SampleGradient,
    StoredGradients,
    UnsupportedNetwork,
    layer_gradients,
    rule_for,
    trained,
)

T = TypeVar("T")


def sample_gradients(
    net: nn.Module, images: Tensor, targets: Tensor, at_once: int = 0, head: Head | None = None
) -> SampleGradients:
    """∇θ ℓ_i of ``images (N, 1, D, H, W)`` with ``targets (N, D, H, W)``, by the fastest way that
    is exact.

    ``at_once`` samples pass the network together, 0 takes all: fewer need less memory and give the
    same. Who will ask for the rows of the ``head`` alone, and then for one sum, says so.
    """
    try:
        if head is not None and not 0 < at_once < len(images):
            return HeadFirst(net, images, targets, head)
        return Recorded.of(net, images, targets, at_once)
    except UnsupportedNetwork as reason:
        return Whole(net, images, targets, slow=str(reason))


# a pass -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Pass:
    """The losses ``(n,)`` of the samples that passed together, and what every layer keeps of
    them.
    """

    losses: Tensor
    parts: Sequence[StoredGradients | Factors]

    def rows(self, only: str | None = None) -> SampleGradient:
        """The rows of every parameter, or of one; layers that do not have it are not asked, as
        theirs may be dear.
        """
        total: SampleGradient = {}
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
    """Sums and products layer by layer; what a layer keeps is at most about as large as its input
    and output.
    """

    slow = ""

    def __init__(self, passes: Sequence[_Pass]) -> None:
        self._passes = passes
        self.losses = torch.cat([one.losses for one in passes])

    @classmethod
    def of(
        cls,
        net: nn.Module,
        images: Tensor,
        targets: Tensor,
        at_once: int = 0,
        only: Head | None = None,
    ) -> Recorded:
        """Pass ``images (N, 1, D, H, W)`` through the network, ``at_once`` together; look at
        ``only`` one layer.

        Raises
        ------
        UnsupportedNetwork
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
        return torch.cat(
            [torch.stack([part.inner(g) for part in one.parts]).sum(0) for one in self._passes]
        )

    @_in_full
    def rows(self, name: str) -> Tensor:
        """Those of the layer that has the parameter."""
        return torch.cat([one.rows(name)[name] for one in self._passes])

    @_in_full
    def norms(self) -> Tensor:
        """The root of the sum of squares over the layers."""
        return torch.cat([_lengths(one.rows()) for one in self._passes])


def _lengths(rows: SampleGradient) -> Tensor:
    lengths: Tensor = torch.stack([values.flatten(1).norm(dim=1) for values in rows.values()]).norm(
        dim=0
    )
    return lengths


def _record(net: nn.Module, images: Tensor, targets: Tensor, only: Head | None) -> _Pass:
    if couples_samples(net):
        raise UnsupportedNetwork("its batch normalisation mixes the samples of a batch")
    owners = {
        prefix: layer
        for prefix, layer in _owners(net).items()
        if only is None or layer is only.layer
    }
    parts: list[StoredGradients | Factors] = []
    anchor = torch.zeros((), device=images.device, requires_grad=True)
    recorders = {prefix: _Recorder(prefix, anchor, parts) for prefix in owners}
    with torch.enable_grad():
        with ExitStack() as hooks:
            for prefix, layer in owners.items():
                hooks.enter_context(
                    layer.register_forward_hook(recorders[prefix], with_kwargs=True)
                )
            losses = per_sample_loss(functional_call(net, frozen(net), (images,)), targets)
        for prefix, recorder in recorders.items():
            if not recorder.calls:
                raise UnsupportedNetwork(f"its layer '{prefix[:-1]}' is not called as a layer")
        torch.autograd.grad(losses.sum(), anchor)
    if len(parts) < sum(recorder.calls for recorder in recorders.values()):
        raise UnsupportedNetwork("the gradient does not reach all of its layers")
    return _Pass(losses.detach(), parts)


def _owners(net: nn.Module) -> dict[str, nn.Module]:
    """The layers with trained parameters of their own, by the prefix of these parameters' names."""
    owners = {
        f"{name}." if name else "": layer for name, layer in net.named_modules() if trained(layer)
    }
    names = {prefix + name for prefix, layer in owners.items() for name in trained(layer)}
    if names != {name for name, p in net.named_parameters() if p.requires_grad}:
        raise UnsupportedNetwork("two of its layers share a parameter")
    return owners


class _Recorder:
    """A layer's hook: keeps a on the way forward, and hands it over with δ on the way back."""

    def __init__(self, prefix: str, anchor: Tensor, parts: list[StoredGradients | Factors]) -> None:
        self._prefix, self._anchor, self._parts, self.calls = prefix, anchor, parts, 0

    def __call__(
        self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any
    ) -> Any:
        if (
            kwargs
            or len(args) != 1
            or not isinstance(args[0], Tensor)
            or not isinstance(out, Tensor)
        ):
            raise UnsupportedNetwork(
                f"its layer '{self._prefix[:-1]}' has more than one input or output"
            )
        self.calls += 1
        a: Tensor = args[0].detach()
        # A first layer needs something to differentiate; a view loses its hook to an activation
        # that works in place.
        if not out.requires_grad or out._base is not None:
            out = torch.add(out, self._anchor)
        # A hook of the tensor sees the gradient of what it held when the hook was set, whatever an
        # activation that
        # works in place makes of it later.
        out.register_hook(partial(self._keep, layer, a, a._version))
        return out

    def _keep(self, layer: nn.Module, a: Tensor, version: int, delta: Tensor) -> None:
        if a._version != version:
            raise UnsupportedNetwork(f"the input of its layer '{self._prefix[:-1]}' is overwritten")
        with torch.no_grad():
            self._parts.append(layer_gradients(self._prefix, layer, a, delta))


class HeadFirst(Whole):
    """An ordinary pass whose way back is taken in two: to the head for its rows, and to the end
    once w is known.
    """

    def __init__(self, net: nn.Module, images: Tensor, targets: Tensor, head: Head) -> None:
        self._net, self._images, self._targets, self._head, self.slow = (
            net,
            images,
            targets,
            head,
            "",
        )
        kept: list[tuple[Tensor, GradientEdge]] = []

        def keep(_: nn.Module, args: tuple[Any, ...], out: Any) -> None:
            # The edge is that of what the head gave, whatever an activation that works in place
            # makes of it later.
            kept.append((args[0].detach(), get_gradient_edge(out)))

        with torch.enable_grad(), head.layer.register_forward_hook(keep):
            self._graph = per_sample_loss(net(images), targets)
        self.losses = self._graph.detach()
        if len(kept) != 1:
            raise UnsupportedNetwork("its last layer runs more than once")
        (self._a, edge) = kept[0]
        (self._delta,) = torch.autograd.grad(self._graph.sum(), (edge,), retain_graph=True)

    def rows(self, name: str) -> Tensor:
        """Those of the head from its input and slope; of others by a backward pass for every
        sample.
        """
        if name != self._head.name:
            return super().rows(name)
        with torch.no_grad(), torch.autocast(self.losses.device.type, enabled=False):
            return rule_for(self._head.layer)(
                self._head.layer, self._a.to(self._delta.dtype), self._delta
            )["weight"].float()

    def combine(self, weights: Tensor) -> Direction:
        """The rest of the way back, where all samples are finite; else the finite ones pass
        again.
        """
        kept = weights.nonzero().flatten()
        if not len(kept) or not self.losses.isfinite().all():
            return super().combine(weights)
        return gradient(self._net, (weights[kept] * self._graph[kept]).sum(), retain=True)
