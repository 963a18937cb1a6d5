"""The teacher learns from its own cases and writes masks for the pool."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_alnt import core
from napari_alnt.data import Project, read_grid, read_labels
from napari_alnt.engine.student import learning_rate
from napari_alnt.engine.teacher import Teaching
from napari_alnt.errors import AlntError
from napari_alnt.events import CheckpointSaved, Finished, Progress, Started, TeacherWritten, Tested


@pytest.fixture
def teaching(new_balls, commands):
    """Makes a run of the teacher; 2 cases to learn from, 1 reference, 1 test, 3 in the pool."""
    balls = new_balls(pool=3, experts=4, taught=False, teacher_training=2, reference=1, test=1)
    with Project.open(balls.folder) as project:

        def make(**changes: object) -> Teaching:
            settings = dataclasses.replace(project.settings, **changes)
            return Teaching(project, project.runs.start("teach", settings), commands)

        yield make


def test_it_learns_tests_saves_and_writes_a_mask_for_each_case_of_the_pool(teaching):
    one = teaching()
    events = list(one.events())
    assert events[0] == Started(
        run=1, device="cpu", network="unet_small", parameters=one.teacher.parameters,
        step=0, total=4, pool=3, experts=2, test=1,
    )  # fmt: skip
    kinds = [type(event) for event in events if not isinstance(event, Progress)]
    assert kinds == [Started, Tested, CheckpointSaved, *[TeacherWritten] * 3, Finished]
    assert events[-1] == Finished(4, "done")
    assert one.run.checkpoint.exists()
    for event in events:
        if isinstance(event, TeacherWritten):
            case = one.project.case(event.case)
            file = one.project.folder / event.file
            assert read_grid(file).disk_shape == read_grid(case.image).disk_shape
            assert set(np.unique(read_labels(file).voxels)) <= {0, 1}


def test_only_its_own_cases_are_learned_from(teaching, monkeypatch):
    seen = []
    supervised = core.supervised

    def noted(net, optimizer, steps):
        for report in supervised(net, optimizer, steps):
            seen.extend(report.cases)
            yield report

    monkeypatch.setattr(core, "supervised", noted)
    one = teaching(batch=3)
    list(one.events())
    own = {case.name for case in one.project.by_role("teacher_training")}
    assert set(seen) == own
    assert {seen.count(name) for name in own} == {6}  # all equally often


def test_its_rate_follows_the_students_schedule(teaching, monkeypatch):
    one = teaching()
    rates = []
    step = one.teacher.optimizer.step

    def noted():
        rates.extend(group["lr"] for group in one.teacher.optimizer.param_groups)
        step()

    monkeypatch.setattr(one.teacher.optimizer, "step", noted)
    list(one.events())
    assert rates == [learning_rate(one.settings, part) for part in (0, 0.25, 0.5, 0.75)]


def test_two_runs_with_one_seed_write_the_same_masks(teaching):
    masks = []
    for _ in range(2):
        one = teaching(seed=4)
        files = [event.file for event in one.events() if isinstance(event, TeacherWritten)]
        masks.append([read_labels(one.project.folder / file).voxels for file in files])
    for first, second in zip(*masks, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_stop_is_obeyed_after_the_step_in_progress_and_writes_no_mask(teaching, commands):
    one = teaching(teacher_steps=30)
    events = []
    for event in one.events():
        events.append(event)
        if isinstance(event, Progress) and event.done == 10:
            commands.stopped = True
    assert events[-1] == Finished(10, "stopped")
    assert not any(isinstance(event, (Tested, TeacherWritten)) for event in events)
    assert not one.run.checkpoint.exists()


def test_a_stop_while_masks_are_written_keeps_those_that_are(teaching, commands):
    written = 0
    for event in teaching().events():
        if isinstance(event, TeacherWritten):
            written += 1
            commands.stopped = True
    assert written == 1
    assert event == Finished(4, "stopped")


@pytest.mark.parametrize("name", ["teacher", "teacher/0005.nii.gz", "checkpoint"])
def test_nothing_is_written_through_a_link(teaching, tmp_path, name):
    one = teaching()
    outside = tmp_path / "outside"
    outside.mkdir()
    link = one.run.folder / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside / "file" if "." in name else outside)
    with pytest.raises(AlntError, match="leads out of"):
        list(one.events())
    assert list(outside.iterdir()) == []
