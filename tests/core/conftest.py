"""Small networks and batches that all tests of this room share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from napari_alnt.core import IGNORE, NETWORKS, build

CLASSES = 3
SHAPE = (16, 16, 32)  # the smallest that leaves the deepest network two voxels


def _patches(count: int, seed: int, shape: tuple[int, int, int] = SHAPE) -> tuple[Tensor, Tensor]:
    """Bright balls on noise, their labels, and one unknown corner: (images, targets)."""
    dice = torch.Generator().manual_seed(seed)
    size = torch.tensor(shape).reshape(3, 1, 1, 1)
    grid = torch.stack(torch.meshgrid(*map(torch.arange, shape), indexing="ij")).float()
    targets = torch.zeros(count, *shape, dtype=torch.int64)
    for i in range(count):
        for label in range(1, CLASSES):
            centre = torch.rand(3, 1, 1, 1, generator=dice) * size
            targets[i][(grid - centre).norm(dim=0) < 5] = label
    images = targets[:, None].float() + 0.5 * torch.randn(count, 1, *shape, generator=dice)
    targets[:, :3, :3, :3] = IGNORE
    return images, targets


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """On patches this small, threads wait for each other longer than they work."""
    torch.set_num_threads(1)


@pytest.fixture(params=list(NETWORKS))
def net(request: pytest.FixtureRequest) -> nn.Module:
    """Every network there is, with three classes, in float64 so that tests can be strict."""
    return build(request.param, CLASSES, seed=3).double()


@pytest.fixture
def small() -> nn.Module:
    """The small U-Net with three classes, float32."""
    return build("unet_small", CLASSES, seed=3)


@pytest.fixture
def patches() -> Callable[..., tuple[Tensor, Tensor]]:
    """(images, targets) of so many patches (16×16×32 voxels if not told) by a seed."""
    return _patches


@pytest.fixture
def batch() -> Callable[[nn.Module, int, int], tuple[Tensor, Tensor]]:
    """(images, targets) of so many patches by a seed, in the network's own precision."""

    def make(net: nn.Module, count: int, seed: int) -> tuple[Tensor, Tensor]:
        images, targets = _patches(count, seed)
        return images.to(next(net.parameters()).dtype), targets

    return make
