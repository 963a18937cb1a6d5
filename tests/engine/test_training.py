"""Training as a stranger sees it: a child process that is stopped, killed, resumed and corrected
meanwhile.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import random
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from napari_alnt import core
from napari_alnt.data import Project
from napari_alnt.engine.commands import Mailbox
from napari_alnt.engine.student import out_of_memory
from napari_alnt.engine.training import Training
from napari_alnt.events import (
    CaseScored,
    Command,
    EpochDone,
    ExpertsChanged,
    Failed,
    Finished,
    Paused,
    Predicted,
    Progress,
    RankingDone,
    StepDone,
    Validated,
    Warned,
)
from napari_alnt.session import Session

LONG = {"epochs": 4, "steps_per_epoch": 5, "validate_every": 4, "rank_every": 4, "prepare": 0}


def weights(session: Session) -> dict[str, torch.Tensor]:
    return load_file(session.last_student().folder / "checkpoint" / "student.safetensors")


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_run_tells_all_it_does(balls):
    with Session.open(balls.folder) as session:
        events = list(session.train())
        kinds = {type(event) for event in events}
        assert {StepDone, EpochDone, Validated, RankingDone, Predicted} <= kinds
        assert events[-1] == Finished(6, "done")
        assert [event.step for event in events if isinstance(event, StepDone)] == [1, 2, 3, 4, 5, 6]
        rows = [
            row
            for event in events
            if isinstance(event, EpochDone)
            for row in event.rows
            if row.role == "pool"
        ]
        assert {row.case for row in rows} == {f"ball_{n:02d}" for n in (4, 5, 6, 7)}
        assert all(np.isfinite(row.trust) and row.informativeness > 0 for row in rows)


@pytest.mark.parametrize("killed_at", random.Random(0).sample(range(1, 20), 2))
def test_killed_and_resumed_ends_with_the_same_weights(balls, killed_at, tmp_path):
    with Session.open(balls.folder) as session:
        settings = dataclasses.replace(session.project.settings, **LONG)
        list(session.train(settings))
        whole = weights(session)
        engine = session.start("train", settings, fresh=True)
        for event in engine.events():
            session.apply(event)
            if isinstance(event, StepDone) and event.step == killed_at:
                os.kill(engine.pid, signal.SIGKILL)
        assert isinstance(event, Failed)
        assert "memory" in event.message
        if (
            session.last_student().number == 1
        ):  # killed before its first checkpoint: nothing to resume
            assert killed_at <= 5
            list(session.train(settings, fresh=True))
        else:
            resumed = [
                event.step for event in session.train(settings) if isinstance(event, StepDone)
            ]
            assert resumed[0] <= killed_at
            assert resumed[-1] == 20
        assert session.last_student().number > 1
        assert same(whole, weights(session))


def test_stop_is_obeyed_within_a_step_and_resumed_exactly(balls):
    with Session.open(balls.folder) as session:
        settings = dataclasses.replace(session.project.settings, **LONG)
        list(session.train(settings))
        whole = weights(session)
        engine, steps = session.start("train", settings, fresh=True), []
        for event in engine.events():
            session.apply(event)
            if isinstance(event, StepDone):
                steps.append(event.step)
                if event.step == 7:
                    engine.send(Command("stop"))
        assert event.reason == "stopped"
        assert steps[-1] < 20
        resumed = [event.step for event in session.train(settings) if isinstance(event, StepDone)]
        assert resumed[0] == steps[-1] + 1
        assert same(whole, weights(session))


def test_a_correction_is_taken_up_in_the_next_epoch(balls):
    with Session.open(balls.folder) as session:
        settings = dataclasses.replace(session.project.settings, **LONG)
        epochs, changed = [], []
        for event in session.train(settings):
            if isinstance(event, EpochDone):
                epochs.append({row.case: (row.role, row.label) for row in event.rows})
            if isinstance(event, ExpertsChanged):
                changed.append(event)
            if isinstance(event, StepDone) and event.step == 2:
                session.accept("ball_05", balls.true_labels("ball_05"))
        assert epochs[0]["ball_05"] == ("pool", "teacher")
        assert changed == [ExpertsChanged(2, ("ball_05",))]
        taken = [epoch["ball_05"] for epoch in epochs[1:] if "ball_05" in epoch]
        assert taken
        assert set(taken) == {("reference", "0001")}


def test_pause_holds_and_still_makes_pictures(balls):
    with Session.open(balls.folder) as session:
        settings = dataclasses.replace(session.project.settings, **LONG)
        engine = session.start("train", settings)
        seen = []
        for event in engine.events():
            session.apply(event)
            seen.append(type(event).__name__)
            if isinstance(event, StepDone) and event.step == 2:
                engine.send(Command("pause"))
            if isinstance(event, Paused):
                engine.send(Command("predict", ("ball_04",)))
            if isinstance(event, Predicted):
                engine.send(Command("stop"))
        assert "Predicted" in seen
        assert "StepDone" not in seen[seen.index("Paused") :]
        assert event.reason == "stopped"


def test_the_next_run_goes_on_from_the_last(balls):
    with Session.open(balls.folder) as session:
        list(session.train())
        steps = [event.step for event in session.train() if isinstance(event, StepDone)]
        assert steps == [7, 8, 9, 10, 11, 12]
        assert [run.parent for run in session.project.runs] == [None, 1]


def test_a_student_of_another_kind_is_not_overwritten(balls):
    with Session.open(balls.folder) as session:
        list(session.train())
        other = dataclasses.replace(session.project.settings, network="segresnet")
        last = list(session.train(other))[-1]
        assert isinstance(last, Failed)
        assert "--fresh" in last.message


def test_ranking_is_the_same_twice(balls):
    with Session.open(balls.folder) as session:
        list(session.train())
        before = weights(session)
        scores = session.history.scores
        first = {row.case: scores[row.case][-1] for row in session.queue()}
        assert not [
            event for event in session.rank() if isinstance(event, CaseScored)
        ]  # nothing has changed
        session.accept("ball_05", balls.true_labels("ball_05"))
        again = {event.case for event in session.rank() if isinstance(event, CaseScored)}
        assert again == {"ball_04", "ball_06", "ball_07"}  # the experts have
        session.revert("ball_05")
        list(session.rank())
        assert {case: scores[case][-1] for case in again} == {case: first[case] for case in again}
        assert same(before, weights(session))


def test_a_case_without_any_mask_gets_the_students(new_balls):
    balls = new_balls(pool=2, experts=2, taught=False)
    with Session.open(balls.folder) as session:
        session.project.set_teacher("ball_02", balls.truth["ball_02"])
        events = list(session.train())
        assert any(
            isinstance(event, Warned) and "no teacher mask" in event.message for event in events
        )
        assert list(session.predict(["ball_03"]))[-1].reason == "done"
        picture = session.history.predictions["ball_03"]
        assert (balls.folder / picture.student).exists()
        assert np.isnan(picture.dice)


def test_a_stop_in_the_ranking_is_made_up_for(balls):
    with Session.open(balls.folder) as session:
        engine, ranked = session.start("train"), 0
        for event in engine.events():
            session.apply(event)
            if isinstance(event, Progress) and event.stage == "ranking" and event.done == 1:
                engine.send(Command("stop"))
            ranked += isinstance(event, RankingDone)
        assert (event.reason, ranked) == ("stopped", 0)
        again = list(session.train())
        assert not any(isinstance(event, StepDone) for event in again)
        assert {Validated, RankingDone} <= {type(event) for event in again}
        assert again[-1] == Finished(6, "done")
        assert len(session.project.runs) == 1


def test_a_case_reverted_while_stopped_does_not_wedge_the_run(balls):
    with Session.open(balls.folder) as session:
        session.accept("ball_05", balls.true_labels("ball_05"))
        settings = dataclasses.replace(session.project.settings, **LONG, expert_batch=4)
        engine = session.start("train", settings)
        for event in engine.events():
            session.apply(event)
            if isinstance(event, StepDone) and event.step == 2:
                engine.send(Command("stop"))
        session.revert("ball_05")
        events = list(session.train(settings))
        assert isinstance(events[-1], Finished)
        first = next(event for event in events if isinstance(event, EpochDone))
        assert next(row for row in first.rows if row.case == "ball_05").role == "reference"


def test_stray_prints_do_not_reach_the_protocol(balls):
    probe = (
        "import sys, builtins; import napari_alnt.engine.evaluation as v; old = v.Viewer.validate\n"
        "def loud(self):\n    print('hello from a library'); yield from old(self)\n"
        "v.Viewer.validate = loud\n"
        "from napari_alnt.engine.main import main; sys.exit(main(sys.argv[1:]))"
    )
    with Session.open(balls.folder) as session:
        run = session.project.start_run("train", session.project.settings)
    arguments = [
        sys.executable,
        "-c",
        probe,
        str(balls.folder),
        "--run",
        str(run.number),
        "--job",
        "train",
    ]
    done = subprocess.run(
        arguments, stdin=subprocess.PIPE, capture_output=True, text=True, check=False
    )
    assert "hello" not in done.stdout
    assert all(line.startswith('{"kind"') for line in done.stdout.splitlines())


def test_the_child_ends_when_its_parent_is_killed(balls):
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from napari_alnt.session import Session; from napari_alnt.events import"
            " StepDone\n"
            "session = Session.open(sys.argv[1])\n"
            "engine = session.start('train')\n"
            "for event in engine.events():\n"
            "    if isinstance(event, StepDone): print(engine.pid, flush=True); input()\n",
            str(balls.folder),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    for _ in itertools.repeat(None, 100):
        if not alive(child):
            return
        signal.sigtimedwait([], 0.1)
    pytest.fail("the engine outlived its parent by 10 s")


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().split()[2] != "Z"
    except OSError:
        return False


def test_memory_that_runs_out_halves_what_passes_at_once(balls, monkeypatch):
    step, sizes = core.train_step, []

    def hungry(*args, at_once, **options):
        sizes.append(at_once)
        if at_once != 1:
            raise RuntimeError(
                "[enforce fail at alloc_cpu.cpp:119] DefaultCPUAllocator: can't allocate memory"
            )
        return step(*args, at_once=at_once, **options)

    monkeypatch.setattr(core, "train_step", hungry)
    reading, writing = os.pipe()
    with (
        Project.open(balls.folder) as project,
        os.fdopen(reading) as commands,
        os.fdopen(writing, "w"),
    ):
        settings = dataclasses.replace(project.settings, batch=4, precision="bfloat16")
        run = project.start_run("train", settings)
        events = list(Training(project, run, settings, Mailbox(commands)).events())
    assert events[-1] == Finished(6, "done")
    assert sizes == [0, 2, 1, 1, 1, 1, 1, 1]
    assert [event.message[:15] for event in events if isinstance(event, Warned)] == [
        "Memory ran out;"
    ] * 2


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("shape")]
)
def test_which_errors_mean_that_memory_ran_out(error):
    assert out_of_memory(error) == (str(error) != "shape")
