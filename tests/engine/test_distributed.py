"""Two processes on one machine, as torchrun starts them."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file

from napari_alnt.engine.distributed import TorchProcessGroup
from napari_alnt.errors import AlntError
from napari_alnt.events import CaseScored, EpochDone, Failed, Finished, StepDone, Tested
from napari_alnt.session import Session

TWO = f"{sys.executable} -m torch.distributed.run --standalone --nproc-per-node 2"
STEPS = {
    "epochs": 4,
    "steps_per_epoch": 5,
    "test_every": 4,
    "rank_every": 4,
    "prefetch_cases": 0,
    "loader_threads": 0,
}


def _trained(folder, batch: int, launcher: str = ""):
    with Session.open(folder) as session:
        few = STEPS | {
            "batch": batch,
            "expert_batch": batch,
            "launcher": launcher,
            "learning_rate": 1e-4,
        }
        events = list(session.train(dataclasses.replace(session.project.settings, **few)))
        path = session.last_student().checkpoint
        assert isinstance(events[-1], Finished), events[-1]
        return events, load_file(path)


def test_two_processes_are_one_with_twice_the_batch(balls, tmp_path):
    shutil.copytree(balls.folder, tmp_path / "together", ignore=shutil.ignore_patterns("*.lock"))
    expected, weights = _trained(balls.folder, 4)
    events, found = _trained(tmp_path / "together", 2, TWO)
    for kind in (StepDone, EpochDone, Tested):
        assert sum(isinstance(e, kind) for e in events) == sum(
            isinstance(e, kind) for e in expected
        )
    steps, ours = ([e for e in those if isinstance(e, StepDone)] for those in (expected, events))
    assert [[s.case for s in e.samples] for e in steps] == [
        [s.case for s in e.samples] for e in ours
    ]
    # float32: Adam makes steps of the learning rate out of rounding; test_twenty_steps_in_float64
    # is strict
    np.testing.assert_allclose([e.loss for e in ours], [e.loss for e in steps], rtol=2e-4)
    scores, tested = (
        [
            {getattr(e, "case", ""): value(e) for e in those if isinstance(e, kind)}
            for those in (expected, events)
        ]
        for kind, value in ((CaseScored, lambda e: e.score("loss")), (Tested, lambda e: e.dice))
    )
    assert len(scores[0]) == 4
    for a, b in (scores, tested):
        assert a == pytest.approx(b, rel=5e-3, nan_ok=True)
    assert found.keys() == weights.keys()
    assert (
        max(float((found[name] - value).abs().max()) for name, value in weights.items()) < 20 * 1e-4
    )


SCRIPT = """
import os, sys, torch
from torch import nn
from napari_alnt.core import Batch, head_layer, train_step
from napari_alnt.engine.distributed import TorchProcessGroup
from napari_alnt.settings import Weighting

group = TorchProcessGroup.join()
torch.set_num_threads(1)
torch.manual_seed(0)
net = nn.Sequential(
    nn.Conv3d(1, 6, 3, padding=1), nn.GroupNorm(2, 6), nn.PReLU(), nn.Conv3d(6, 3, 1)
).double()
optimizer = torch.optim.AdamW(net.parameters(), 1e-2)
head = head_layer(net, torch.zeros(1, 1, 6, 6, 6).double())
for step in range(20):
    images, targets = torch.randn(2, 4, 1, 6, 6, 6).double(), torch.randint(0, 3, (2, 4, 6, 6, 6))
    size = 4 // group.size
    own = slice(group.rank * size, (group.rank + 1) * size)
    pseudo, expert = (Batch(images[i, own], targets[i, own], tuple("abcd"[own])) for i in (0, 1))
    report = train_step(
        net, head, optimizer, pseudo, expert, Weighting("RGSM_AL", 0.5, "dot", "all", 0.5),
        group=group, cases=tuple("abcd"),
    )
collected = group.collect({"rank": group.rank, "text": "ä" * 9**group.rank})
if group.rank == 0:
    found = {"net": net.state_dict(), "report": report.__dict__, "collected": collected}
    torch.save(found, sys.argv[1])
group.leave()
os._exit(0)  # as the engine does, without torch's teardown
"""


def test_twenty_steps_in_float64(tmp_path):
    script = tmp_path / "twenty.py"
    script.write_text(SCRIPT)
    for name, launcher in (("one", sys.executable), ("two", TWO)):
        subprocess.run([*launcher.split(), str(script), str(tmp_path / name)], check=True)
    one, two = (torch.load(tmp_path / name, weights_only=True) for name in ("one", "two"))
    for name, value in one["net"].items():
        torch.testing.assert_close(two["net"][name], value, rtol=1e-5, atol=1e-8)
    assert set(one["report"]["cases"]) == set("abcd")
    for name in ("loss", "weights", "trust", "informativeness"):
        assert two["report"][name] == pytest.approx(one["report"][name], rel=1e-5)
    assert two["collected"] == [{"rank": 0, "text": "ä"}, {"rank": 1, "text": "ä" * 9}]


def test_a_lost_process_ends_the_run_and_leaves_a_checkpoint(balls):
    few = STEPS | {"launcher": TWO, "epochs": 50}
    with Session.open(balls.folder) as session:
        engine = session.start("train", dataclasses.replace(session.project.settings, **few))
        for event in engine.events():
            session.apply(event)
            if isinstance(event, StepDone) and event.step == 6:
                os.kill(max(_ranks_of(engine.pid)), signal.SIGKILL)
        assert isinstance(event, Failed)
        assert "processes that train together was lost" in event.message
        again = dataclasses.replace(
            session.project.settings, **(few | {"launcher": "", "epochs": 2})
        )
        first = next(event for event in session.train(again) if isinstance(event, StepDone))
        assert first.step >= 6


def _ranks_of(launcher: int) -> list[int]:
    """The children of a process."""
    with open(f"/proc/{launcher}/task/{launcher}/children") as children:
        return [int(pid) for pid in children.read().split()]


def test_one_process_shares_with_nobody():
    group = TorchProcessGroup.join()
    assert (group.rank, group.size) == (0, 1)
    values = {"a": torch.ones(2)}
    assert group.sum(values) is values
    assert group.gather(values["a"]) is values["a"]
    assert group.collect([1, "two"]) == [[1, "two"]]
    assert group.share([1, 2, 3]) == [1, 2, 3]
    group.leave()


@pytest.mark.parametrize(
    "variables", [("WORLD_SIZE", "RANK"), ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID")]
)
def test_a_launcher_says_how_many_they_are_and_which_this_is(monkeypatch, variables):
    made = {}
    for name in ("WORLD_SIZE", "RANK", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in zip(variables, ("4", "3"), strict=True):
        monkeypatch.setenv(name, value)
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "set already")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(
        dist, "init_process_group", lambda backend, **of: made.update(of, on=backend)
    )
    monkeypatch.setattr(signal, "signal", lambda _, handler: made.update(handler=handler))
    group = TorchProcessGroup.join()
    assert (group.rank, group.size) == (3, 4)
    assert (made["on"], made["rank"], made["world_size"]) == ("gloo", 3, 4)
    with pytest.raises(AlntError, match="was lost"):
        made["handler"](signal.SIGTERM, None)


def test_the_processes_share_a_list_without_overlap():
    parts = []
    for rank in (0, 1):
        group = TorchProcessGroup()
        group.rank, group.size = rank, 2
        parts.append(group.share(tuple("abcde")))
    assert parts == [["a", "c", "e"], ["b", "d"]]
