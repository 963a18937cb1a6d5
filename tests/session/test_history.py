"""The history: what it keeps of the events, and which signal says so."""

from __future__ import annotations

import dataclasses
import math

import pytest

from napari_alnt.events import (
    NAN,
    CaseScored,
    EpochDone,
    LedgerRow,
    Predicted,
    Progress,
    SampleWeighed,
    StepDone,
    Tested,
)
from napari_alnt.session import History

PREDICTED = Predicted("a", 3, "a.nii.gz", "a_trust.nii.gz", 4, 0.5)


def step(number: int, *samples: SampleWeighed) -> StepDone:
    return StepDone(number, 1, 0.5, 0.4, 1e-3, 60.0, samples=samples)


def row(case: str, role: str = "pool", share: float = 0.3, **values: float) -> LedgerRow:
    return LedgerRow(case, role, "teacher", 2, share=share, **values)


@pytest.fixture
def history():
    return History()


@pytest.fixture
def emitted(history):
    """The names of the signals that were emitted, and what they carried."""
    found = []
    for name in ("steps_changed", "tests_changed", "scores_changed", "restarted"):
        getattr(history, name).connect(lambda name=name: found.append(name))
    history.case_changed.connect(lambda case: found.append(f"case_changed {case}"))
    return found


def test_every_event_that_matters_changes_one_thing_and_says_so(history, emitted):
    history.apply(step(1))
    history.apply(Tested(1, 1, 0.7, 3.0))
    history.apply(PREDICTED)
    history.apply(Progress("ranking", 1, 4))
    assert emitted == ["steps_changed", "tests_changed", "case_changed a"]
    assert history.steps == [(1, 0.5, 0.4)]
    assert [one.dice for one in history.test_results] == [0.7]
    assert history.predictions == {"a": PREDICTED}


def test_the_newest_patch_or_epoch_of_a_case_says_how_it_is_weighed(history):
    history.apply(step(1, SampleWeighed("a", 0.1, 0.2, 0.5, 0.9)))
    history.apply(step(2, SampleWeighed("a", 0.3, 0.4, 0.5, 0.8)))
    assert history.weighed == {"a": (0.3, 0.4)}
    history.apply(EpochDone(1, 2, 0.5, 0.4, (row("a", trust=0.2, informativeness=0.3),)))
    assert history.weighed == {"a": (0.2, 0.3)}


def test_what_has_no_trust_or_is_no_pool_case_has_no_place_among_the_weighed(history):
    old = row("old", trust=NAN, informativeness=0.2)
    expert = row("expert", role="reference", trust=0.2, informativeness=0.3)
    history.apply(EpochDone(1, 2, 0.5, 0.4, (old, expert)))
    history.apply(step(1, SampleWeighed("uniform", NAN, NAN, 0.25, 0.9)))
    assert history.weighed == {}
    assert set(history.ledger) == {"old", "expert"}


def test_the_share_is_that_of_the_newest_epoch_in_the_pool(history):
    assert math.isnan(history.share("a"))
    for epoch, one in enumerate((row("a", share=0.1), row("a", share=0.2)), start=1):
        history.apply(EpochDone(epoch, epoch, 0.5, 0.4, (one,)))
    assert history.share("a") == 0.2
    history.apply(EpochDone(3, 3, 0.5, 0.4, (row("a", role="reference", share=NAN),)))
    assert history.share("a") == 0.2


def test_a_ranking_comes_as_a_whole_and_replaces_one_of_the_same_step(history, emitted):
    first = [CaseScored(case, 1, scores={"dice": 0.5}) for case in "ab"]
    again = dataclasses.replace(first[0], scores={"dice": 0.6})
    later = CaseScored("a", 2, scores={"dice": 0.7})
    for scores in (first, [again], [later]):
        history.take_scores(scores)
    assert emitted == ["scores_changed"] * 3
    assert history.scores == {"a": [again, later], "b": [first[1]]}
    history.apply(later)
    assert len(history.scores["a"]) == 2


def test_a_case_whose_label_changed_keeps_its_ledger_alone(history, emitted):
    history.apply(PREDICTED)
    history.take_scores([CaseScored("a", 1)])
    history.apply(EpochDone(1, 2, 0.5, 0.4, (row("a", trust=0.2, informativeness=0.3),)))
    history.forget("a")
    assert (history.scores, history.weighed, history.predictions) == ({}, {}, {})
    assert history.share("a") == 0.3
    assert emitted[-1] == "case_changed a"
    history.forget("never heard of")


def test_a_restart_clears_all(history, emitted):
    history.apply(step(1, SampleWeighed("a", 0.1, 0.2, 0.5, 0.9)))
    history.apply(Tested(1, 1, 0.7, 3.0))
    history.apply(EpochDone(1, 2, 0.5, 0.4, (row("a"),)))
    history.take_scores([CaseScored("a", 1)])
    history.apply(PREDICTED)
    history.restart()
    assert not any(vars(history)[name] for name in vars(History()) if name != "lock")
    assert emitted[-1] == "restarted"


def test_a_project_gives_back_what_the_student_and_those_before_it_reported(session, score_of):
    runs = session.project.runs
    second = runs.start("train", session.project.settings, parent=1)
    other = runs.start("train", session.project.settings)
    for number, dice in ((1, 0.1), (second.number, 0.2), (other.number, 0.9)):
        runs.add_test_result(number, Tested(number, 1, dice, 3.0))
        runs.add_scores(number, [score_of("ball_04", dice, step=number)])
        share = {"trust": dice, "informativeness": dice, "share": dice}
        runs.add_ledger(number, EpochDone(number, number, 0.5, 0.4, (row("ball_04", **share),)))
    history = History.of(session.project, second)
    assert [one.dice for one in history.test_results] == [0.1, 0.2]
    assert [one.score("dice") for one in history.scores["ball_04"]] == [0.1, 0.2]
    assert history.weighed == {"ball_04": (0.2, 0.2)}
    assert history.share("ball_04") == 0.2
    assert vars(History.of(session.project, None))["test_results"] == []
