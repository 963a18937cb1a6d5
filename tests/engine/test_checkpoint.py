"""Checkpoints: all of the training's state in one file, and nothing that runs code when read."""

from __future__ import annotations

import pytest
import torch

from napari_alnt.engine import checkpoint
from napari_alnt.engine.checkpoint import Position
from napari_alnt.errors import AlntError

PLACE = Position(7, 2, 5, 1, "unet_small", 2, (3.0, 2.5, 2.0), "lung", {"sums": {}, "steps": 1})


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
    checkpoint.save(tmp_path / "a" / "student.safetensors", net, optimizer, PLACE)
    step(net, optimizer)
    other = torch.nn.Linear(4, 3)
    again = torch.optim.AdamW(other.parameters(), lr=0.1)
    assert checkpoint.load(tmp_path / "a" / "student.safetensors", other, again) == PLACE
    step(other, again)
    assert torch.equal(net.weight, other.weight)
    assert torch.equal(net.bias, other.bias)


def test_a_spoilt_file_is_named_with_the_cure(tmp_path):
    path = tmp_path / "0003" / "checkpoint" / "student.safetensors"
    checkpoint.save(path, *trained(), PLACE)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(AlntError, match=r"run 0003.*--fresh"):
        checkpoint.position(path)


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "student.safetensors"
    checkpoint.save(path, *trained(), PLACE)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(AlntError):
        checkpoint.save(path, *trained(), PLACE)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["student.safetensors"]


@pytest.mark.parametrize("field", ["network", "classes", "spacing", "window"])
def test_weights_fit_only_their_like(field):
    import dataclasses

    other = dataclasses.replace(PLACE, **{field: "another"})
    assert PLACE.fits(PLACE)
    assert not PLACE.fits(other)
