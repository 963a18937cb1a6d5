"""What the rows say, without a training: detection, the label-noise estimate, and settings."""

import math
from types import SimpleNamespace
from typing import ClassVar

import pytest
from benchmark import experiments
from benchmark.datasets import SHORT
from benchmark.experiments import METHODS, STUDENTS, detection_rows, evaluation_row, noise_row
from benchmark.tests.examples import scored

from napari_alnt.events import Tested, TestedCase
from napari_alnt.ranking import RANKINGS
from napari_alnt.simulation.correction_cost import CorrectionCost


class Trial:
    """Ten cases, of which the first three are wrong."""

    seed = 0
    names = tuple(f"c{number}" for number in range(10))
    truth: ClassVar = {
        name: SimpleNamespace(
            cost=CorrectionCost(minutes=1.0, components=1, cm2=9.0 - n, ml=9.0 - n, dice=n / 10)
        )
        for n, name in enumerate(names)
    }

    def wrong(self):
        return {name: number < 3 for number, name in enumerate(self.names)}

    def threshold(self):
        return 0.25


def _scores(*overlaps):
    """A ranking for each function from a case's number to the voxels that the student shares."""
    return {
        name: [scored(name, step, overlap=overlap(n)) for step, overlap in enumerate(overlaps, 1)]
        for n, name in enumerate(Trial.names)
    }


def test_detection_rows_follow_the_ranking_from_step_to_step():
    # the first student has it upside down, the second right
    scores = _scores(lambda n: 90 - n, lambda n: 10 + 8 * n)
    rows = {row["configuration"]: row for row in detection_rows(Trial(), scores)}
    assert rows.keys() >= RANKINGS.keys()
    found = rows["disagreement"]
    assert found["along"] == [0, 1]
    assert found["auroc"] == 1
    assert found["precision@5"] == found["precision@20"] == 1
    assert found["rho dice"] == found["rho ml"] == found["rho cm2"] == pytest.approx(1)
    assert math.isnan(found["like size"]) or found["like size"] == 1


def test_the_label_noise_estimate_is_compared_with_the_truth(monkeypatch):
    monkeypatch.setattr(experiments, "REVIEWS", 6)
    row = noise_row(Trial(), _scores(lambda n: 10 + 8 * n))
    assert (row["truth"], row["reviewed"], row["pool"]) == (0.3, 6, 10)
    assert row["low"] <= row["share"] <= row["high"]
    assert row["low"] <= 0.3 <= row["high"]


def test_when_every_case_is_reviewed_nothing_is_estimated():
    row = noise_row(Trial(), _scores(lambda n: 10 + 8 * n))
    assert row["reviewed"] == 10
    assert row["low"] == row["share"] == row["high"] == 0.3


def test_results_on_the_test_set_are_kept_case_by_case():
    cases = (TestedCase("p", 0.5, 4.0), TestedCase("q", 0.7, math.nan))
    row = evaluation_row(Tested(10, 1, 0.6, 4.0, cases))
    assert (row["dice"], row["hd95"]) == (0.6, 4.0)
    assert row["cases"] == {"p": 0.5, "q": 0.7}
    assert list(row["distances"]) == ["p", "q"]


@pytest.mark.parametrize("name", METHODS)
def test_every_way_to_train_takes_the_same_number_of_steps(name):
    phases = experiments._phases(SHORT, name)
    assert sum(phase.epochs * phase.steps_per_epoch for phase in phases) == 120
    assert all(phase.epochs % phase.test_every == 0 for phase in phases)
    assert all(phase.rank_every == 0 for phase in phases)


def test_names_of_ways_to_train_say_their_settings():
    for name, values in METHODS.items():
        settings = experiments._phases(SHORT, name)[0]
        if "μ" in name:
            assert f"μ {settings.mu:g}" in name
        if "trust_measure" in values:
            assert values["trust_measure"].replace("_", " ") in name
        if "loss rank" in name:
            assert settings.trust_measure == "loss_rank"
    assert METHODS[experiments.PAPER] == STUDENTS["paper"]


def test_a_round_ranks_only_for_strategies_that_follow_scores():
    def rank_every(strategy):
        return experiments._round_settings(SHORT, strategy).rank_every

    assert [rank_every(name) for name in ("none", "all", "random")] == [0, 0, 0]
    assert [rank_every(name) for name in ("alnt", "loss")] == [1, 1]


def test_strategies_are_rankings_or_bounds():
    assert set(experiments.STRATEGIES) - {experiments.NONE, experiments.ALL} <= RANKINGS.keys()
