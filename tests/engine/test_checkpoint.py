"""Checkpoints: all of the training's state in one file, and nothing that runs code when read."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from napari_alnt.engine import checkpoint
from napari_alnt.engine.checkpoint import TrainingState
from napari_alnt.errors import AlntError

STATE = TrainingState(
    7, 2, 5, 1, "unet_small", 2, (3.0, 2.5, 2.0), "lung", {"sums": {}, "steps": 1}
)


def trained() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    net = torch.nn.Linear(4, 3)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1)
    step(net, optimizer)
    return net, optimizer


def step(net: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    net(torch.arange(8.0).reshape(2, 4)).square().mean().backward()
    optimizer.step()


def test_what_was_saved_goes_on_as_if_never_stopped(tmp_path):
    net, optimizer = trained()
    checkpoint.save(tmp_path / "a" / "student.safetensors", net, optimizer, STATE)
    step(net, optimizer)
    other = torch.nn.Linear(4, 3)
    again = torch.optim.AdamW(other.parameters(), lr=0.1)
    assert checkpoint.load(tmp_path / "a" / "student.safetensors", other, again) == STATE
    step(other, again)
    assert torch.equal(net.weight, other.weight)
    assert torch.equal(net.bias, other.bias)


def test_a_spoilt_file_is_named_with_the_cure(tmp_path):
    path = tmp_path / "0003" / "checkpoint" / "student.safetensors"
    checkpoint.save(path, *trained(), STATE)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(AlntError, match=r"run 0003.*--fresh"):
        checkpoint.read_state(path)


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "student.safetensors"
    checkpoint.save(path, *trained(), STATE)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(AlntError):
        checkpoint.save(path, *trained(), STATE)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["student.safetensors"]


@pytest.mark.parametrize("field", ["network", "classes", "spacing", "window"])
def test_weights_fit_only_their_like(field):
    other = dataclasses.replace(STATE, **{field: "another"})
    assert STATE.fits(STATE)
    assert not STATE.fits(other)


def rewritten(path, **metadata: str) -> None:
    """Exchange what a checkpoint says of itself."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(tensors, path, metadata)


def test_a_checkpoint_under_earlier_names_is_read(tmp_path):
    path = tmp_path / "0001" / "checkpoint" / "student.safetensors"
    state = dataclasses.replace(STATE, evaluation_due=True, relative_loss={"": 0.5})
    checkpoint.save(path, *trained(), state)
    old = dataclasses.asdict(state)
    old["look_due"] = old.pop("evaluation_due")
    old["standing"] = old.pop("relative_loss")
    rewritten(path, position=json.dumps(old))
    assert checkpoint.read_state(path) == state


@pytest.mark.parametrize(
    "state", ["{}", "not JSON", json.dumps(dataclasses.asdict(STATE) | {"flux": 1})]
)
def test_a_state_that_is_not_understood_is_refused(tmp_path, state):
    path = tmp_path / "0001" / "checkpoint" / "student.safetensors"
    checkpoint.save(path, *trained(), STATE)
    rewritten(path, state=state)
    with pytest.raises(AlntError, match=r"run 0001.*--fresh"):
        checkpoint.read_state(path)


def test_the_rate_of_the_settings_stays_when_moments_are_loaded(tmp_path):
    path = tmp_path / "student.safetensors"
    checkpoint.save(path, *trained(), STATE)
    net = torch.nn.Linear(4, 3)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.007)
    checkpoint.load(path, net, optimizer)
    assert optimizer.param_groups[0]["lr"] == 0.007
    assert optimizer.state_dict()["state"][0]["step"] == 1
    checkpoint.load(path, torch.nn.Linear(4, 3))  # the weights alone
