"""The tables say what the rows say: paired gains, and loops whose failures count as failures."""

import math

import pytest
from benchmark.tables import (
    compared,
    detection_summary,
    detection_table,
    gain,
    gain_table,
    loop_table,
    loops,
    noise_table,
    patient,
    stability_table,
    tables,
    training_table,
)
from benchmark.tests.examples import row


def trained(seed: int, method: str, **cases: float) -> dict:
    dice = sum(cases.values()) / len(cases)
    return row("train", method, noise="natural", seed=seed, dice=dice, hd95=5.0, cases=cases)


def looped(strategy: str, *curve: tuple[float, float, float]) -> dict:
    return row("loop", strategy, curve=[list(point) for point in curve])


def ranked(name: str, auroc: float, **key: object) -> dict:
    values = {"auroc": auroc, "along": [0.5, auroc], "like size": auroc - 0.1}
    return row("detection", name, **values, **key)


def test_gains_are_paired_by_case_within_a_seed():
    rows = [
        trained(0, "default", p=0.9, q=0.5),
        trained(0, "UNIFORM", p=0.8, q=0.4),
        trained(1, "default", p=0.6, r=0.7),
        trained(1, "UNIFORM", p=0.7, r=0.5),
        trained(2, "default", p=1.0),
    ]
    found = gain(rows, ("a", "natural"), "default", "UNIFORM")
    assert found.mean == pytest.approx((0.1 + 0.1 - 0.1 + 0.2) / 4)
    assert (found.seeds, found.patients) == (2, 3)
    assert found.low < found.mean < found.high
    assert compared(rows) == [("a", "natural")]
    assert [line[0] for line in training_table(rows).rows] == ["default", "UNIFORM"]
    assert gain(rows, ("b", "natural"), "default", "UNIFORM").seeds == 0
    # fewer than three seeds have no interval, and a mean over fewer seeds than others says so
    assert gain_table(rows).rows == [["UNIFORM", "+0.075 (2 seeds)"]]
    assert training_table(rows).rows[1][1].endswith(", 2 of 3 seeds")
    rows += [trained(seed, method, p=0.5) for seed in (2, 3) for method in ("default", "UNIFORM")]
    assert gain_table(rows).rows[0][1].endswith("]")


def test_a_ranking_that_never_gets_there_is_not_the_fastest():
    rows = [
        looped("all", (0, 0, 0.5), (40, 90, 0.8)),
        looped("alnt", (0, 0, 0.5), (4, 20, 0.7), (8, 40, 0.8)),
        looped("random", (0, 0, 0.5), (4, 3, 0.55), (8, 6, 0.6)),
    ]
    found = {strategy: runs[0] for strategy, runs in loops(rows, ("a", "planted")).items()}
    assert found["alnt"]["to"] == pytest.approx(20 + 20 * (0.95 * 0.8 - 0.7) / 0.1)
    assert (found["alnt"]["reached"], found["random"]["reached"]) == (True, False)
    assert found["random"]["to"] == 40
    assert found["alnt"]["area"] == pytest.approx((0.5 + 0.5 + 0.2 * 6 / 20) / 2, abs=1e-3)
    assert {line[1] for line in loop_table(rows).rows} == {"all", "alnt", "random"}


def test_without_the_fully_expert_bound_there_is_no_target():
    rows = [looped("alnt", (0, 0, 0.5), (4, 20, 0.7))]
    (found,) = loops(rows, ("a", "planted"))["alnt"]
    assert math.isnan(found["reached"])
    assert found["end"] == 0.7


def test_the_best_ranking_comes_first_and_an_unknown_one_last():
    rows = [ranked("random", 0.5), ranked("alnt", 0.9), ranked("alnt", 0.7, seed=1)]
    rows += [ranked("norm", math.nan) | {"auroc": None}, ranked("alnt", 1.0, dataset="b")]
    table = detection_table(rows, "auroc", "AUROC")
    assert table.columns == ["ranking", "a, planted (2)", "b, planted (1)", "mean"]
    assert [line[0] for line in table.rows] == ["alnt", "random", "norm"]
    assert table.rows[0][1:] == pytest.approx([0.8, 1.0, 0.9])


def test_the_summary_is_over_datasets_and_not_over_seeds():
    rows = [ranked("alnt", 0.9), ranked("alnt", 0.7, seed=1), ranked("alnt", 0.4, dataset="b")]
    rows.append(ranked("alnt", 0.9, noise="natural"))
    (line,) = detection_summary(rows).rows
    assert line[1:] == pytest.approx([0.6, 0.9, 0.7, 0.6])


def test_stability_is_over_seeds_and_over_checkpoints():
    rows = [ranked("alnt", 0.9), ranked("alnt", 0.7, seed=1)]
    (line,) = stability_table(rows).rows
    assert line[1:] == pytest.approx([0.1, (0.2 + 0.1) / 2])


def test_the_estimate_stands_beside_the_truth():
    values = {"low": 0.1, "high": 0.3, "reviewed": 12, "pool": 40}
    rows = [
        row("noise estimate", "noise estimate", truth=0.2, share=0.25, **values),
        row("noise estimate", "noise estimate", seed=1, truth=0.4, share=0.25, **values),
    ]
    (line,) = noise_table(rows).rows
    assert line[:2] == ["a, planted", 2]
    assert line[2:] == pytest.approx([0.3, 0.25, 0.1, 0.15, 0.5, 12])


def test_slabs_of_a_scan_are_one_patient():
    assert patient("covid", "ct_1_03") == patient("covid", "ct_1_04") == "ct_1"
    assert patient("sarcoma", "STS_003") == "STS_003"


def test_nothing_is_said_of_what_has_no_rows():
    assert tables([]) == []
