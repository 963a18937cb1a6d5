"""A sliding window that gives what the whole prediction gives, piece by piece."""

from __future__ import annotations

import pytest
import torch

from napari_alnt import core
from napari_alnt.core.windows import predict_by_windows, windows_of

PATCH = (16, 16, 16)


@pytest.mark.parametrize("shape", [(16, 16, 16), (20, 30, 10), (40, 16, 17)])
def test_it_gives_the_prediction_and_counts_its_windows(shape):
    net = core.build("unet_small", 3)
    image = torch.randn(1, 1, *shape, generator=torch.Generator().manual_seed(0))
    watched = predict_by_windows(net, image, PATCH)
    done = []
    while True:
        try:
            done.append(next(watched))
        except StopIteration as end:
            logits = end.value
            break
    torch.testing.assert_close(logits.softmax(0), core.predict(net, image, PATCH))
    assert done[-1] == len(windows_of(shape, PATCH))
    assert done == sorted(set(done))


def test_whoever_leaves_finds_the_network_in_training_mode():
    net = core.build("unet_small", 2).train()
    watched = predict_by_windows(net, torch.zeros(1, 1, 20, 20, 40), PATCH)
    next(watched)
    watched.close()
    assert all(layer.training for layer in net.modules())
