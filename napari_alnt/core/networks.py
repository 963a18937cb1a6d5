"""The networks that one can choose, and what the weighing has to know of any network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from monai.networks.nets import SegResNet, UNet
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from napari_alnt import extensions
from napari_alnt.core.shapes import check_images, check_logits
from napari_alnt.errors import AlntError


@dataclass(frozen=True)
class Builder:
    """How a network is made, and which patches it can take.

    Attributes
    ----------
    make : number of classes, background included, to a network that takes ``(B, 1, D, H, W)`` and
        gives logits ``(B, classes, D, H, W)``
    divisor : every side of a patch must be a multiple of it, as the network halves the sides
    """

    make: Callable[[int], nn.Module]
    divisor: int


class Head(NamedTuple):
    """The last convolution or linear layer of a network, and the name of its weight among the
    parameters.
    """

    name: str
    layer: nn.Module


def _unet(classes: int) -> nn.Module:
    net: nn.Module = UNet(3, 1, classes, (16, 32, 64, 128, 256), (2, 2, 2, 2), num_res_units=2)
    return net


def _unet_small(classes: int) -> nn.Module:
    net: nn.Module = UNet(3, 1, classes, (16, 32, 64, 128), (2, 2, 2), num_res_units=1)
    return net


def _segresnet(classes: int) -> nn.Module:
    net: nn.Module = SegResNet(3, 16, 1, classes, norm=("GROUP", {"num_groups": 8}))
    return net


NETWORKS: dict[str, Builder] = {
    "unet_small": Builder(_unet_small, 8),
    "unet": Builder(_unet, 16),
    "segresnet": Builder(_segresnet, 8),
}
"""The networks of this package by their name in the settings; other packages declare theirs as an
entry point ``napari_alnt.networks`` that is a :class:`Builder`.
"""


def build(name: str, classes: int, seed: int = 0) -> nn.Module:
    """The network of that name with ``classes`` outputs; its weights depend on ``seed`` only.

    Batch normalisation is converted, see :func:`convert_batchnorm`; :func:`was_converted` tells.

    Raises
    ------
    AlntError
        If there is no such network, if another package's does not do what a :class:`Builder`
        promises, or if there are fewer than two classes.
    """
    found = _builder(name)
    if classes < 2:
        raise AlntError(
            f"A network needs at least two classes, background and one structure, but {classes} was"
            " asked."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = found.make(classes) if name in NETWORKS else _foreign(name, found, classes)
    return convert_batchnorm(net)


def check_patch(name: str, patch: Sequence[int]) -> None:
    """Make sure that the network of that name can work on patches of these voxels z y x.

    Raises
    ------
    AlntError
        If a side is not divisible by what the network halves, or too little is left at its coarsest
        level.
    """
    divisor = _builder(name).divisor
    size = "×".join(map(str, patch))
    if any(side % divisor or side < divisor for side in patch):
        raise AlntError(
            f"A patch of {size} voxels does not suit '{name}', which halves every side down to a"
            f" {divisor}th; set 'patch' to multiples of {divisor}."
        )
    # normalisation needs two voxels to have a variance
    if math.prod(side // divisor for side in patch) < 2:
        raise AlntError(
            f"A patch of {size} voxels is too small for '{name}', which needs two voxels at its"
            f" coarsest level; set a side of 'patch' to {2 * divisor} or more."
        )


def _builder(name: str) -> Builder:
    """The builder of that name, ours or another package's."""
    if name in NETWORKS:
        return NETWORKS[name]
    others = extensions.names(extensions.NETWORKS)
    if name not in others:
        choice = ", ".join((*NETWORKS, *others))
        raise AlntError(f"There is no network '{name}'; choose one of {choice}.")
    found = extensions.load(extensions.NETWORKS, name)
    if not isinstance(found, Builder):
        raise AlntError(
            f"The entry point '{name}' of an installed package is a {type(found).__name__}, but a"
            " network must be declared as a napari_alnt.core.Builder(make, divisor)."
        )
    return found


def _foreign(name: str, builder: Builder, classes: int) -> nn.Module:
    """Another package's network, tried on a small volume before anything is trained with it."""
    sides = (2 * builder.divisor,) * 3
    try:
        net = builder.make(classes).eval()
        with torch.no_grad():
            logits = net(torch.zeros(1, 1, *sides))
    except Exception as error:  # anything may happen in somebody else's network
        raise AlntError(
            f"The network '{name}' of an installed package fails on a volume of"
            f" {sides[0]}×{sides[0]}×{sides[0]} voxels ({type(error).__name__}: {error}); correct"
            " its builder or its divisor."
        ) from error
    try:
        check_logits(logits)
    except AlntError as error:
        raise AlntError(
            f"The network '{name}' of an installed package does not fit: {error}"
        ) from error
    if logits.shape != (1, classes, *sides):
        raise AlntError(
            f"The network '{name}' of an installed package gives {tuple(logits.shape)} for a volume"
            f" {(1, 1, *sides)}, but must give logits {(1, classes, *sides)}; correct its builder."
        )
    return net.train()


def couples_samples(net: nn.Module) -> bool:
    """Whether a sample's output depends on the others in its batch, as with batch normalisation."""
    return any(isinstance(layer, _BatchNorm) for layer in net.modules())


class _ConvertedBatchNorm(nn.GroupNorm):
    """One channel a group, which is instance normalisation, in the place of a BatchNorm."""


def convert_batchnorm(net: nn.Module) -> nn.Module:
    """Replace every BatchNorm by an instance normalisation, in place.

    Batch normalisation makes a sample's gradient depend on the other samples, so that it could not
    be weighed alone. Scale and shift are kept, running statistics are not. The network is given
    back; if it is itself a BatchNorm, a new layer is.
    """
    if isinstance(net, _BatchNorm):
        return _as_groupnorm(net)
    for name, child in net.named_children():
        if (converted := convert_batchnorm(child)) is not child:
            setattr(net, name, converted)
    return net


def was_converted(net: nn.Module) -> bool:
    """Whether :func:`convert_batchnorm` has replaced a layer of the network."""
    return any(isinstance(layer, _ConvertedBatchNorm) for layer in net.modules())


def _as_groupnorm(old: _BatchNorm) -> nn.GroupNorm:
    new = _ConvertedBatchNorm(old.num_features, old.num_features, eps=old.eps, affine=old.affine)
    if old.affine:
        # the same parameters, which an optimiser may hold already
        new.weight = old.weight
        new.bias = old.bias
        new.to(old.weight.device)
    return new.train(old.training)


def head_layer(net: nn.Module, example: Tensor) -> Head:
    """The last convolution or linear layer that a forward pass of ``example (B, 1, D, H, W)`` runs
    through.

    It is found by running the network, not by name, so it holds for any network.

    Raises
    ------
    AlntError
        If the network has no such layer, or does not work on volumes.
    """
    check_images(example)
    names = {id(layer): name for name, layer in net.named_modules() if _is_linear(layer)}
    seen: list[nn.Module] = []

    def note(layer: nn.Module, *_: Any) -> None:
        seen.append(layer)

    with _hooks(layer.register_forward_hook(note) for layer in net.modules()):
        check_logits(untouched_call(net, frozen(net), example))
    # in the order in which they ran, whatever the order in which they were declared
    heads = [layer for layer in seen if id(layer) in names]
    if not heads:
        raise AlntError(
            "The network has no convolution or linear layer to measure informativeness in; use"
            " another one."
        )
    return Head(f"{names[id(heads[-1])]}.weight".lstrip("."), heads[-1])


def _is_linear(layer: nn.Module) -> bool:
    # norms and PReLU have a vector as their weight, convolutions and linear layers a matrix or more
    weight = layer._parameters.get("weight")
    return weight is not None and weight.ndim >= 2


def frozen(net: nn.Module) -> dict[str, Tensor]:
    """The parameters by name, without their graph; they share the network's memory."""
    return {name: value.detach() for name, value in net.named_parameters()}


def untouched_call(net: nn.Module, parameters: dict[str, Tensor], images: Tensor) -> Tensor:
    """``net(images)`` with these parameters; buffers and random generators stay as they were."""
    # buffers are copied, as BatchNorm would move its running statistics
    buffers = {name: value.clone() for name, value in net.named_buffers()}
    devices = [images.device] if images.is_cuda else []
    with torch.random.fork_rng(devices=devices):
        logits: Tensor = functional_call(net, {**parameters, **buffers}, (images,))
    return logits


@contextmanager
def _hooks(handles: Iterator[torch.utils.hooks.RemovableHandle]) -> Iterator[None]:
    attached = list(handles)
    try:
        yield
    finally:
        for handle in attached:
            handle.remove()
