"""Small networks and batches that all tests of this room share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from napari_alnt.core import IGNORE, NETWORKS, build

CLASSES = 3


def _patches(count: int, seed: int, size: int = 16) -> tuple[Tensor, Tensor]:
    """Bright balls on noise, their labels, and one unknown corner: (images, targets)."""
    dice = torch.Generator().manual_seed(seed)
    grid = torch.stack(torch.meshgrid(*[torch.arange(size)] * 3, indexing="ij")).float()
    targets = torch.zeros(count, size, size, size, dtype=torch.int64)
    for i in range(count):
        for label in range(1, CLASSES):
            centre = torch.rand(3, 1, 1, 1, generator=dice) * size
            targets[i][(grid - centre).norm(dim=0) < size / 4] = label
    images = targets[:, None].float() + 0.5 * torch.randn(count, 1, size, size, size, generator=dice)
    targets[:, :3, :3, :3] = IGNORE
    return images, targets


@pytest.fixture(params=list(NETWORKS))
def net(request: pytest.FixtureRequest) -> nn.Module:
    """Every network there is, with three classes, in float64 so that tests can be strict."""
    return build(request.param, CLASSES, seed=3).double()


@pytest.fixture
def small() -> nn.Module:
    """The small U-Net with three classes, float32."""
    return build("unet_small", CLASSES, seed=3)


@pytest.fixture
def patches() -> Callable[[int, int], tuple[Tensor, Tensor]]:
    """(images, targets) of so many patches of 16³ voxels by a seed."""
    return _patches
