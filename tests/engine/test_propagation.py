"""A copy of the student learns the corrected slices of a case and draws the others anew."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from napari_alnt.data import Project, read_labels
from napari_alnt.data.atomic import sha256
from napari_alnt.engine.adaptation import Recipe
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.propagation import Propagator
from napari_alnt.engine.student import Student
from napari_alnt.events import Command, NotPropagated, Propagated, StepDone, Warned

SHORT = Recipe(steps=8, learning_rate=3e-3, average=0.5)


def propagator_of(project: Project, recipe: Recipe = SHORT) -> Propagator:
    settings = project.settings
    dataset = Dataset(project, settings)
    student = Student.new(dataset)
    return Propagator(project, project.runs.start("train", settings), dataset, student, recipe)


def corrected(balls, project: Project, name: str = "ball_05") -> tuple[int, ...]:
    """A draft of a shifted ball in which two slices are right."""
    truth = balls.true_labels(name)
    marked = np.flatnonzero(truth.any((1, 2)))
    slices = int(marked[2]), int(marked[-3])
    draft = read_labels(project.case(name).teacher).voxels.copy()
    draft[list(slices)] = truth[list(slices)]
    project.drafts.save(name, draft)
    return slices


def dice(mask: np.ndarray, truth: np.ndarray, without: tuple[int, ...]) -> float:
    kept = np.setdiff1d(np.arange(len(truth)), without)
    return 2 * (mask & truth)[kept].sum() / (mask[kept].sum() + truth[kept].sum())


def events_of(propagator: Propagator, *slices: int, case: str = "ball_05", axis: int = 0) -> list:
    asked = Command("propagate", (case,), axis, slices)
    return list(propagator.events(asked, lambda _: True))


def test_the_other_slices_get_better_and_the_corrected_ones_stay(project, balls):
    slices = corrected(balls, project)
    draft = project.drafts.load("ball_05")
    *progress, done = events_of(propagator_of(project), *slices)
    mask = read_labels(
        project.folder / done.file, like=project.grid(project.case("ball_05"))
    ).voxels
    truth = balls.true_labels("ball_05")
    assert dice(mask, truth, slices) > dice(draft, truth, slices) + 0.1
    np.testing.assert_array_equal(mask[list(slices)], draft[list(slices)])
    assert (done.case, done.axis, done.slices, done.step) == ("ball_05", 0, slices, 0)
    assert done.mask_sha256 == sha256(project.drafts.file("ball_05"))
    assert [event.stage for event in progress] == ["propagating"] * len(progress)
    parts = [event.done for event in progress]
    assert parts == sorted(parts)
    assert parts[-1] == progress[-1].total
    assert np.isfinite([event.seconds_left for event in progress[-3:]]).all()


def test_the_student_is_never_touched(project, balls):
    slices = corrected(balls, project)
    propagator = propagator_of(project)
    before = {name: value.clone() for name, value in propagator.student.net.state_dict().items()}
    drawn = torch.random.get_rng_state()
    events_of(propagator, *slices)
    after = propagator.student.net.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert not propagator.student.optimizer.state
    assert torch.equal(drawn, torch.random.get_rng_state())


def test_twice_the_same_is_asked_and_twice_the_same_is_proposed(project, balls):
    slices = corrected(balls, project)
    propagator = propagator_of(project, Recipe(steps=2))
    found = []
    for _ in range(2):
        *_, done = events_of(propagator, *slices)
        found.append(read_labels(project.folder / done.file).voxels)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("after", [1, 6])
def test_what_is_cancelled_leaves_no_file(project, balls, after):
    slices = corrected(balls, project)
    propagator = propagator_of(project)
    asked = Command("propagate", ("ball_05",), 0, slices)
    questions = itertools.count(1)
    seen = list(propagator.events(asked, lambda _: next(questions) < after))
    assert seen[-1] == NotPropagated("ball_05")
    # obeyed before the next step or window
    assert len(seen) == after + 1
    assert not list(propagator.run.folder.rglob("*.nii.gz"))


@pytest.mark.parametrize(
    ("case", "axis", "slices", "words"),
    [
        ("ball_05", 0, (), "No slice of case"),
        ("ball_05", 0, (3, 99), "has no axial slice 99"),
        ("ball_05", 1, (-1,), "has no coronal slice -1"),
        ("ball_05", 4, (1,), "no axis 4"),
        ("ball_05", 0, tuple(range(24)), "so no other is left"),
        ("nobody", 0, (1,), "One case of the project"),
    ],
)
def test_bad_input_is_one_sentence(project, case, axis, slices, words):
    events = events_of(propagator_of(project), *slices, case=case, axis=axis)
    (warning,) = [event for event in events if isinstance(event, Warned)]
    assert words in warning.message
    assert "\n" not in warning.message
    assert not any(isinstance(event, Propagated) for event in events)
    # an event may name no case that the project does not have
    assert (events[-1] == NotPropagated(case)) == (case == "ball_05")


def test_a_training_goes_on_as_if_nothing_had_been_propagated(
    training, commands, project, balls, of_kind
):
    plain = training(rank_every=0, epochs=1)
    list(plain.events())
    slices = corrected(balls, project)
    second = training(rank_every=0, epochs=1)
    second._propagator = dataclasses.replace(second._propagator, recipe=Recipe(steps=1))
    seen = []
    for event in second.events():
        seen.append(event)
        if isinstance(event, StepDone) and event.step == 1:
            commands.asked = Command("propagate", ("ball_05",), 0, slices)
    order = [type(event) for event in seen if isinstance(event, (StepDone, Propagated))]
    assert order == [StepDone, Propagated, StepDone, StepDone]
    for mine, other in ((plain, second),):
        assert mine.student.state == other.student.state
        tensors = mine.student.net.state_dict()
        others = other.student.net.state_dict()
        assert all(torch.equal(value, others[name]) for name, value in tensors.items())
        moments = mine.student.optimizer.state_dict()["state"]
        for index, values in other.student.optimizer.state_dict()["state"].items():
            assert all(torch.equal(value, moments[index][name]) for name, value in values.items())
