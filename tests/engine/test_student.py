"""The network in training, and what it runs on."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.student import (
    Student,
    choose_device,
    learning_rate,
    out_of_memory,
    precision,
)
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings


def student(project, **changes: object) -> Student:
    return Student.new(Dataset(project, dataclasses.replace(project.settings, **changes)))


def same(a: Student, b: Student) -> bool:
    pairs = zip(a.net.state_dict().values(), b.net.state_dict().values(), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def test_a_new_student_depends_on_the_seed_alone(project):
    torch.manual_seed(1)
    first = student(project)
    torch.manual_seed(2)
    assert same(first, student(project))
    assert not same(first, student(project, seed=1))
    assert first.parameters == sum(value.numel() for value in first.net.parameters())
    assert first.head.name in dict(first.net.named_parameters())


def test_a_patch_that_does_not_suit_the_network_is_refused(project):
    with pytest.raises(AlntError, match="multiples of 8"):
        student(project, patch=(20, 16, 16))


def test_a_saved_student_is_loaded_with_all_that_belongs_to_it(project):
    run = project.runs.start("train", project.settings)
    first = student(project)
    first.net(torch.zeros(1, 1, 16, 16, 16)).sum().backward()
    first.optimizer.step()
    first.state = dataclasses.replace(first.state, step=1)
    first.save(run)
    assert run.checkpoint.exists()
    second = student(project, seed=3)
    second.load(run)
    assert same(first, second)
    assert second.state == first.state
    moments = [one.optimizer.state_dict()["state"][0]["exp_avg"] for one in (first, second)]
    assert torch.equal(*moments)


@pytest.mark.parametrize(
    "change", [{"network": "segresnet"}, {"spacing": (4.0, 4.0, 4.0)}, {"window": "bone"}]
)
def test_a_student_of_another_kind_is_not_loaded(project, change):
    run = project.runs.start("train", project.settings)
    student(project).save(run)
    with pytest.raises(AlntError, match=r"Run 1 trained.*--fresh"):
        student(project, **change).load(run)


def test_the_learning_rate_falls_along_half_a_cosine_to_a_twentieth():
    settings = Settings(learning_rate=0.4)
    assert learning_rate(settings, 0) == 0.4
    assert learning_rate(settings, 1) == pytest.approx(0.02)
    assert learning_rate(settings, 0.5) == pytest.approx(0.21)
    quarter = 0.02 + 0.38 * (1 + math.cos(math.pi / 4)) / 2
    assert learning_rate(settings, 0.25) == pytest.approx(quarter)


def test_the_set_rate_is_the_optimisers(project):
    one = student(project)
    one.set_learning_rate(0.125)
    assert {group["lr"] for group in one.optimizer.param_groups} == {0.125}


def test_a_device_that_is_not_there_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device(Settings()).type == "cpu"
    with pytest.raises(AlntError, match=r"'device' is 'cuda'.*set device to auto"):
        choose_device(Settings(device="cuda"))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device(Settings()).type == "mps"
    assert choose_device(Settings(device="cpu")).type == "cpu"


@pytest.mark.parametrize(
    ("setting", "device", "half"),
    [
        ("auto", "cpu", False),
        ("auto", "cuda", True),
        ("bfloat16", "cpu", True),
        ("float32", "cuda", False),
    ],
)
def test_half_precision_is_the_default_on_cuda_alone(monkeypatch, setting, device, half):
    asked = []
    monkeypatch.setattr(torch, "autocast", lambda *words, enabled: asked.append((words, enabled)))
    precision(Settings(precision=setting), torch.device(device))
    assert asked == [((device, torch.bfloat16), half)]


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("shape")]
)
def test_which_errors_mean_that_memory_ran_out(error):
    assert out_of_memory(error) == (str(error) != "shape")
