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
from safetensors.torch import load_file

from napari_alnt.engine.distributed import Ranks
from napari_alnt.events import CaseScored, EpochDone, Failed, Finished, StepDone, Validated
from napari_alnt.session import Session

TWO = f"{sys.executable} -m torch.distributed.run --standalone --nproc-per-node 2"
STEPS = {
    "epochs": 4,
    "steps_per_epoch": 5,
    "validate_every": 4,
    "rank_every": 4,
    "prepare": 0,
    "loaders": 0,
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
        path = session.last_student().folder / "checkpoint" / "student.safetensors"
        assert isinstance(events[-1], Finished), events[-1]
        return events, load_file(path)


def test_two_processes_are_one_with_twice_the_batch(balls, tmp_path):
    shutil.copytree(balls.folder, tmp_path / "together", ignore=shutil.ignore_patterns("*.lock"))
    expected, weights = _trained(balls.folder, 4)
    events, found = _trained(tmp_path / "together", 2, TWO)
    for kind in (StepDone, EpochDone, Validated):
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
    for kind, key in ((CaseScored, "loss"), (Validated, "dice")):
        a, b = (
            {getattr(e, "case", ""): getattr(e, key) for e in those if isinstance(e, kind)}
            for those in (expected, events)
        )
        assert a == pytest.approx(b, rel=5e-3, nan_ok=True)
    assert found.keys() == weights.keys()
    assert (
        max(float((found[name] - value).abs().max()) for name, value in weights.items()) < 20 * 1e-4
    )


SCRIPT = """
import sys, torch
from torch import nn
from napari_alnt.core import Batch, head_layer, train_step
from napari_alnt.engine.distributed import Ranks

ranks = Ranks.join()
torch.set_num_threads(1)
torch.manual_seed(0)
net = nn.Sequential(nn.Conv3d(1, 6, 3, padding=1), nn.GroupNorm(2, 6), nn.PReLU(), nn.Conv3d(6, 3, 1)).double()
optimizer = torch.optim.AdamW(net.parameters(), 1e-2)
head = head_layer(net, torch.zeros(1, 1, 6, 6, 6).double())
for step in range(20):
    images, targets = torch.randn(2, 4, 1, 6, 6, 6).double(), torch.randint(0, 3, (2, 4, 6, 6, 6))
    size = 4 // ranks.size
    own = slice(ranks.rank * size, (ranks.rank + 1) * size)
    pseudo, expert = (Batch(images[i, own], targets[i, own], tuple("abcd"[own])) for i in (0, 1))
    ours = {"together": ranks, "cases": tuple("abcd")}
    report = train_step(net, head, optimizer, pseudo, expert, method="RGSM_AL", mu=0.5, **ours)
if ranks.rank == 0:
    torch.save({"net": net.state_dict(), "report": report.__dict__}, sys.argv[1])
ranks.leave()
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
    ranks = Ranks.join()
    assert (ranks.rank, ranks.size) == (0, 1)
    values = {"a": torch.ones(2)}
    assert ranks.sum(values) is values
    assert ranks.gather(values["a"]) is values["a"]
    assert ranks.collect([1, "two"]) == [[1, "two"]]
    assert ranks.share([1, 2, 3]) == [1, 2, 3]
    ranks.leave()
