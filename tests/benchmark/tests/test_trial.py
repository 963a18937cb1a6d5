"""A trial's project has its roles and masks, and the simulation alone knows what is wrong."""

import dataclasses

import pytest
from benchmark.datasets import load
from benchmark.results import Results
from benchmark.trial import EventLog, Trial

from napari_alnt.data import Project
from napari_alnt.errors import AlntError
from napari_alnt.events import CaseScored, Failed, Paused, Tested


@pytest.fixture
def trial(tiny, tmp_path):
    return Trial(load(tiny, tmp_path, tmp_path), "planted", 3, tmp_path / "trial")


def test_corruptions_follow_the_plan_and_are_known_to_the_simulation(trial):
    trial.prepare()
    wrong = trial.wrong()
    assert sum(wrong.values()) == 3
    for name, case in trial.truth.items():
        assert (case.corruption != "none") == wrong[name] == (case.cost.dice <= 0.75)
    dice = {name: case.cost.dice for name, case in trial.truth.items()}
    assert max(dice[name] for name in wrong if wrong[name]) < trial.threshold()
    assert min(dice[name] for name in wrong if not wrong[name]) > trial.threshold()
    with Project.open(trial.base, write=False) as project:
        for role, cases in trial.roles.items():
            assert {case.name for case in project.by_role(role)} == {case.name for case in cases}
        assert all(case.teacher for case in project.by_role("pool"))


def test_a_prepared_trial_is_kept_and_a_cleaned_one_keeps_its_truth(trial):
    trial.prepare()
    changed = trial.base.stat().st_mtime_ns
    trial.prepare()
    assert trial.base.stat().st_mtime_ns == changed
    copy = trial.copy(trial.base, "work")
    assert (copy / "alnt.sqlite").exists()
    trial.clean_up()
    assert not trial.base.exists()
    assert Trial(trial.dataset, "planted", 3, trial.folder).truth == trial.truth


def test_scores_are_kept_case_by_case_oldest_first(trial):
    log = EventLog()
    for event in (CaseScored("b", 1), Paused(1), CaseScored("a", 1), CaseScored("b", 2)):
        log(event)
    log(Tested(2, 1, 0.5, 3.0))
    assert [tested.dice for tested in log.tested] == [0.5]
    assert not trial.has_scores("default")
    trial.folder.mkdir()
    trial.write_scores("default", log.scores)
    kept = trial.read_scores("default")
    assert {name: [score.step for score in scores] for name, scores in kept.items()} == {
        "a": [1],
        "b": [1, 2],
    }


def test_a_failed_or_stopped_job_ends_the_trial(trial):
    with pytest.raises(AlntError, match="no memory"):
        trial.follow(iter([Failed("There is no memory.", "details")]))
    stopped = dataclasses.replace(trial, stopped=lambda: True)
    heard = []
    with pytest.raises(KeyboardInterrupt):
        stopped.follow(iter([Paused(1), Paused(2)]), heard.append)
    assert heard == [Paused(1)]


def test_what_has_a_row_is_not_missing(trial, tmp_path):
    results = Results(tmp_path / "results.jsonl")
    results.add({**trial.key, "part": "train", "configuration": "UNIFORM"})
    assert trial.missing(results, "train", ["default", "UNIFORM"]) == ["default"]
    assert trial.missing(results, "loop", ["UNIFORM"]) == ["UNIFORM"]
