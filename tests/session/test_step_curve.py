"""The loss curve is there when a project is reopened."""

from __future__ import annotations

import itertools
import json
import math
import os

import pytest

from napari_alnt.events import NAN, EpochDone, StepDone
from napari_alnt.session import History
from napari_alnt.session.run_record import RunRecord
from napari_alnt.session.step_curve import FILE, MOST, StepCurve, add_step, read_steps, thinned


def numbers(steps):
    return [step for step, *_ in steps]


def test_the_later_one_of_a_repeated_step_counts():
    steps = []
    for step, loss in ((1, 0.9), (2, 0.8), (3, 0.7), (2, 0.6)):
        add_step(steps, (step, loss, NAN))
    assert [one[:2] for one in steps] == [(1, 0.9), (2, 0.6)]


def test_a_curve_in_memory_does_not_grow_without_end():
    steps = []
    for step in range(1, 20 * MOST):
        add_step(steps, (step, 1.0, NAN))
    assert len(steps) <= 4 * MOST
    assert steps[-1][0] == 20 * MOST - 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system knows no pipes with a name")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / FILE)
    assert read_steps(tmp_path) == []


@pytest.mark.parametrize("count", [1, MOST, MOST + 1, 5 * MOST + 7])
def test_a_long_curve_is_thinned_evenly_and_keeps_its_end(count):
    steps = [(step, 1.0, NAN) for step in range(1, count + 1)]
    kept = numbers(thinned(steps))
    assert len(kept) <= MOST
    assert len(kept) > MOST / 2 - 2 or len(kept) == count
    assert kept[-1] == count
    gaps = {after - before for before, after in itertools.pairwise(kept[:-1])}
    assert len(gaps) <= 1


def test_a_curve_thinned_twice_is_as_coarse_in_all_its_parts():
    steps = [(step, 1.0, NAN) for step in range(1, 3 * MOST)]
    first = thinned(steps)
    later = [*first, *((step, 1.0, NAN) for step in range(3 * MOST, 9 * MOST))]
    kept = numbers(thinned(later))
    assert len({after - before for before, after in itertools.pairwise(kept[:-1])}) == 1


def test_a_curve_is_read_as_it_was_written(tmp_path):
    curve = StepCurve(tmp_path)
    curve.save()
    assert not (tmp_path / FILE).exists()
    curve.add((1, 0.123456789, NAN))
    curve.add((2, NAN, 0.5))
    curve.save()
    (first, second) = StepCurve(tmp_path)._steps
    assert first[0] == 1
    assert first[1] == pytest.approx(0.123456789, rel=1e-5)
    assert math.isnan(first[2])
    assert math.isnan(second[1])
    assert second[2] == 0.5


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[1, 2]",
        "[" * 100_000,
        json.dumps({"step": [1], "loss": [0.5]}),
        json.dumps({"step": [1, 2], "loss": [0.5], "expert_loss": [0.5, 0.5]}),
        json.dumps({"step": ["1"], "loss": [0.5], "expert_loss": [0.5]}),
        json.dumps({"step": [-1], "loss": [0.5], "expert_loss": [0.5]}),
        json.dumps({"step": [1], "loss": ["x"], "expert_loss": [0.5]}),
        json.dumps({"step": [1], "loss": [10**400], "expert_loss": [0.5]}),
        json.dumps({"step": [10**30], "loss": [0.5], "expert_loss": [0.5]}),
        '{"step": [1], "loss": [1], "expert_loss": [1], "more": "' + "x" * 1_000_000 + '"}',
    ],
)
def test_a_file_that_is_none_of_ours_is_no_curve(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    assert read_steps(tmp_path) == []


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    outside = tmp_path / "outside.json"
    outside.write_text(json.dumps({"step": [1], "loss": [0.5], "expert_loss": [0.5]}))
    try:
        (run / FILE).symlink_to(outside)
    except OSError:
        pytest.skip("this system lets nobody make a link")
    curve = StepCurve(run)
    assert curve._steps == []
    curve.add((1, 0.9, 0.9))
    curve.save()
    assert json.loads(outside.read_text())["loss"] == [0.5]


def test_a_reopened_project_has_the_losses_of_the_student_and_of_those_before_it(session):
    runs, settings = session.project.runs, session.project.settings
    second = runs.start("train", settings, parent=1)
    other = runs.start("train", settings)
    for run, first in ((runs.get(1), 1), (second, 3), (other, 1)):
        record = RunRecord(session.project, session.history, "train", run)
        for step in (first, first + 1):
            record.write(StepDone(step, 1, run.number, 0.4, 1e-3, 60.0))
        record.write(EpochDone(1, first + 1, 0.5, 0.4))
    history = History.of(session.project, second)
    assert history.steps == [(1, 1, 0.4), (2, 1, 0.4), (3, 2, 0.4), (4, 2, 0.4)]


def test_a_run_that_goes_on_or_is_stopped_within_an_epoch_keeps_its_curve(session):
    run = session.project.runs.get(1)
    for steps in ((1, 2, 3), (3, 4)):
        record = RunRecord(session.project, session.history, "train", run)
        for step in steps:
            record.write(StepDone(step, 1, 0.5, 0.4, 1e-3, 60.0))
        record.end("stopped")
    assert numbers(read_steps(run.folder)) == [1, 2, 3, 4]


@pytest.mark.parametrize("job", ["rank", "predict", "teach"])
def test_only_a_training_of_the_student_writes_one(session, job):
    run = session.project.runs.get(1)
    record = RunRecord(session.project, session.history, job, run)
    record.write(StepDone(1, 1, 0.5, 0.4, 1e-3, 60.0))
    record.end("stopped")
    assert not (run.folder / FILE).exists()
