"""Any change of a checkpoint's content is found without torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_alnt.data.checkpoint_file import checkpoint_fault
from napari_alnt.engine.checkpoint import TrainingState, save


@pytest.fixture
def path(tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    state = TrainingState(3, 1, 0, 0, "unet_small", 2, (1.0, 1.0, 1.0), "lung")
    save(tmp_path / "checkpoint" / "student.safetensors", net, optimizer, state)
    return tmp_path / "checkpoint" / "student.safetensors"


def test_a_checkpoint_as_it_was_saved_has_no_fault(path):
    assert checkpoint_fault(path) == ""


def test_every_byte_counts(path):
    content = path.read_bytes()
    for place in np.linspace(0, len(content) - 1, 400).astype(int):
        changed = bytearray(content)
        changed[place] ^= 4
        path.write_bytes(changed)
        # spaces at the end of the head are no content
        assert checkpoint_fault(path) or content[place : place + 1] == b" "


@pytest.mark.parametrize("size", [0, 5, 8, 100, -1])
def test_one_that_was_cut_is_named(path, size):
    path.write_bytes(path.read_bytes()[:size])
    assert checkpoint_fault(path)


def test_one_that_is_missing_or_without_sense_is_named(path):
    path.write_bytes((5).to_bytes(8, "little") + b"[1,2]")
    assert checkpoint_fault(path) == "cannot be read"
    path.write_bytes((2**60).to_bytes(8, "little"))
    assert checkpoint_fault(path) == "is no checkpoint"
    path.unlink()
    assert checkpoint_fault(path) == "is no plain file"
