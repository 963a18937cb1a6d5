"""The tables say what the rows say: paired gains, and loops whose failures count as failures."""

import pytest
from benchmark.tables import compared, gaining, gains, looping, loops, training


def trained(seed: int, method: str, **cases: float) -> dict:
    key = {"set": "a", "noise": "natural", "seed": seed, "part": "train", "configuration": method}
    return {**key, "dice": sum(cases.values()) / len(cases), "hd95": 5.0, "cases": cases}


def looped(arm: str, *curve: tuple[float, float, float]) -> dict:
    key = {"set": "a", "noise": "planted", "seed": 0, "part": "loop", "configuration": arm}
    return {**key, "curve": [list(point) for point in curve]}


def test_gains_are_paired_by_case_within_a_seed():
    rows = [
        trained(0, "default", p=0.9, q=0.5), trained(0, "UNIFORM", p=0.8, q=0.4),
        trained(1, "default", p=0.6, r=0.7), trained(1, "UNIFORM", p=0.7, r=0.5), trained(2, "default", p=1.0),
    ]  # fmt: skip
    gain = gains(rows, ("a", "natural"), "default", "UNIFORM")
    assert gain.mean == pytest.approx((0.1 + 0.1 - 0.1 + 0.2) / 4)
    assert (gain.seeds, gain.patients) == (2, 3)
    assert gain.low < gain.mean < gain.high
    assert compared(rows) == [("a", "natural")]
    assert [line[0] for line in training(rows).rows] == ["default", "UNIFORM"]
    assert gains(rows, ("b", "natural"), "default", "UNIFORM").seeds == 0
    # fewer than three seeds have no interval, and a mean over fewer seeds than others says so
    assert gaining(rows).rows == [["UNIFORM", "+0.075 (2 seeds)"]]
    assert training(rows).rows[1][1].endswith(", 2 of 3 seeds")
    rows += [trained(seed, method, p=0.5) for seed in (2, 3) for method in ("default", "UNIFORM")]
    assert gaining(rows).rows[0][1].endswith("]")


def test_a_ranking_that_never_gets_there_is_not_the_fastest():
    rows = [
        looped("all", (0, 0, 0.5), (40, 90, 0.8)),
        looped("alnt", (0, 0, 0.5), (4, 20, 0.7), (8, 40, 0.8)),
        looped("random", (0, 0, 0.5), (4, 3, 0.55), (8, 6, 0.6)),
    ]
    found = {arm: seen[0] for arm, seen in loops(rows, ("a", "planted")).items()}
    assert found["alnt"]["to"] == pytest.approx(20 + 20 * (0.95 * 0.8 - 0.7) / 0.1)
    assert (found["alnt"]["reached"], found["random"]["reached"]) == (True, False)
    assert found["random"]["to"] == 40
    assert found["alnt"]["area"] == pytest.approx((0.5 + 0.5 + 0.2 * 6 / 20) / 2, abs=1e-3)
    assert {line[1] for line in looping(rows).rows} == {"all", "alnt", "random"}
