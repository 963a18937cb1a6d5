"""Which cases train with which masks, from one epoch to the next."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pytest

from napari_alnt.data import Project, read_grid, write_labels
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.distributed import TorchProcessGroup
from napari_alnt.engine.training_set import TrainingSet, prepared
from napari_alnt.errors import AlntError, ChangedFile
from napari_alnt.events import ExpertsChanged, Warned

POOL = ["ball_04", "ball_05", "ball_06", "ball_07"]


@pytest.fixture
def current(project):
    """Reads the training set after another."""
    data = Dataset(project, project.settings)

    def read(before: TrainingSet | None = None, group=None) -> TrainingSet:
        return TrainingSet.current(
            project, data, group or TorchProcessGroup(), before or TrainingSet()
        )

    return read


def test_reference_cases_are_experts_and_test_cases_take_no_part(project, current):
    cases = current()
    assert list(cases.experts) == [case.name for case in project.by_role("reference")]
    assert list(cases.pool) == POOL
    assert not {case.name for case in project.by_role("test")} & set(cases.roles)
    assert cases.roles["ball_04"] == ("pool", "teacher")
    assert {cases.roles[name] for name in cases.experts} == {("reference", "expert")}
    assert cases.pool_masks == {name: project.case(name).teacher_sha256 for name in POOL}
    assert [volumes.case for volumes in prepared(cases.pool)] == POOL


def test_the_first_set_is_no_change(current):
    assert list(current().changes(TrainingSet(), 1)) == []


def test_what_has_not_changed_is_the_same_and_not_read_again(current):
    before = current()
    after = current(before)
    assert after == before
    assert all(after.pool[name].prepared is before.pool[name].prepared for name in POOL)


def test_an_accepted_case_becomes_an_expert_and_is_named(project, balls, current):
    before = current()
    project.labels.accept("ball_05", balls.true_labels("ball_05"))
    after = current(before)
    assert after != before
    assert "ball_05" not in after.pool
    assert after.roles["ball_05"] == ("reference", "0001")
    assert list(after.changes(before, 3)) == [ExpertsChanged(3, ("ball_05",))]
    project.labels.accept("ball_05", balls.true_labels("ball_05"))
    assert current(after).roles["ball_05"] == ("reference", "0002")


def test_a_reverted_case_returns_to_the_pool(project, balls, current):
    first = current()
    project.labels.accept("ball_05", balls.true_labels("ball_05"))
    second = current(first)
    project.labels.revert("ball_05")
    third = current(second)
    assert third == dataclasses.replace(first, pool=third.pool)
    assert list(third.pool) == POOL
    assert list(third.changes(second, 3)) == []


def test_a_new_teacher_mask_takes_the_place_of_the_old_one(project, balls, current, tmp_path):
    before = current()
    shutil.copy(balls.truth["ball_05"], tmp_path / "new.nii.gz")
    project.labels.set_teacher("ball_05", tmp_path / "new.nii.gz")
    after = current(before)
    assert after.pool_masks["ball_05"] != before.pool_masks["ball_05"]
    new, old = after.pool["ball_05"].prepared, before.pool["ball_05"].prepared
    assert (new.target != old.target).any()
    assert after.pool["ball_04"] == before.pool["ball_04"]


def test_cases_without_a_teacher_mask_are_counted_once(new_balls):
    balls = new_balls(pool=3, experts=2, taught=False)
    with Project.open(balls.folder) as project:
        data = Dataset(project, project.settings)
        group = TorchProcessGroup()
        with pytest.raises(AlntError, match="has a teacher mask any more"):
            TrainingSet.current(project, data, group, TrainingSet())
        project.labels.set_teacher("ball_02", balls.truth["ball_02"])
        cases = TrainingSet.current(project, data, group, TrainingSet())
        (warning,) = cases.changes(TrainingSet(), 1)
        assert isinstance(warning, Warned)
        assert warning.message.startswith("2 cases in the pool have no teacher mask")
        assert list(cases.changes(cases, 2)) == []


def test_processes_read_until_all_have_seen_the_same(current, one_of_two, monkeypatch):
    group = one_of_two(rank=0)
    answers = iter([["something else"], None])
    looks = []

    def collect(value):
        looks.append(value)
        other = next(answers)
        return [value, value if other is None else other]

    monkeypatch.setattr(group, "collect", collect)
    assert list(current(group=group).pool) == POOL
    assert len(looks) == 2


def test_a_mask_that_changes_between_two_epochs_is_not_trained_on(project, current):
    first = current()
    case = project.by_role("pool")[0]
    grid = read_grid(case.teacher)
    write_labels(case.teacher, np.zeros(grid.shape, np.uint8), grid)
    with pytest.raises(ChangedFile, match=f"teacher mask of case '{case.name}'"):
        current(first)


def test_files_out_of_reach_are_not_missed_where_the_cache_has_them(project, current):
    first = current()
    for case in project.cases:
        case.image.unlink()
    again = current(first)
    assert list(again.pool) == list(first.pool)
