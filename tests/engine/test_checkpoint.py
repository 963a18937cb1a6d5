"""Checkpoints: all of the training's state in one file, and nothing that runs code when read."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from napari_alnt.engine import checkpoint
from napari_alnt.engine.checkpoint import TrainingState
from napari_alnt.errors import AlntError

SUMS = {"seen": 2.0, "trust": 0.5, "informativeness": 0.25, "weight": 0.5}
UNFINISHED = {
    "sums": {"a": SUMS},
    "steps": 1,
    "loss": 0.5,
    "expert_loss": 0.25,
    "cases": {"a": ["pool", "teacher"]},
}
STATE = TrainingState(7, 2, 5, 1, "unet_small", 2, (3.0, 2.5, 2.0), "lung", UNFINISHED)


CANNOT = r"run 0001, student\.safetensors, cannot be used: .+; restore .* --fresh"


def _without(values: dict, name: str) -> dict:
    return {key: value for key, value in values.items() if key != name}


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


PLAIN = dataclasses.asdict(STATE)
STATES = {
    "empty": "{}",
    "a list": "[1]",
    "not JSON": "not JSON",
    "deep": "[" * 100_000 + "]" * 100_000,
    "unknown": json.dumps(PLAIN | {"flux": 1}),
    **{
        f"{name} is {value!r:.20}": json.dumps(PLAIN | {name: value})
        for name, values in {
            "step": ("seven", 10**30, 2**62, -5, 2.5, None, True, [7]),
            "epoch": (-1, "2", 10**30),
            "step_before": (-1, 8, "5"),
            "epoch_before": (-1, 3),
            "classes": (-1, "2", 10**20),
            "network": (None, 5, ["unet_small"]),
            "window": (None, 5),
            "spacing": (
                [],
                [1, 2],
                [1, 2, 3, 4],
                [1, 2, "3"],
                [1, 2, -3],
                [0, 1, 1],
                [None, 1, 1],
                5,
            ),
            "evaluation_due": ("yes", 1, None),
            "relative_loss": ("x", [1], {"a": "x"}, {"a": None}, {"a": 10**400}),
            "unfinished": (
                "x",
                [1],
                {},
                UNFINISHED | {"steps": -1},
                UNFINISHED | {"loss": None},
                UNFINISHED | {"cases": {}},
                UNFINISHED | {"cases": {"a": ["pool"]}},
                UNFINISHED | {"cases": {"a": "ab"}},
                UNFINISHED | {"sums": {"a": {}}},
                UNFINISHED | {"sums": {"a": SUMS | {"trust": "x"}}},
                UNFINISHED | {"sums": {"a": SUMS | {"seen": -1}}},
                UNFINISHED | {"sums": [1]},
            ),
        }.items()
        for value in values
    },
    **{f"without {name}": json.dumps(_without(PLAIN, name)) for name in list(PLAIN)[:8]},
}


@pytest.mark.parametrize("text", STATES.values(), ids=range(len(STATES)))
def test_a_state_that_makes_no_sense_is_refused(tmp_path, text):
    path = tmp_path / "0001" / "checkpoint" / "student.safetensors"
    checkpoint.save(path, *trained(), STATE)
    rewritten(path, state=text)
    with pytest.raises(AlntError, match=CANNOT):
        checkpoint.read_state(path)


def test_a_checkpoint_without_a_checksum_is_read(tmp_path):
    path = tmp_path / "student.safetensors"
    net, optimizer = trained()
    checkpoint.save(path, net, optimizer, STATE)
    rewritten(path, state=json.dumps(PLAIN))
    other = torch.nn.Linear(4, 3)
    again = torch.optim.AdamW(other.parameters())
    assert checkpoint.load(path, other, again) == STATE
    assert torch.equal(net.weight, other.weight)


def test_every_byte_is_covered_by_the_checksum(tmp_path):
    path = tmp_path / "0001" / "checkpoint" / "student.safetensors"
    checkpoint.save(path, *trained(), STATE)
    whole = path.read_bytes()
    silent = []
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        net, optimizer = trained()
        before = net.weight.clone()
        try:
            if checkpoint.load(path, net, optimizer) != STATE or not torch.equal(
                net.weight, trained()[0].weight
            ):
                silent.append(place)
        except AlntError:
            assert torch.equal(net.weight, before)
    assert silent == []


def test_a_file_that_is_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "0001" / "checkpoint" / "student.safetensors"
    checkpoint.save(path, *trained(), STATE)
    whole = path.read_bytes()
    for length in (0, 1, 7, 8, 9, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(AlntError, match=CANNOT):
            checkpoint.load(path, *trained())


@pytest.mark.parametrize("what", ["nothing", "folder", "pipe"])
def test_what_is_no_file_is_refused(tmp_path, what):
    path = tmp_path / "0001" / "checkpoint" / "student.safetensors"
    path.parent.mkdir(parents=True)
    if what == "folder":
        path.mkdir()
    if what == "pipe":
        os.mkfifo(path)
    with pytest.raises(AlntError, match=CANNOT):
        checkpoint.load(path, *trained())


def changed(name: str, change):
    """What a checkpoint holds with one of its tensors changed, or left out where it is None."""

    def apply(tensors: dict) -> dict:
        value = change(tensors[name])
        return _without(tensors, name) if value is None else tensors | {name: value}

    return apply


def filled(value: float):
    return lambda tensor: torch.full_like(tensor, value)


WEIGHT, MOMENT = "student.weight", "optimizer.0.exp_avg"
TENSORS = {
    "nan": changed(WEIGHT, filled(float("nan"))),
    "infinite": changed("student.bias", filled(float("inf"))),
    "of another shape": changed(WEIGHT, lambda _: torch.ones(3, 5)),
    "of no shape": changed(WEIGHT, lambda _: torch.ones(())),
    "of another type": changed(WEIGHT, lambda tensor: tensor.double()),
    "numbers of no fraction": changed(WEIGHT, lambda tensor: tensor.long()),
    "missing": changed(WEIGHT, lambda _: None),
    "foreign": lambda tensors: tensors | {"student.other": torch.ones(2)},
    "none": lambda _: {},
    "moments that are nan": changed(MOMENT, filled(float("nan"))),
    "moments of another shape": changed(MOMENT, lambda _: torch.ones(7)),
    "moments that are missing": changed(MOMENT, lambda _: None),
    "moments with a negative square": changed("optimizer.0.exp_avg_sq", filled(-1.0)),
    "a negative count": changed("optimizer.0.step", filled(-1.0)),
    "a long count": changed("optimizer.0.step", lambda _: torch.ones(9)),
    "moments of nobody": lambda tensors: tensors | {"optimizer.7.exp_avg": torch.ones(2)},
    "moments without number": lambda tensors: tensors | {"optimizer.x.exp_avg": torch.ones(2)},
    "moments without name": lambda tensors: tensors | {"optimizer.0": torch.ones(2)},
}


@pytest.mark.parametrize("change", TENSORS.values(), ids=TENSORS)
def test_tensors_that_do_not_fit_are_refused_and_change_nothing(tmp_path, change):
    path = tmp_path / "0001" / "checkpoint" / "student.safetensors"
    checkpoint.save(path, *trained(), STATE)
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(change(tensors), path, {"state": json.dumps(PLAIN)})
    net, optimizer = trained()
    before = net.weight.clone()
    with pytest.raises(AlntError, match=CANNOT):
        checkpoint.load(path, net, optimizer)
    assert torch.equal(net.weight, before)


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    path = tmp_path / "student.safetensors"
    net, optimizer = trained()
    checkpoint.save(path, net, optimizer, STATE)
    whole = path.read_bytes()
    with torch.no_grad():
        net.bias[1] = float("nan")
    with pytest.raises(AlntError, match=r"'student.bias' is not finite.*step 7.*learning rate"):
        checkpoint.save(path, net, optimizer, STATE)
    assert path.read_bytes() == whole


def test_the_rate_of_the_settings_stays_when_moments_are_loaded(tmp_path):
    path = tmp_path / "student.safetensors"
    checkpoint.save(path, *trained(), STATE)
    net = torch.nn.Linear(4, 3)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.007)
    checkpoint.load(path, net, optimizer)
    assert optimizer.param_groups[0]["lr"] == 0.007
    assert optimizer.state_dict()["state"][0]["step"] == 1
    checkpoint.load(path, torch.nn.Linear(4, 3))  # the weights alone
