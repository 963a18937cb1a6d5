from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_alnt.core import (
    NETWORKS,
    build,
    check_patch,
    convert_batchnorm,
    couples_samples,
    head_layer,
)
from napari_alnt.errors import AlntError
from napari_alnt.settings import HINTS, choices


def _count(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def test_every_network_of_the_settings_can_be_built() -> None:
    assert set(NETWORKS) == set(choices(HINTS["network"]))
    assert _count(build("unet", 2)) == 4_806_481  # the paper's
    assert 300_000 <= _count(build("unet_small", 2)) <= 600_000


@pytest.mark.parametrize("name", NETWORKS)
def test_the_divisor_is_the_smallest_step_of_patch_size(name: str) -> None:
    size = 3 * NETWORKS[name].divisor
    image = torch.randn(1, 1, 16, 16, size)
    assert build(name, 3)(image).shape == (1, 3, 16, 16, size)
    check_patch(name, (16, 16, size))
    cut = size - NETWORKS[name].divisor // 2
    with pytest.raises(RuntimeError):
        build(name, 3)(image[..., :cut])
    with pytest.raises(AlntError, match="multiples"):
        check_patch(name, (16, 16, cut))


def test_a_patch_of_one_voxel_at_the_bottom_is_refused() -> None:
    with pytest.raises(ValueError, match="spatial"):
        build("unet", 2)(torch.zeros(1, 1, 16, 16, 16))
    with pytest.raises(AlntError, match="too small"):
        check_patch("unet", (16, 16, 16))


@pytest.mark.parametrize("name", NETWORKS)
def test_samples_do_not_touch_each_other(name: str) -> None:
    net, images = build(name, 2).double(), torch.randn(3, 1, 16, 16, 32).double()
    alone = torch.cat([net(image[None]) for image in images])
    torch.testing.assert_close(net(images), alone)


def test_weights_depend_on_the_seed_only() -> None:
    state = torch.get_rng_state()
    a, b, c = build("unet_small", 2, 5), build("unet_small", 2, 5), build("unet_small", 2, 6)
    assert torch.get_rng_state().equal(state)
    assert all(map(torch.equal, a.parameters(), b.parameters()))
    assert not all(map(torch.equal, a.parameters(), c.parameters()))


@pytest.mark.parametrize(("name", "classes"), [("vnet", 2), ("unet", 1)])
def test_what_cannot_be_built_is_an_alnt_error(name: str, classes: int) -> None:
    with pytest.raises(AlntError):
        build(name, classes)


def test_batch_normalisation_can_be_converted() -> None:
    net = nn.Sequential(
        nn.Conv3d(1, 4, 3), nn.Sequential(nn.BatchNorm3d(4), nn.ReLU()), nn.Conv3d(4, 2, 1)
    )
    nn.init.uniform_(net[1][0].weight)
    assert couples_samples(net)
    scale = net[1][0].weight
    net = convert_batchnorm(net)
    assert not couples_samples(net)
    assert net[1][0].weight is scale
    images = torch.randn(2, 1, 8, 8, 8)
    torch.testing.assert_close(net(images), torch.cat([net(images[:1]), net(images[1:])]))
    assert isinstance(convert_batchnorm(nn.BatchNorm3d(4)), nn.GroupNorm)


class _Reordered(nn.Module):
    """Its head is declared first, is a transposed convolution, and is followed by other layers."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.ConvTranspose3d(4, 2, 2, stride=2)
        self.first = nn.Conv3d(1, 4, 2, stride=2)
        self.unused = nn.Conv3d(2, 2, 1)
        self.norm, self.act = nn.InstanceNorm3d(2, affine=True), nn.PReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.norm(self.last(self.first(x).relu_())))


def test_the_head_is_the_last_layer_that_runs() -> None:
    net = _Reordered()
    head = head_layer(net, torch.zeros(1, 1, 8, 8, 8))
    assert head.name == "last.weight"
    assert head.layer is net.last
    with pytest.raises(AlntError):
        head_layer(nn.ReLU(), torch.zeros(1, 1, 8, 8, 8))


def test_a_network_that_is_its_own_head() -> None:
    net = nn.Conv3d(1, 2, 1)
    assert head_layer(net, torch.zeros(1, 1, 4, 4, 4)).name == "weight"
