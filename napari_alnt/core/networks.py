"""The students one can choose, and what the weighing has to know of any network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from monai.networks.nets import SegResNet, UNet
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from napari_alnt.errors import AlntError


@dataclass(frozen=True)
class Builder:
    """How a network is made for a number of classes, and what its patch sizes must be divisible
    by.
    """

    make: Callable[[int], nn.Module]
    divisor: int


class Head(NamedTuple):
    """The last convolution of a network: the name of its weight among the parameters, and the
    layer.
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
"""Every student by its name in the settings; all take ``(B, 1, D, H, W)`` and give logits ``(B,
classes, D, H, W)``.
"""


def build(name: str, classes: int, seed: int = 0) -> nn.Module:
    """The network of that name with ``classes`` outputs, background included; its weights depend on
    ``seed`` only.

    Raises
    ------
    AlntError
        If there is no such network, or fewer than two classes.
    """
    if name not in NETWORKS:
        raise AlntError(f"There is no network '{name}'; choose one of {', '.join(NETWORKS)}.")
    if classes < 2:
        raise AlntError(
            f"A network needs at least two classes, background and one structure, but {classes} was"
            " asked."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NETWORKS[name].make(classes)


def check_patch(name: str, patch: Sequence[int]) -> None:
    """Make sure that the network of that name can work on patches of these voxels z y x.

    Raises
    ------
    AlntError
        If a side is not divisible by what the network halves, or too little is left at its coarsest
        level.
    """
    divisor = NETWORKS[name].divisor
    size = "×".join(map(str, patch))
    if any(side % divisor or side < divisor for side in patch):
        raise AlntError(
            f"A patch of {size} voxels does not suit '{name}', which halves every side down to a"
            f" {divisor}th; "
            f"set 'patch' to multiples of {divisor}."
        )
    if math.prod(side // divisor for side in patch) < 2:
        raise AlntError(
            f"A patch of {size} voxels is too small for '{name}', which needs two voxels at its"
            " coarsest level; "
            f"set a side of 'patch' to {2 * divisor} or more."
        )


def couples_samples(net: nn.Module) -> bool:
    """Whether one sample's output depends on the others in its batch, as with batch
    normalisation.
    """
    return any(isinstance(layer, _BatchNorm) for layer in net.modules())


def convert_batchnorm(net: nn.Module) -> nn.Module:
    """Replace every BatchNorm by a GroupNorm of one channel a group, which is instance
    normalisation, in place.

    Scale and shift are kept, running statistics are not. The network is given back; itself a
    BatchNorm, a new one is.
    """
    if isinstance(net, _BatchNorm):
        return _as_groupnorm(net)
    for name, child in net.named_children():
        setattr(net, name, convert_batchnorm(child))
    return net


def _as_groupnorm(old: _BatchNorm) -> nn.GroupNorm:
    new = nn.GroupNorm(old.num_features, old.num_features, eps=old.eps, affine=old.affine)
    if old.affine:
        new.weight, new.bias = old.weight, old.bias
        new.to(old.weight.device)
    return new.train(old.training)


def head_layer(net: nn.Module, example: Tensor) -> Head:
    """The last convolution or linear layer that a forward pass of ``example (B, 1, D, H, W)`` runs
    through.

    Found by running it, not by name, so it holds for any network.

    Raises
    ------
    AlntError
        If the network has no such layer.
    """
    names = {id(layer): name for name, layer in net.named_modules() if _is_linear(layer)}
    seen: list[nn.Module] = []
    with _hooks(
        layer.register_forward_hook(lambda m, a, out: seen.append(m)) for layer in net.modules()
    ):
        untouched_call(net, frozen(net), example)
    heads = [layer for layer in seen if id(layer) in names]
    if not heads:
        raise AlntError(
            "The network has no convolution or linear layer to measure informativeness in; use"
            " another one."
        )
    return Head(f"{names[id(heads[-1])]}.weight".lstrip("."), heads[-1])


def _is_linear(layer: nn.Module) -> bool:
    # Norms and PReLU have a vector as their weight, convolutions and linear layers at least a
    # matrix.
    weight = layer._parameters.get("weight")
    return weight is not None and weight.ndim >= 2


def frozen(net: nn.Module) -> dict[str, Tensor]:
    """The parameters by name, without their graph; they share the network's memory."""
    return {name: value.detach() for name, value in net.named_parameters()}


def untouched_call(net: nn.Module, parameters: dict[str, Tensor], images: Tensor) -> Tensor:
    """``net(images)`` with these parameters; buffers and random generators stay as they were."""
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
