"""The gradients that single layers make of input and slope, beside a backward pass for every
sample. A new rule needs an entry in ``LAYERS``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from core.helpers import Through, agree
from torch import Tensor, nn

from napari_alnt.core.per_sample import layers
from napari_alnt.core.per_sample.layers import (
    RULES,
    Factors,
    StoredGradients,
    layer_gradients,
    rule_for,
    trained,
)

Patches = Callable[..., tuple[Tensor, Tensor]]


class _Scaled(nn.Module):
    """A parameter of its own and layers below it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((1,), 0.7))
        self.inside = nn.Conv3d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.inside(x) * self.scale


LAYERS: dict[str, Callable[[], nn.Module]] = {
    "conv": lambda: nn.Conv3d(4, 4, 3, padding=1),
    "conv with more weights than voxels": lambda: nn.Conv3d(4, 4, 7, padding=3),
    "strided and transposed": lambda: nn.Sequential(
        nn.Conv3d(4, 6, 3, 2, 1, dilation=1, bias=False),
        nn.ConvTranspose3d(6, 4, 3, 2, 1, output_padding=1),
    ),
    "grouped": lambda: nn.Conv3d(4, 4, 3, padding=1, groups=2),
    "grouped and transposed": lambda: nn.ConvTranspose3d(4, 4, 3, padding=1, groups=2),
    "dilated, padded in circles": lambda: nn.Conv3d(
        4, 4, 3, padding="same", dilation=2, padding_mode="circular"
    ),
    "instance norm": lambda: nn.InstanceNorm3d(4, affine=True),
    "instance norm with statistics": lambda: nn.InstanceNorm3d(
        4, affine=True, track_running_stats=True
    ),
    "group norm": lambda: nn.GroupNorm(2, 4),
    "one slope": nn.PReLU,
    "a slope a channel": lambda: nn.PReLU(4),
    "parameters and layers": _Scaled,
}


@pytest.mark.parametrize("name", list(LAYERS))
def test_layers(name: str, patches: Patches) -> None:
    torch.manual_seed(1)
    net = Through(LAYERS[name]()).double()
    images, targets = patches(3, 0, (8, 8, 8))
    agree(net, images.double(), targets)
    net.first.requires_grad_(False)  # frozen layers have no part
    net.layer.eval()
    agree(net, images.double(), targets)


@pytest.mark.parametrize("layer", [nn.Linear(4, 4), nn.LayerNorm(4)])
def test_layers_over_the_last_axis(layer: nn.Module, patches: Patches) -> None:
    images, targets = patches(3, 0)
    agree(Through(layer, last=True).double(), images.double(), targets)


def test_every_rule_has_an_example() -> None:
    examples = [layer for make in LAYERS.values() for layer in make().modules()]
    for kind, rule in RULES.items():
        assert any(isinstance(one, kind) and rule_for(one) is rule for one in examples), kind


def test_a_type_derived_from_a_known_one_has_its_rule() -> None:
    class Derived(nn.Conv3d):
        pass

    assert rule_for(Derived(4, 4, 3)) is rule_for(nn.Conv3d(4, 4, 3))
    assert rule_for(nn.LayerNorm(4)) is layers._one_by_one


def test_the_smaller_of_two_forms_is_kept() -> None:
    layer = nn.Conv3d(4, 4, 3, padding=1)
    size = sum(p.numel() for p in layer.parameters())
    for side, kind in ((2, Factors), (8, StoredGradients)):
        a = torch.randn(2, 4, side, side, side)
        assert (size > 2 * a[0].numel()) == (kind is Factors)
        kept = layer_gradients("deep.", layer, a, torch.randn_like(a))
        assert isinstance(kept, kind)
        assert set(kept.names) == {"deep.weight", "deep.bias"}


def test_both_forms_say_the_same() -> None:
    torch.manual_seed(0)
    layer = nn.Conv3d(4, 4, 3, padding=1).double()
    layer.bias.requires_grad_(False)
    a, delta = torch.randn(2, 3, 4, 2, 2, 2, dtype=torch.float64)
    factors = Factors("", layer, a, delta)
    stored = StoredGradients(factors.grad_sample())
    assert list(stored.names) == list(factors.names) == ["weight"]
    g = {"weight": torch.randn_like(layer.weight)}
    torch.testing.assert_close(factors.dot(g), stored.dot(g))
    for weights in (torch.tensor([0.5, 0.0, 2.0]), torch.zeros(3)):
        ours, theirs = factors.weighted_sum(weights), stored.weighted_sum(weights)
        torch.testing.assert_close(ours["weight"], theirs["weight"])


def test_a_layers_own_parameters_are_not_those_of_layers_in_it() -> None:
    layer = _Scaled()
    assert trained(layer) == ["scale"]
    layer.scale.requires_grad_(False)
    assert trained(layer) == []
