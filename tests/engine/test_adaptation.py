"""Steps of a copy of the student on a few slices of a case, with expert patches beside them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_alnt.core import IGNORE
from napari_alnt.engine import adaptation as adaptation_module
from napari_alnt.engine.adaptation import Adaptation, Recipe
from napari_alnt.engine.dataset import Dataset, Prepared
from napari_alnt.engine.known_slices import centres_of, known_target
from napari_alnt.engine.student import Student


@pytest.fixture
def make(project, balls):
    """Makes an adaptation to two slices of a case."""
    dataset = Dataset(project, project.settings)
    student = Student.new(dataset)
    case = project.case("ball_05")
    image = dataset.image(case)
    target = known_target(balls.true_labels("ball_05").astype(np.int16), image.shape, 0, (8, 12))
    centres = centres_of(target, 2, np.random.default_rng(0))
    own = Prepared(case.name, image, target, centres)

    def make(recipe: Recipe, with_experts: bool = True) -> Adaptation:
        references = project.by_role("reference") if with_experts else ()
        experts = [dataset.expert(one) for one in references]
        return Adaptation(dataset, student, own, experts, recipe, [0])

    return make


@pytest.fixture
def batches(monkeypatch) -> list:
    """The patches of every step that is taken."""
    seen = []

    def supervised(net, optimizer, steps):
        seen.extend(steps)
        return ()

    monkeypatch.setattr(adaptation_module.core, "supervised", supervised)
    return seen


def test_a_step_has_patches_of_the_case_and_as_many_of_experts(make, batches):
    adaptation = make(Recipe(steps=3))
    for number in range(3):
        adaptation.step(number)
    for batch in batches:
        assert batch.cases[:2] == ("ball_05",) * 2
        assert set(batch.cases[2:]) <= {"ball_00", "ball_01", "ball_02", "ball_03"}
        assert len(batch.cases) == 4
        # every patch holds some voxels that are known; of the case not all are
        known = (batch.targets != IGNORE).flatten(1).float().mean(1)
        assert (known > 0).all()
        assert (known[:2] < 0.5).all()


def test_without_experts_there_are_patches_of_the_case_alone(make, batches):
    make(Recipe(), with_experts=False).step(0)
    assert batches[0].cases == ("ball_05",) * 2


def test_the_weights_are_a_running_mean(make):
    first = make(Recipe(average=0.0))
    mean = make(Recipe(average=0.5))
    newest = []
    for number in range(3):
        first.step(number)
        mean.step(number)
        newest.append(torch.cat([value.flatten() for value in first.net.parameters()]).detach())
    found = torch.cat([value.flatten() for value in mean.net.parameters()]).detach()
    expected = 0.5 * (0.5 * newest[0] + 0.5 * newest[1]) + 0.5 * newest[2]
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
