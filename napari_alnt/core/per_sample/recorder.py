"""∇ℓ_i of every sample of a batch from one forward and one backward pass.

The forward pass keeps the input a of every layer with parameters; the backward pass takes no weight
gradients and hands over the slope δ = ∂ℓ/∂output of those layers. What a layer makes of the two is
in :mod:`~napari_alnt.core.per_sample.layers`.
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
from torch.nn.modules.batchnorm import _BatchNorm

from napari_alnt.core.directions import Direction, gradient
from napari_alnt.core.losses import Loss, losses_of, per_sample_loss
from napari_alnt.core.networks import Head, couples_samples, frozen
from napari_alnt.core.per_sample.gradients import ReferenceGradients, SampleGradients
from napari_alnt.core.per_sample.layers import (
    Factors,
    SampleGradient,
    StoredGradients,
    UnsupportedNetwork,
    layer_gradients,
    rule_for,
    trained,
)
from napari_alnt.core.shapes import check_images

T = TypeVar("T")


def sample_gradients(
    net: nn.Module,
    images: Tensor,
    targets: Tensor,
    micro_batch: int = 0,
    head: Head | None = None,
    loss: Loss = per_sample_loss,
) -> SampleGradients:
    """∇ℓ_i of every sample over all trained parameters, by the fastest way that is exact.

    Parameters
    ----------
    net : the network, in training mode if it is to be trained
    images : ``(N, 1, D, H, W)``
    targets : ``(N, D, H, W)`` int64, or what ``loss`` takes
    micro_batch : samples that pass the network together, 0 for all; fewer need less memory and give
        the same
    head : the last layer, if gradients of it alone and then one weighted sum are asked for, as with
        the scope "head"; that costs little more than an ordinary step
    loss : logits and targets to ``(N,)``

    Returns
    -------
    The gradients; their ``fallback_reason`` says why they come from whole passes, if they do.

    Notes
    -----
    With batch normalisation a sample's gradient depends on the rest of its batch and has little
    meaning of its own; convert it, see :func:`~napari_alnt.core.convert_batchnorm`. A loss that is
    a mean or a sum over the batch cannot be taken apart again and is refused. A sum over the
    voxels in place of a mean makes the gradients, and with them the step, grow with the patch.
    """
    check_images(images)
    try:
        if head is not None and not 0 < micro_batch < len(images):
            return HeadFirstGradients(net, images, targets, head, loss)
        return LayerwiseGradients.of(net, images, targets, micro_batch, loss=loss)
    except UnsupportedNetwork as reason:
        return ReferenceGradients(net, images, targets, loss, fallback_reason=str(reason))


# layer by layer -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Pass:
    """The losses ``(n,)`` of samples that passed together, and what is kept of every layer."""

    losses: Tensor
    parts: Sequence[StoredGradients | Factors]

    def grad_sample(self, only: str | None = None) -> SampleGradient:
        """The gradients of every parameter, or of one."""
        total: SampleGradient = {}
        for part in self.parts:
            # a layer that does not have the parameter is not asked: its gradients may be large
            if only is None or only in part.names:
                _accumulate(total, part.grad_sample())
        return total


def _accumulate(total: Direction, values: Direction) -> None:
    # a layer that runs twice has two parts
    for name, value in values.items():
        total[name] = total[name] + value if name in total else value


def _without_autocast(method: Callable[..., T]) -> Callable[..., T]:
    """Sums and products in the precision of the numbers at hand, even under autocast."""

    @wraps(method)
    def without_autocast(self: LayerwiseGradients, *values: Any) -> T:
        with torch.autocast(self.losses.device.type, enabled=False):
            return method(self, *values)

    return without_autocast


class LayerwiseGradients:
    """Sums and products of single layers; what is kept of a layer is at most about as large as its
    input and output.
    """

    fallback_reason = ""

    def __init__(self, passes: Sequence[_Pass]) -> None:
        self._passes = passes
        self.losses = torch.cat([one.losses for one in passes])

    @classmethod
    def of(
        cls,
        net: nn.Module,
        images: Tensor,
        targets: Tensor,
        micro_batch: int = 0,
        only: Head | None = None,
        loss: Loss = per_sample_loss,
    ) -> LayerwiseGradients:
        """Pass ``images (N, 1, D, H, W)`` with ``targets (N, D, H, W)`` through the network,
        ``micro_batch`` at a time; keep the layer ``only``, or all.

        Raises
        ------
        UnsupportedNetwork
            If samples are mixed, or a layer's input, output or parameters cannot be followed.
        """
        size = micro_batch or len(images)
        pieces = zip(torch.split(images, size), torch.split(targets, size), strict=True)
        return cls([_record(net, x, y, only, loss) for x, y in pieces])

    @_without_autocast
    def weighted_sum(self, weights: Tensor) -> Direction:
        """The sums of the layers."""
        total: Direction = {}
        sizes = [len(one.losses) for one in self._passes]
        for one, own in zip(self._passes, torch.split(weights, sizes), strict=True):
            for part in one.parts:
                _accumulate(total, part.weighted_sum(own))
        return total

    @_without_autocast
    def dot(self, g: Direction) -> Tensor:
        """The products of the layers, summed."""
        passes = [torch.stack([part.dot(g) for part in one.parts]) for one in self._passes]
        return torch.cat([products.sum(0) for products in passes])

    @_without_autocast
    def grad_sample(self, name: str) -> Tensor:
        """The gradients of the one layer that has the parameter."""
        return torch.cat([one.grad_sample(name)[name] for one in self._passes])

    @_without_autocast
    def norms(self) -> Tensor:
        """The root of the sum of squares over the layers."""
        return torch.cat([_lengths(one.grad_sample()) for one in self._passes])


def _lengths(gradients: SampleGradient) -> Tensor:
    by_parameter = [values.flatten(1).norm(dim=1) for values in gradients.values()]
    lengths: Tensor = torch.stack(by_parameter).norm(dim=0)
    return lengths


def _record(
    net: nn.Module, images: Tensor, targets: Tensor, only: Head | None, loss: Loss
) -> _Pass:
    if couples_samples(net):
        raise UnsupportedNetwork("its batch normalisation mixes the samples of a batch")
    owners = _owners(net)
    if only is not None:
        owners = {prefix: layer for prefix, layer in owners.items() if layer is only.layer}
    parts: list[StoredGradients | Factors] = []
    anchor = torch.zeros((), device=images.device, requires_grad=True)
    recorders = {prefix: _Recorder(prefix, anchor, parts) for prefix in owners}
    with torch.enable_grad():
        with ExitStack() as hooks:
            for prefix, layer in owners.items():
                hook = layer.register_forward_hook(recorders[prefix], with_kwargs=True)
                hooks.enter_context(hook)
            # frozen parameters: the backward pass is to take no weight gradients
            losses = losses_of(loss, functional_call(net, frozen(net), (images,)), targets)
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
    """A layer's hook: keeps a in the forward pass, and hands it over with δ in the backward
    pass.
    """

    def __init__(self, prefix: str, anchor: Tensor, parts: list[StoredGradients | Factors]) -> None:
        self._prefix = prefix
        self._anchor = anchor
        self._parts = parts
        self.calls = 0

    def __call__(
        self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any
    ) -> Any:
        one_input = len(args) == 1 and not kwargs and isinstance(args[0], Tensor)
        if not one_input or not isinstance(out, Tensor):
            name = self._prefix[:-1]
            raise UnsupportedNetwork(f"its layer '{name}' has more than one input or output")
        self.calls += 1
        a: Tensor = args[0].detach()
        # A first layer needs something to differentiate; a view loses its hook to an activation
        # that works in place.
        if not out.requires_grad or out._base is not None:
            out = torch.add(out, self._anchor)
        # A hook of the tensor sees the gradient of what it held when the hook was set, whatever an
        # activation that works in place makes of it later.
        out.register_hook(partial(self._keep, layer, a, a._version))
        return out

    def _keep(self, layer: nn.Module, a: Tensor, version: int, delta: Tensor) -> None:
        if a._version != version:
            raise UnsupportedNetwork(f"the input of its layer '{self._prefix[:-1]}' is overwritten")
        with torch.no_grad():
            self._parts.append(layer_gradients(self._prefix, layer, a, delta))


# the head first -----------------------------------------------------------------------------------


class HeadFirstGradients:
    """An ordinary forward pass whose backward pass is taken in two: to the head for the head's
    gradients, and through the rest once the weights are known.

    What else is asked for comes from :class:`ReferenceGradients`, whose parameters it takes.
    """

    fallback_reason = ""

    def __init__(
        self,
        net: nn.Module,
        images: Tensor,
        targets: Tensor,
        head: Head,
        loss: Loss = per_sample_loss,
    ) -> None:
        self._net = net
        self._head = head
        kept: list[tuple[Tensor, GradientEdge]] = []

        def keep(_: nn.Module, args: tuple[Any, ...], out: Any) -> None:
            # the edge is that of what the head gave, whatever an activation that works in place
            # makes of it later
            kept.append((args[0].detach(), get_gradient_edge(out)))

        def refuse_after_head(*_: Any) -> None:
            if kept:
                raise UnsupportedNetwork("batch normalisation after its last layer mixes samples")

        with torch.enable_grad(), ExitStack() as hooks:
            hooks.enter_context(head.layer.register_forward_hook(keep))
            for layer in net.modules():
                if isinstance(layer, _BatchNorm):
                    hooks.enter_context(layer.register_forward_hook(refuse_after_head))
            self._graph = losses_of(loss, net(images), targets)
        if len(kept) != 1:
            raise UnsupportedNetwork("its last layer runs more than once")
        self._a, edge = kept[0]
        (self._delta,) = torch.autograd.grad(self._graph.sum(), (edge,), retain_graph=True)
        self.losses = self._graph.detach()
        self._reference = ReferenceGradients(net, images, targets, loss, self.losses)

    def grad_sample(self, name: str) -> Tensor:
        """Those of the head from its input and slope; of others by a backward pass for every
        sample.
        """
        if name != self._head.name:
            return self._reference.grad_sample(name)
        layer = self._head.layer
        with torch.no_grad(), torch.autocast(self.losses.device.type, enabled=False):
            a = self._a.to(self._delta.dtype)
            return rule_for(layer)(layer, a, self._delta)["weight"].float()

    def weighted_sum(self, weights: Tensor) -> Direction:
        """The rest of the backward pass; where a sample is not finite, the others pass again."""
        kept = weights.nonzero().flatten()
        # 0 · nan inside the graph would still be nan
        if not len(kept) or not self.losses.isfinite().all():
            return self._reference.weighted_sum(weights)
        return gradient(self._net, (weights[kept] * self._graph[kept]).sum(), retain=True)

    def dot(self, g: Direction) -> Tensor:
        """One pass in forward mode."""
        return self._reference.dot(g)

    def norms(self) -> Tensor:
        """A backward pass for every sample."""
        return self._reference.norms()
