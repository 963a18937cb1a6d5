from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from monai.networks.nets import UNet
from torch import Tensor, nn

from napari_alnt import extensions
from napari_alnt.core import (
    NETWORKS,
    Builder,
    build,
    check_patch,
    convert_batchnorm,
    head_layer,
    was_converted,
)
from napari_alnt.core.networks import couples_samples
from napari_alnt.errors import AlntError
from napari_alnt.settings import HINTS, choices


def _count(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def test_every_network_of_the_settings_can_be_built() -> None:
    others = extensions.names(extensions.NETWORKS)
    assert set(choices(HINTS["network"])) == {*NETWORKS, *others}
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
    assert not was_converted(net)
    scale = net[1][0].weight
    net = convert_batchnorm(net)
    assert not couples_samples(net)
    assert was_converted(net)
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

    def forward(self, x: Tensor) -> Tensor:
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


# networks of other packages -----------------------------------------------------------------------


def _batchnorm(classes: int) -> nn.Module:
    net: nn.Module = UNet(3, 1, classes, (4, 8), (2,), norm="batch")
    return net


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Let an installed package declare a network 'theirs'."""

    def install(declared: object) -> None:
        def names(group: str) -> tuple[str, ...]:
            return ("theirs",) if group == extensions.NETWORKS else ()

        monkeypatch.setattr(extensions, "names", names)
        monkeypatch.setattr(extensions, "load", lambda *_: declared)

    return install


def test_a_network_of_another_package_is_built_and_converted(
    declare: Callable[[object], None],
) -> None:
    declare(Builder(_batchnorm, 2))
    state = torch.get_rng_state()
    net, twin = build("theirs", 3, seed=4), build("theirs", 3, seed=4)
    assert torch.get_rng_state().equal(state)
    assert all(map(torch.equal, net.parameters(), twin.parameters()))
    assert net.training
    assert was_converted(net)
    assert not couples_samples(net)
    assert net(torch.zeros(2, 1, 4, 4, 4)).shape == (2, 3, 4, 4, 4)
    check_patch("theirs", (4, 4, 2))
    with pytest.raises(AlntError, match="multiples of 2"):
        check_patch("theirs", (4, 4, 3))


def test_the_networks_of_this_package_need_no_conversion() -> None:
    assert not any(was_converted(build(name, 2)) for name in NETWORKS)


class _Deep(nn.Module):
    """Two outputs, as with deep supervision."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (_batchnorm, "is a function, but"),
        (Builder(lambda classes: nn.Conv3d(2, classes, 1), 2), "RuntimeError"),
        (Builder(lambda classes: nn.Conv3d(1, classes + 1, 1), 2), r"must give logits \(1, 3, 4"),
        (Builder(lambda classes: nn.Conv3d(1, classes, 2, 2), 2), r"gives \(1, 3, 2, 2, 2\)"),
        (Builder(lambda _: _Deep(), 2), "deep supervision"),
        (Builder(lambda _: "a name", 2), "AttributeError"),
    ],
)
def test_a_network_that_does_not_fit_is_refused_in_one_sentence(
    declare: Callable[[object], None], declared: object, reason: str
) -> None:
    declare(declared)
    with pytest.raises(AlntError, match=reason) as caught:
        build("theirs", 3)
    assert str(caught.value).endswith(".")


def test_an_unknown_network_is_answered_with_those_there_are(
    declare: Callable[[object], None],
) -> None:
    declare(Builder(_batchnorm, 2))
    with pytest.raises(AlntError, match="unet_small, unet, segresnet, theirs"):
        build("mine", 3)
    with pytest.raises(AlntError, match="no network 'mine'"):
        check_patch("mine", (8, 8, 8))


def test_the_head_of_what_is_no_volume() -> None:
    with pytest.raises(AlntError, match="volumes"):
        head_layer(nn.Conv2d(1, 2, 1), torch.zeros(1, 1, 8, 8))
    with pytest.raises(AlntError, match="deep supervision"):
        head_layer(_Deep(), torch.zeros(1, 1, 8, 8, 8))
