"""Tensors that are the weights of a network, and tensors that are not."""

from __future__ import annotations

import torch

from napari_alnt.engine.weights_check import moments_fault, not_finite, weights_fault


def test_the_first_tensor_that_is_not_finite_is_named():
    fine = {"a": torch.ones(2), "b": torch.ones(2, dtype=torch.int64), "c": torch.ones(0)}
    assert not_finite(fine) == ""
    assert not_finite(fine | {"d": torch.tensor([1.0, float("-inf")])}) == "d"
    assert not_finite({"e": torch.tensor(float("nan"), dtype=torch.bfloat16)}) == "e"


def test_a_networks_own_weights_fit_it():
    net = torch.nn.Sequential(torch.nn.Conv3d(1, 2, 3), torch.nn.BatchNorm3d(2))
    own = net.state_dict()
    assert weights_fault(net, own) == ""
    assert "'0.bias'" in weights_fault(net, {k: v for k, v in own.items() if k != "0.bias"})
    assert "(1,)" in weights_fault(net, own | {"0.bias": torch.ones(1)})
    assert "'z'" in weights_fault(net, own | {"z": torch.ones(1)})


def test_an_optimisers_own_moments_fit_it():
    net = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(net.parameters())
    assert moments_fault(optimizer, {}) == ""
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    own = {str(index): state for index, state in optimizer.state_dict()["state"].items()}
    assert moments_fault(optimizer, own) == ""
    assert moments_fault(optimizer, {"0": own["0"]}) == ""
    assert "parameter 0" in moments_fault(optimizer, {"0": own["1"]})
    assert "parameter '2'" in moments_fault(optimizer, {"2": own["1"]})
