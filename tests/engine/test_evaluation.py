"""Test, ranking and prediction of whole cases."""

from __future__ import annotations

import dataclasses
import math
from typing import get_args

import numpy as np
import pytest
import torch

from napari_alnt import core, ranking
from napari_alnt.codec import to_line
from napari_alnt.data import write_labels
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.evaluation import Evaluator
from napari_alnt.engine.student import Student
from napari_alnt.events import CaseScored, Predicted, Progress, RankingDone, Tested, TestedCase
from napari_alnt.session import Session
from napari_alnt.session.engine import Engine
from napari_alnt.settings import Scope

POOL = ["ball_04", "ball_05", "ball_06", "ball_07"]


@pytest.fixture
def evaluator(project):
    """Makes an untrained student's evaluator."""

    def make(group=None, **changes: object) -> Evaluator:
        settings = dataclasses.replace(project.settings, **changes)
        run = project.runs.start("train", settings)
        data = Dataset(project, settings)
        more = {"group": group} if group else {}
        return Evaluator(project, run, data, Student.new(data), **more)

    return make


def kept(evaluator: Evaluator, events) -> list:
    """The events, written down as a session does."""
    events = list(events)
    scores = [event for event in events if isinstance(event, CaseScored)]
    evaluator.project.runs.add_scores(evaluator.run.number, scores)
    return events


def scored(events) -> list[str]:
    return [event.case for event in events if isinstance(event, CaseScored)]


def predicted(events) -> list[str]:
    return [event.case for event in events if isinstance(event, Predicted)]


# test ---------------------------------------------------------------------------------------------


def test_a_perfect_student_has_dice_1_and_distance_0(project, evaluator, balls, monkeypatch):
    one = evaluator()
    cases = project.by_role("test")
    truths = {}
    for case in cases:
        truths[one.dataset.image(case).tobytes()] = balls.true_labels(case.name)
    monkeypatch.setattr(
        one.predictor, "classes", lambda image, _: truths[image.tobytes()].astype(np.int16)
    )
    events = list(one.test())
    assert isinstance(events[-1], Tested)
    assert (events[-1].dice, events[-1].hd95) == (1.0, 0.0)
    assert [case.case for case in events[-1].cases] == [case.name for case in cases]
    assert {case.classes for case in events[-1].cases} == {(1.0,)}


def test_progress_goes_before_each_case_and_says_when_all_are_done(evaluator):
    events = [event for event in evaluator().test() if isinstance(event, Progress)]
    assert [(event.stage, event.done, event.total) for event in events] == [
        ("testing", 0, 2),
        ("testing", 1, 2),
        ("testing", 2, 2),
    ]
    assert events[-1].seconds_left == 0


def test_the_means_are_over_the_cases_of_all_processes(project, evaluator, one_of_two):
    first, second = (case.name for case in project.by_role("test"))
    other = to_line(Tested(0, 0, math.nan, math.nan, (TestedCase(second, 0.5, math.nan),)))
    one = evaluator(one_of_two(rank=0, other=other))
    tested = list(one.test())[-1]
    assert [case.case for case in tested.cases] == [first, second]
    assert tested.dice == pytest.approx((tested.cases[0].dice + 0.5) / 2)


# ranking ------------------------------------------------------------------------------------------


def test_all_pool_cases_with_a_teacher_mask_are_scored_and_the_top_predicted(evaluator):
    events = list(evaluator(prefetch_cases=2).rank())
    assert scored(events) == POOL
    done = next(index for index, event in enumerate(events) if isinstance(event, RankingDone))
    assert not scored(events[done:])
    assert not predicted(events[:done])
    assert len(predicted(events[done:])) == 2


@pytest.mark.parametrize("rule", ranking.names())
def test_the_top_is_that_of_the_rule_in_the_settings(evaluator, rule):
    events = list(evaluator(prefetch_cases=4, ranking=rule).rank())
    past = {event.case: [event] for event in events if isinstance(event, CaseScored)}
    scores = ranking.CaseScores.of(past)
    priority = ranking.rule(rule)(scores)
    assert predicted(events) == [scores.cases[i] for i in np.argsort(-priority, kind="stable")]


def test_skipped_cases_come_last(project, evaluator):
    first = predicted(evaluator(prefetch_cases=4).rank())
    project.set_status(first[0], "skipped")
    assert predicted(evaluator(prefetch_cases=4).rank()) == first[1:] + first[:1]
    assert first[0] not in predicted(evaluator(prefetch_cases=3).rank())


def test_no_case_is_predicted_where_none_is_asked_for(evaluator):
    events = list(evaluator(prefetch_cases=0).rank())
    assert scored(events) == POOL
    assert isinstance(events[-1], RankingDone)


def test_scores_that_hold_are_not_made_again_but_still_sort_the_queue(evaluator):
    one = evaluator(prefetch_cases=2)
    first = kept(one, one.rank())
    again = kept(one, one.rank())
    assert scored(again) == []
    assert not any(isinstance(event, Progress) and event.stage == "ranking" for event in again)
    assert predicted(again) == predicted(first)


@pytest.mark.parametrize(("age", "due"), [(10, False), (11, True)])
def test_scores_hold_for_the_steps_that_the_settings_allow(evaluator, age, due):
    one = evaluator(prefetch_cases=0, rescore_after=10)
    kept(one, one.rank())
    one.student.state = dataclasses.replace(one.student.state, step=age)
    assert bool(scored(one.rank())) == due


def test_scores_of_a_later_student_do_not_hold(evaluator):
    one = evaluator(prefetch_cases=0, rescore_after=10)
    one.student.state = dataclasses.replace(one.student.state, step=5)
    kept(one, one.rank())
    one.student.state = dataclasses.replace(one.student.state, step=4)
    assert scored(one.rank()) == POOL


def test_another_reference_makes_all_scores_due(project, balls, evaluator):
    one = evaluator(prefetch_cases=4)
    first = kept(one, one.rank())
    project.labels.accept("ball_05", balls.true_labels("ball_05"))
    second = kept(one, one.rank())
    left = [name for name in POOL if name != "ball_05"]
    assert scored(second) == left
    assert sorted(predicted(second)) == left  # an accepted case is not in the queue
    hashes = {event.reference_hash for event in first + second if isinstance(event, CaseScored)}
    assert len(hashes) == 2


@pytest.mark.parametrize("scope", get_args(Scope))
def test_a_case_is_scored_with_the_gradients_that_the_scope_names(evaluator, scope):
    events = list(evaluator(prefetch_cases=0, scope=scope).rank())
    scores = [event.scores for event in events if isinstance(event, CaseScored)]
    assert all({"head_dot", "loss", "dice", "self_informativeness"} <= set(one) for one in scores)
    assert all(("dot" in one) == (scope == "all") for one in scores)
    assert all(math.isfinite(value) for one in scores for value in one.values())


def test_rank_0_alone_predicts(evaluator, one_of_two):
    other = CaseScored("ball_05", 0, scores={"loss": 1.0, "dice": 0.1})

    class Group(one_of_two):
        def collect(self, value):
            """The list of due cases is that of rank 0; then each says what it has scored."""
            if value and isinstance(value[0], list):
                return [value, value]
            return super().collect(value)

    first = list(evaluator(Group(0, other=[to_line(other)]), prefetch_cases=3).rank())
    assert scored(first) == ["ball_04", "ball_06", "ball_05"]  # its own, then the other's
    assert len(predicted(first)) == 3
    second = list(evaluator(Group(1, other=[]), prefetch_cases=3).rank())
    assert scored(second)[:2] == ["ball_05", "ball_07"]
    assert predicted(second) == []


def test_processes_divide_the_list_that_rank_0_has_read(evaluator, one_of_two):
    class Group(one_of_two):
        def collect(self, value):
            if value and isinstance(value[0], list):
                return [[["ball_07", "ball_06"], "hash of rank 0"], value]
            return [[]]

    events = list(evaluator(Group(1), prefetch_cases=0).rank())
    assert scored(events) == ["ball_06"]
    assert events[1].reference_hash == "hash of rank 0"


def test_unknown_voxels_take_no_part_in_a_cases_scores(project):
    """The scores of a case do not change with what the student sees where nobody has labelled."""
    case = project.case("ball_05")
    labels = project.teacher(case).voxels.copy()
    labels[:, :, 13:] = 255
    path = project.folder / "half.nii.gz"
    write_labels(path, labels, project.teacher(case).grid)
    project.labels.set_teacher("ball_05", path)
    data = Dataset(project, project.settings)
    evaluator = Evaluator(
        project, project.runs.start("train", project.settings), data, Student.new(data)
    )
    probabilities = torch.zeros(2, *labels.shape)
    probabilities[1] = 1.0
    unsure = probabilities.clone()
    unsure[:, :, :, 13:] = 0.5
    seen = []
    for guess in (probabilities, unsure):
        evaluator.predictor.probabilities = lambda _, guess=guess: guess
        events = list(evaluator.rank())
        seen.append(next(e for e in events if isinstance(e, CaseScored) and e.case == "ball_05"))
    assert seen[0] == seen[1]
    assert seen[0].score("entropy") == 0


# prediction ---------------------------------------------------------------------------------------


def test_no_request_costs_nothing(evaluator, monkeypatch):
    one = evaluator()
    monkeypatch.setattr(core, "expert_direction", pytest.fail)
    assert list(one.predict([])) == []


def test_cases_are_predicted_in_the_order_of_the_request(evaluator, project):
    events = list(evaluator().predict(["ball_06", "ball_00"]))
    assert predicted(events) == ["ball_06", "ball_00"]
    assert all((project.folder / event.student).exists() for event in events if predicted([event]))


# in a child ---------------------------------------------------------------------------------------


def top_of(session: Session) -> list[str]:
    count = session.project.settings.prefetch_cases
    return [row.case for row in session.queue() if row.status != "accepted"][:count]


def test_the_child_predicts_the_top_of_the_sessions_queue_without_being_asked(balls, monkeypatch):
    monkeypatch.setattr(Engine, "send", lambda *_: None)
    with Session.open(balls.folder) as session:
        settings = dataclasses.replace(session.project.settings, prefetch_cases=2)
        first = predicted(session.train(settings))
        assert first == top_of(session)
        session.set_status(first[0], "skipped")
        events = list(session.rank())
        assert scored(events) == []
        assert predicted(events) == top_of(session)
        session.accept("ball_05", balls.true_labels("ball_05"))
        events = list(session.rank())
        assert len(scored(events)) == 3
        assert predicted(events) == top_of(session)


def test_ranking_is_the_same_twice(balls, weights):
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
        assert all(torch.equal(before[name], value) for name, value in weights(session).items())


def test_a_case_without_any_mask_gets_the_students(new_balls):
    balls = new_balls(pool=2, experts=2, taught=False)
    with Session.open(balls.folder) as session:
        session.project.labels.set_teacher("ball_02", balls.truth["ball_02"])
        events = list(session.train())
        assert any("no teacher mask" in getattr(event, "message", "") for event in events)
        assert list(session.predict(["ball_03"]))[-1].reason == "done"
        picture = session.history.predictions["ball_03"]
        assert (balls.folder / picture.student).exists()
        assert np.isnan(picture.dice)
