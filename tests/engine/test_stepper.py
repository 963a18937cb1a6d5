"""One weighted step, also where memory is short or the network is of another kind."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from napari_alnt import core
from napari_alnt.core import networks
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.distributed import TorchProcessGroup
from napari_alnt.engine.sampler import Sampler, Stream
from napari_alnt.engine.stepper import Stepper
from napari_alnt.engine.student import Student
from napari_alnt.events import Finished, Warned

NO_MEMORY = "[enforce fail at alloc_cpu.cpp:119] DefaultCPUAllocator: can't allocate memory"


class Steps:
    """A stepper with an untrained student, and patches for it."""

    def __init__(self, project, group=None, **changes: object) -> None:
        settings = dataclasses.replace(project.settings, **changes)
        data = Dataset(project, settings)
        pool = [data.pseudo(case) for case in project.by_role("pool")]
        experts = [data.expert(case) for case in project.by_role("reference")]
        self.pseudo = Sampler(data, Stream.POOL, settings.batch).draw(pool, 0)
        self.expert = Sampler(data, Stream.EXPERTS, settings.expert_batch).draw(experts, 0)
        self.student = Student.new(data)
        self.stepper = Stepper(self.student, settings, group or TorchProcessGroup())

    def take(self) -> tuple[list[Warned], core.StepReport]:
        """The warnings and the report of a step."""
        loss_rank = torch.linspace(0.2, 0.8, len(self.pseudo.cases))
        step = self.stepper.step(self.pseudo, self.expert, loss_rank)
        warnings = []
        while True:
            try:
                warnings.append(next(step))
            except StopIteration as end:
                return warnings, end.value


def test_memory_that_runs_out_halves_what_passes_at_once(training, monkeypatch):
    step, sizes = core.train_step, []

    def hungry(*args, micro_batch, **options):
        sizes.append(micro_batch)
        if micro_batch != 1:
            raise RuntimeError(NO_MEMORY)
        return step(*args, micro_batch=micro_batch, **options)

    monkeypatch.setattr(core, "train_step", hungry)
    events = list(training(batch=4, precision="bfloat16").events())
    assert events[-1] == Finished(6, "done")
    assert sizes == [0, 2, 1, 1, 1, 1, 1, 1]
    assert [event.message[:15] for event in events if isinstance(event, Warned)] == [
        "Memory ran out;"
    ] * 2


def test_a_step_taken_again_is_the_same_step(project, monkeypatch):
    _, expected = Steps(project, method="RANDOM", batch=4).take()
    again = Steps(project, method="RANDOM", batch=4)
    step = core.train_step

    def hungry(*args, micro_batch, **options):
        if micro_batch == 0:
            torch.rand(7)  # what a step has drawn before its memory ran out
            raise RuntimeError(NO_MEMORY)
        return step(*args, micro_batch=micro_batch, **options)

    monkeypatch.setattr(core, "train_step", hungry)
    warnings, report = again.take()
    assert len(warnings) == 1
    assert any(expected.weights)
    assert report.weights == pytest.approx(expected.weights)


def test_memory_that_is_too_small_for_one_patch_ends_the_run(project, monkeypatch):
    def hungry(*_, **__):
        raise MemoryError

    monkeypatch.setattr(core, "train_step", hungry)
    steps = Steps(project, micro_batch=1)
    with pytest.raises(MemoryError):
        steps.take()


def test_processes_that_train_together_do_not_try_again_alone(project, one_of_two, monkeypatch):
    def hungry(*_, **__):
        raise RuntimeError(NO_MEMORY)

    monkeypatch.setattr(core, "train_step", hungry)
    with pytest.raises(RuntimeError, match="memory"):
        Steps(project, group=one_of_two(0)).take()


def test_other_errors_are_not_taken_for_a_want_of_memory(project, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(core, "train_step", broken)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        Steps(project).take()


def test_randomness_follows_from_seed_and_step_alone(project):
    one, two = (Steps(project, method="RANDOM", batch=4) for _ in range(2))
    torch.manual_seed(1)
    first = one.take()[1].weights
    assert any(first)
    torch.manual_seed(2)
    assert two.take()[1].weights == first
    one.student.state = dataclasses.replace(one.student.state, step=1)
    assert one.take()[1].weights != first


class TwiceTheHead(nn.Module):
    """Its last layer runs twice, so that it cannot be looked at first."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.body = nn.Conv3d(1, 4, 3, padding=1)
        self.head = nn.Conv3d(4, classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features = self.body(images)
        return self.head(features) + self.head(features.relu())


def batchnorm(classes: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv3d(1, 4, 3, padding=1), nn.BatchNorm3d(4), nn.ReLU(), nn.Conv3d(4, classes, 1)
    )


@pytest.mark.parametrize(
    ("make", "words"), [(TwiceTheHead, "the slow way"), (batchnorm, "batch normalisation")]
)
def test_a_network_that_is_weighed_otherwise_says_so_once(training, monkeypatch, make, words):
    monkeypatch.setitem(networks.NETWORKS, "unet_small", core.Builder(make, 8))
    events = list(training().events())
    assert events[-1] == Finished(6, "done")
    (warning,) = [event.message for event in events if isinstance(event, Warned)]
    assert words in warning
    assert "'unet_small'" in warning
