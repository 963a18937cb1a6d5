"""A whole benchmark on a tiny set, through the public API, with the real engine."""

import json
import math

import pytest
from benchmark import Plan, Results, judge_anew, run, runs, tables
from benchmark.datasets import load
from benchmark.trial import Trial

from napari_alnt.cli.main import main
from napari_alnt.errors import AlntError


@pytest.fixture
def plan(tiny_set, tmp_path):
    return Plan(
        data=tmp_path, out=tmp_path / "out", sets=(tiny_set,), noises=("planted",), seeds=(0,),
        parts=("find", "train", "loop"), methods=("UNIFORM",), arms=("all", "alnt"), rounds=1,
    )  # fmt: skip


def test_patients_are_never_on_two_sides(tiny_set, tmp_path):
    found = load(tiny_set, tmp_path, tmp_path)
    for seed in range(20):
        roles = found.draw(seed)
        patients = [{case.patient for case in cases} for cases in roles.values()]
        assert sum(map(len, patients)) == len(set.union(*patients)) == 8
    assert found.draw(0) != found.draw(1)


def test_a_trial_answers_every_question_and_is_taken_up_where_it_stopped(plan):
    def stop_after_the_ranking(text):
        if text.endswith(": find"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(plan, stop_after_the_ranking)
    rows = [json.loads(line) for line in (plan.out / "results.jsonl").read_text().splitlines()]
    assert {row["part"] for row in rows} == {"find", "train", "audit"}
    assert {row["configuration"] for row in rows if row["part"] == "train"} == {"default"}
    said = []
    results = run(plan, said.append)
    jobs = ["train, UNIFORM", "loop, all", "loop, alnt"]
    assert [line.split(": ", 1)[1] for line in said] == jobs
    assert results.rows[: len(rows)] == rows
    assert run(plan, said.append).rows == results.rows
    assert len(said) == len(jobs)
    _check_rows(results)
    before = {row["configuration"]: row for row in results.where(part="find")}
    assert {row["configuration"]: row for row in judge_anew(plan).where(part="find")} == before
    assert {table.title.split(":")[0] for table in tables(results.rows)} >= {"Finding wrong masks", "The loop"}


def _check_rows(results):
    """Every figure that a table needs is there, and the loop has spent what its corrections cost."""
    assert not (results.path.parent / "balls" / "planted_0" / "base").exists()
    aurocs = [row["auroc"] for row in results.where(part="find")]
    assert len(aurocs) > 20
    assert all(0 <= value <= 1 for value in aurocs)
    (audit,) = results.where(part="audit")
    assert 0 <= audit["low"] <= audit["share"] <= audit["high"] <= 1
    assert audit["truth"] == 0.3
    for row in results.where(part="train"):
        assert row["dice"] == pytest.approx(sum(row["cases"].values()) / 2, abs=1e-3)
    curves = {row["configuration"]: row["curve"] for row in results.where(part="loop")}
    assert [point[0] for point in curves["alnt"]] == [0, 1]
    assert curves["all"][-1][0] == 9
    assert 0.75 <= curves["alnt"][-1][1] < curves["all"][-1][1]


def test_damages_are_planted_by_plan_and_known_to_the_simulation(tiny_set, tmp_path):
    trial = Trial(load(tiny_set, tmp_path, tmp_path), "planted", 3, tmp_path / "trial")
    trial.prepare()
    wrong = trial.wrong()
    assert sum(wrong.values()) == 3
    for name, known in trial.known.items():
        assert (known.damage != "none") == wrong[name] == (known.work.dice <= 0.75)
    assert max(known.work.dice for name, known in trial.known.items() if wrong[name]) < trial.threshold()
    assert min(known.work.dice for name, known in trial.known.items() if not wrong[name]) > trial.threshold()


def test_results_survive_a_half_written_line(tmp_path):
    path = tmp_path / "results.jsonl"
    key = {"set": "a", "noise": "planted", "seed": 0, "part": "train", "configuration": "x"}
    Results(path).add({**key, "dice": 0.123456, "hd95": math.nan})
    with path.open("a") as file:
        file.write('{"set": "a", "noi')
    again = Results(path)
    again.add({**key, "seed": 1, "dice": 1.0})
    again.add({**key, "dice": 9.0})
    assert [row["seed"] for row in Results(path).rows] == [0, 1]
    assert Results(path).rows[0] == {**key, "dice": 0.1235, "hd95": None}
    path.write_text("no row\n" + path.read_text())
    with pytest.raises(AlntError, match=r"Line 1 .* no row of results"):
        Results(path)


def test_minutes_to_a_target_and_the_area_of_a_curve():
    curve = [[0, 0.0, 0.5], [4, 10.0, 0.7], [8, 30.0, 0.7], [12, 40.0, 0.9]]
    assert runs.minutes_to(curve, 0.4) == 0
    assert runs.minutes_to(curve, 0.6) == pytest.approx(5)
    assert runs.minutes_to(curve, 0.8) == pytest.approx(35)
    assert math.isinf(runs.minutes_to(curve, 0.95))
    assert runs.area(curve, 10) == pytest.approx(0.6, abs=1e-6)
    assert runs.area(curve, 30) == pytest.approx((0.6 * 10 + 0.7 * 20) / 30, abs=1e-3)


def test_the_command_prints_tables_and_names_what_it_does_not_know(plan, tmp_path, capsys):
    rows = [("alnt", 0.9), ("random", 0.5)]
    results = Results(tmp_path / "b" / "results.jsonl")
    for name, value in rows:
        row = {"set": "a", "noise": "planted", "seed": 0, "part": "find", "configuration": name, "along": [0.5, value]}
        measures = ("auroc", "like size", "precision@10", "rho dice", "rho ml", "rho cm2")
        results.add({**row, **dict.fromkeys(measures, value), "seconds": 36.0})
    figure = tmp_path / "figure.svg"
    assert main(["bench", "loop", "--tables", "--out", str(tmp_path / "b"), "--figure", str(figure)]) == 0
    assert "Finding wrong masks" in figure.read_text()
    printed = capsys.readouterr().out
    assert printed.index("alnt") < printed.index("random")
    assert "0.900" in printed
    assert "0.02 core hours" in printed
    assert main(["bench", "loop", "--sets", "moon", "--out", str(tmp_path)]) == 1
    assert "no set 'moon'" in capsys.readouterr().err
    assert main(["bench", "loop", "--sets", "sarcoma", "--data", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "are not in" in capsys.readouterr().err
