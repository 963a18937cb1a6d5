"""A run as its parent sees it: stopped, killed, resumed and corrected meanwhile."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
from collections import defaultdict
from typing import get_args

import numpy as np
import pytest
import torch

from napari_alnt import core
from napari_alnt.engine.student import learning_rate
from napari_alnt.engine.training import Training
from napari_alnt.events import (
    CheckpointSaved,
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
    Tested,
)
from napari_alnt.session import Session
from napari_alnt.settings import TrustMeasure

LONG = {"epochs": 4, "steps_per_epoch": 5, "test_every": 4, "rank_every": 4, "prefetch_cases": 0}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_run_tells_all_it_does(balls):
    with Session.open(balls.folder) as session:
        events = list(session.train())
        kinds = {type(event) for event in events}
        assert {StepDone, EpochDone, Tested, RankingDone, Predicted} <= kinds
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
def test_killed_and_resumed_ends_with_the_same_weights(balls, killed_at, weights):
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


def test_stop_is_obeyed_within_a_step_and_resumed_exactly(balls, weights):
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
                epochs.append({row.case: (row.role, row.label_version) for row in event.rows})
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
        assert [run.parent for run in session.project.runs.all] == [None, 1]


def test_a_student_of_another_kind_is_not_overwritten(balls):
    with Session.open(balls.folder) as session:
        list(session.train())
        other = dataclasses.replace(session.project.settings, network="segresnet")
        last = list(session.train(other))[-1]
        assert isinstance(last, Failed)
        assert "--fresh" in last.message


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
        assert {Tested, RankingDone} <= {type(event) for event in again}
        assert again[-1] == Finished(6, "done")
        assert len(session.project.runs.all) == 1


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


# in this process ----------------------------------------------------------------------------------


def state_of(training: Training) -> dict[str, torch.Tensor]:
    return training.student.net.state_dict()


@pytest.mark.parametrize("stopped_at", [1, 4, 6])
def test_a_run_stopped_anywhere_is_resumed_as_if_it_never_was(
    training, commands, project, stopped_at
):
    few = {"epochs": 2, "steps_per_epoch": 4, "test_every": 1, "rank_every": 0}
    kinds = (EpochDone, Tested)
    whole = training(**few)
    expected = [event for event in whole.events() if isinstance(event, kinds)]
    first, said = training(**few), []
    for event in first.events():
        said.append(event)
        commands.stopped |= isinstance(event, StepDone) and event.step == stopped_at
    assert said[-1] == Finished(stopped_at, "stopped")
    commands.stopped = False
    second = Training(project, first.run, commands)
    said += second.events()
    assert said[-1] == Finished(8, "done")
    assert same(state_of(whole), state_of(second))
    assert list(map(repr, filter(lambda e: isinstance(e, kinds), said))) == list(
        map(repr, expected)
    )


def test_threads_that_draw_ahead_change_nothing(training):
    one, two = training(loader_threads=0, rank_every=0), training(loader_threads=3, rank_every=0)
    list(one.events())
    list(two.events())
    assert same(state_of(one), state_of(two))


@pytest.mark.parametrize("measure", get_args(TrustMeasure))
def test_trust_is_one_number_from_the_step_to_the_ledger(training, monkeypatch, measure):
    """What entered T is what report, event and ledger call trust."""
    step, reports, ranks = core.train_step, [], []

    def noted(*args, loss_rank, **options):
        reports.append(step(*args, loss_rank=loss_rank, **options))
        ranks.append(tuple(loss_rank.tolist()))
        return reports[-1]

    monkeypatch.setattr(core, "train_step", noted)
    one = training(trust_measure=measure, method="RGSM", trust_share=0.25, rank_every=0)
    events = list(one.events())
    steps = [event for event in events if isinstance(event, StepDone)]
    measured = {
        "dot": [report.dot for report in reports],
        "cosine": [report.cosine for report in reports],
        "loss_rank": ranks,
    }
    assert [report.trust for report in reports] == measured[measure]
    assert [tuple(s.trust for s in event.samples) for event in steps] == measured[measure]
    for event in steps:
        trust, informativeness, weight = (
            torch.tensor([getattr(sample, name) for sample in event.samples])
            for name in ("trust", "informativeness", "weight")
        )
        positive = trust.clamp(min=0)
        T = positive / positive.sum().clamp(min=1e-30)
        M = informativeness / informativeness.sum()
        torch.testing.assert_close(0.25 * T + 0.75 * M, weight)
    seen = defaultdict(list)
    for event in steps:
        for sample in event.samples:
            seen[event.epoch, sample.case].append(sample.trust)
    for event in events:
        if isinstance(event, EpochDone):
            one.project.runs.add_ledger(one.run.number, event)
    rows = [row for row in one.project.runs.ledger() if row.role == "pool"]
    assert {(row.epoch, row.case): row.trust for row in rows} == {
        key: pytest.approx(np.mean(values)) for key, values in seen.items()
    }


def epochs_of(kind: type, events: list) -> list[int]:
    return [event.epoch for event in events if isinstance(event, kind)]


def test_tests_and_rankings_come_when_they_are_due_and_at_the_end(training):
    some = {"epochs": 5, "steps_per_epoch": 1, "prefetch_cases": 0}
    events = list(training(test_every=2, rank_every=3, **some).events())
    assert epochs_of(Tested, events) == [2, 4, 5]
    assert epochs_of(RankingDone, events) == [3, 5]
    events = list(training(test_every=5, rank_every=0, **some).events())
    assert epochs_of(Tested, events) == [5]
    assert epochs_of(RankingDone, events) == []


def test_the_student_is_saved_after_each_epoch_and_before_it_is_tested(training):
    kinds = (EpochDone, CheckpointSaved, Tested)
    events = list(training(rank_every=0, test_every=1).events())
    order = [type(event) for event in events if isinstance(event, kinds)]
    assert order == [EpochDone, CheckpointSaved, Tested] * 2 + [CheckpointSaved]


def test_the_rate_falls_within_each_run(training, project):
    first = training(rank_every=0)
    settings = first.settings
    expected = [learning_rate(settings, part / 6) for part in range(6)]
    rates = [event.learning_rate for event in first.events() if isinstance(event, StepDone)]
    assert rates == expected
    run = project.runs.start("train", settings, parent=first.run.number)
    second = Training(project, run, first.commands)
    steps = [event for event in second.events() if isinstance(event, StepDone)]
    assert [event.step for event in steps] == list(range(7, 13))
    assert [event.learning_rate for event in steps] == expected


def test_requests_are_answered_between_steps_and_while_paused(training, commands):
    order = []
    for event in training(rank_every=0).events():
        if isinstance(event, (StepDone, Predicted, Paused)):
            order.append(type(event))
        if isinstance(event, StepDone) and event.step == 2:
            commands.cases = ["ball_04"]
        if isinstance(event, StepDone) and event.step == 4:
            commands.paused = True
        if isinstance(event, Paused):
            commands.cases = ["ball_05"]
    step = StepDone
    assert order == [step, step, Predicted, step, step, Paused, Predicted, step, step]


def test_the_cases_are_prepared_before_the_first_step(training):
    events = list(training(rank_every=0).events())
    first = next(index for index, event in enumerate(events) if isinstance(event, StepDone))
    stages = [event for event in events[:first] if isinstance(event, Progress)]
    assert [(event.stage, event.done) for event in stages] == [("preparing", n) for n in range(9)]
    assert stages[-1].total == 8
