"""The fast way beside the slow one: the same sums, products, rows and norms, for any layer."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from napari_alnt.core import (
    IGNORE,
    NETWORKS,
    HeadFirst,
    Recorded,
    Whole,
    build,
    head_layer,
    per_sample_loss,
    sample_gradients,
)

Patches = Callable[..., tuple[Tensor, Tensor]]
WEIGHTS = torch.tensor([0.3, 0.0, 0.7], dtype=torch.float64)


def _agree(
    net: nn.Module, images: Tensor, targets: Tensor, at_once: int = 0, tolerance: float = 1e-9
) -> None:
    fast, slow = sample_gradients(net, images, targets, at_once), Whole(net, images, targets)
    assert isinstance(fast, Recorded)
    weights = WEIGHTS.to(images.dtype)
    torch.testing.assert_close(fast.losses, slow.losses)
    own = [slow.combine(one) for one in torch.eye(len(images), dtype=images.dtype)]
    direction, total = slow.combine(torch.ones_like(weights)), slow.combine(weights)
    length = torch.stack([value.norm() for value in total.values()]).norm()
    ours = fast.combine(weights)
    assert set(ours) == set(total)
    for name, value in total.items():
        assert ours[name].shape == value.shape
        assert (ours[name] - value).norm() <= tolerance * length, name
        rows = torch.stack([one[name] for one in own])
        torch.testing.assert_close(
            fast.rows(name), rows, rtol=tolerance, atol=tolerance * float(length)
        )
    torch.testing.assert_close(fast.inner(direction), slow.inner(direction), rtol=tolerance, atol=0)
    lengths = torch.stack(
        [torch.cat([value.flatten() for value in one.values()]).norm() for one in own]
    )
    torch.testing.assert_close(fast.norms(), lengths, rtol=tolerance, atol=0)


@pytest.mark.parametrize("at_once", [0, 2])
def test_a_network_in_float64(patches: Patches, at_once: int) -> None:
    images, targets = patches(3, 0)
    _agree(build("unet_small", 3, seed=3).double(), images.double(), targets, at_once)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_float32(name: str, patches: Patches) -> None:
    images, targets = patches(3, 0, (32, 32, 32))
    fast, slow = (
        make(build(name, 3, seed=3), images, targets) for make in (sample_gradients, Whole)
    )
    direction = slow.combine(torch.ones(3) / 3)
    torch.testing.assert_close(fast.inner(direction), slow.inner(direction), rtol=1e-5, atol=0)
    total, ours = slow.combine(torch.ones(3)), fast.combine(torch.ones(3))
    length = torch.stack([value.norm() for value in total.values()]).norm()
    assert all((ours[name] - total[name]).norm() <= 1e-5 * length for name in total)


class _Scaled(nn.Module):
    """A parameter of its own and layers below it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.inside = nn.Parameter(torch.full((1,), 0.7)), nn.Conv3d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.inside(x) * self.scale


class _Through(nn.Module):
    """A layer twice, and activations that overwrite their input."""

    def __init__(self, layer: nn.Module, last: bool = False) -> None:
        super().__init__()
        self.first, self.layer, self.last = nn.Conv3d(1, 4, 3, padding=1), layer, last
        self.head = nn.Conv3d(4, 3, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x).tanh_()
        for _ in range(2):
            x = self._layer(x)
            x = nn.functional.elu_(x, 0.3)
        return self.head(x)

    def _layer(self, x: Tensor) -> Tensor:
        return self.layer(x.movedim(1, -1)).movedim(-1, 1) * 1.0 if self.last else self.layer(x)


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
    net = _Through(LAYERS[name]()).double()
    images, targets = patches(3, 0, (8, 8, 8))
    _agree(net, images.double(), targets)
    net.first.requires_grad_(False)  # frozen layers have no part
    net.layer.eval()
    _agree(net, images.double(), targets)


@pytest.mark.parametrize("layer", [nn.Linear(4, 4), nn.LayerNorm(4)])
def test_layers_over_the_last_axis(layer: nn.Module, patches: Patches) -> None:
    images, targets = patches(3, 0)
    _agree(_Through(layer, last=True).double(), images.double(), targets)


class _Shift(nn.Module):
    """The one kind of layer that autograd lets have its input overwritten: its gradient does not
    need it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(4, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.shift


class _Overwritten(_Through):
    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        y = self.layer(x)
        x += 1.0
        return self.head(x + y)


class _Shared(_Through):
    def __init__(self) -> None:
        super().__init__(nn.Conv3d(4, 4, 1))
        self.other = nn.Conv3d(4, 4, 1)
        self.other.weight = self.layer.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.other(self.layer(self.first(x))))


class _Functional(_Through):
    def forward(self, x: Tensor) -> Tensor:
        return self.head(nn.functional.conv3d(self.first(x), self.layer.weight))


class _TwoInputs(_Through):
    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return self.head(self.layer(x, x))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: _Overwritten(_Shift()), "'layer' is overwritten"),
        (_Shared, "share a parameter"),
        (lambda: _Functional(nn.Conv3d(4, 4, 1, bias=False)), "'layer' is not called"),
        (lambda: _TwoInputs(nn.Bilinear(1, 1, 1)), "more than one"),
        (lambda: _Through(nn.BatchNorm3d(4)), "batch normalisation"),
    ],
)
def test_what_cannot_be_recorded_goes_the_slow_way(
    make: Callable[[], nn.Module], reason: str, patches: Patches
) -> None:
    net, (images, targets) = make().double(), patches(3, 0, (8, 8, 8))
    images = images.double()
    if reason == "more than one":
        net.layer.forward = lambda a, b: a * net.layer.weight.sum() + b * net.layer.bias  # type: ignore[method-assign]
    samples = sample_gradients(net, images, targets)
    assert isinstance(samples, Whole)
    assert reason in samples.slow
    losses = per_sample_loss(net(images), targets)
    expected = torch.autograd.grad((WEIGHTS * losses).sum(), tuple(net.parameters()))
    for ours, value in zip(samples.combine(WEIGHTS).values(), expected, strict=True):
        torch.testing.assert_close(ours, value, rtol=1e-9, atol=1e-12)


def test_the_head_first_and_then_the_rest(patches: Patches) -> None:
    net = build("unet_small", 3, seed=3).double()
    images, targets = patches(3, 0)
    images = images.double()
    head = head_layer(net, images[:1])
    fast, slow = sample_gradients(net, images, targets, head=head), Whole(net, images, targets)
    assert isinstance(fast, HeadFirst)
    torch.testing.assert_close(fast.losses, slow.losses)
    torch.testing.assert_close(fast.rows(head.name), slow.rows(head.name).float())
    for weights in (WEIGHTS, 2 * WEIGHTS):
        total = fast.combine(weights)
        for name, value in slow.combine(weights).items():
            torch.testing.assert_close(total[name], value, rtol=1e-9, atol=1e-12)
    images[1] = torch.nan
    broken = sample_gradients(net, images, targets, head=head)
    for name, value in slow.combine(WEIGHTS).items():
        torch.testing.assert_close(broken.combine(WEIGHTS)[name], value, rtol=1e-9, atol=1e-12)
    assert isinstance(sample_gradients(net, images, targets, 2, head=head), Recorded)  # less memory


@pytest.mark.parametrize("make", [sample_gradients, Whole])
@pytest.mark.parametrize("grad", [True, False])
def test_the_network_stays_as_it_was(
    small: nn.Module, patches: Patches, make: Callable[..., Whole], grad: bool
) -> None:
    images, targets = patches(3, 0)
    per_sample_loss(small(images), targets).sum().backward()
    small.model[0].eval()  # mixed modes, too
    g = {name: p.grad.clone() for name, p in small.named_parameters() if p.grad is not None}
    before = copy.deepcopy((small.state_dict(), g, [m.training for m in small.modules()]))
    with torch.set_grad_enabled(grad):
        head = head_layer(small, images[:1])
        samples = make(small, images, targets)
        samples.combine(torch.ones(3)), samples.inner(g), samples.rows(head.name), samples.norms()
    after = (
        small.state_dict(),
        {n: p.grad for n, p in small.named_parameters()},
        [m.training for m in small.modules()],
    )
    assert before[2] == after[2]
    assert all(map(torch.equal, before[0].values(), after[0].values()))
    assert all(map(torch.equal, before[1].values(), after[1].values()))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in small.modules())


def test_nothing_and_nobody(small: nn.Module, patches: Patches) -> None:
    images, targets = patches(2, 0)
    targets[0] = IGNORE
    samples = sample_gradients(small, images, targets)
    assert all(value.eq(0).all() for value in samples.combine(torch.zeros(2)).values())
    assert samples.norms()[0] == 0
    assert samples.norms()[1] > 0


def test_half_precision_keeps_losses_and_trust_in_float32(
    small: nn.Module, patches: Patches
) -> None:
    images, targets = patches(3, 0, (32, 32, 32))
    exact = sample_gradients(small, images, targets)
    g = exact.combine(torch.ones(3) / 3)
    with torch.autocast("cpu", torch.bfloat16):
        half = sample_gradients(small, images, targets)
        assert isinstance(half, Recorded)
        u, total = half.inner(g), half.combine(WEIGHTS.float())
    assert half.losses.dtype == u.dtype == torch.float32
    assert all(value.dtype == torch.float32 for value in total.values())
    assert not torch.equal(u, exact.inner(g))  # it was in fact computed otherwise
    torch.testing.assert_close(u, exact.inner(g), rtol=0.05, atol=0)
    a, b = (
        torch.cat([value.flatten() for value in way.combine(WEIGHTS.float()).values()])
        for way in (half, exact)
    )
    assert torch.nn.functional.cosine_similarity(a, b, dim=0) > 0.995
