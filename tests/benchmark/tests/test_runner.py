"""A whole benchmark on a tiny dataset, through the public API, with the real engine."""

import dataclasses
import json

import pytest
from benchmark import Plan, quick, rescore, run, tables
from benchmark.results import Results


@pytest.fixture
def plan(tiny, tmp_path):
    return Plan(
        data=tmp_path,
        out=tmp_path / "out",
        datasets=(tiny,),
        noises=("planted",),
        seeds=(0,),
        parts=("detection", "train", "loop"),
        methods=("UNIFORM",),
        strategies=("all", "alnt"),
        rounds=1,
    )


def test_a_trial_answers_every_question_and_is_taken_up_where_it_stopped(plan):
    def stop_after_the_ranking(text):
        if text.endswith(": detection"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(plan, stop_after_the_ranking)
    rows = [json.loads(line) for line in (plan.out / "results.jsonl").read_text().splitlines()]
    assert {row["part"] for row in rows} == {"detection", "train", "noise estimate"}
    assert {row["configuration"] for row in rows if row["part"] == "train"} == {"default"}
    said = []
    results = run(plan, said.append)
    jobs = ["train, UNIFORM", "loop, all", "loop, alnt"]
    assert [line.split(": ", 1)[1] for line in said] == jobs
    assert results.rows[: len(rows)] == rows
    assert run(plan, said.append).rows == results.rows
    assert len(said) == len(jobs)
    _check_rows(results)
    before = {row["configuration"]: row for row in results.where(part="detection")}
    after = rescore(plan).where(part="detection")
    assert {row["configuration"]: row for row in after} == before
    titles = {table.title.split(":")[0] for table in tables(results.rows)}
    assert titles >= {"Finding wrong masks", "The loop"}


def _check_rows(results):
    """Every figure that a table needs is there, and the loop has spent what its corrections
    cost.
    """
    assert not (results.path.parent / "balls" / "planted_0" / "base").exists()
    aurocs = [row["auroc"] for row in results.where(part="detection")]
    assert len(aurocs) > 20
    assert all(0 <= value <= 1 for value in aurocs)
    (estimate,) = results.where(part="noise estimate")
    assert 0 <= estimate["low"] <= estimate["share"] <= estimate["high"] <= 1
    assert estimate["truth"] == 0.3
    for row in results.where(part="train"):
        assert row["dice"] == pytest.approx(sum(row["cases"].values()) / 2, abs=1e-3)
    curves = {row["configuration"]: row["curve"] for row in results.where(part="loop")}
    assert [point[0] for point in curves["alnt"]] == [0, 1]
    assert curves["all"][-1][0] == 9
    assert 0.75 <= curves["alnt"][-1][1] < curves["all"][-1][1]


def test_trials_go_seed_by_seed(plan):
    several = dataclasses.replace(plan, noises=("planted", "natural"), seeds=(0, 1))
    order = [(trial.seed, trial.noise) for trial in several.trials()]
    assert order == [(0, "planted"), (0, "natural"), (1, "planted"), (1, "natural")]
    assert len({trial.folder for trial in several.trials()}) == 4


def test_a_quick_run_has_one_seed_and_a_folder_of_its_own(plan):
    many = dataclasses.replace(plan, datasets=("sarcoma", "covid"), seeds=(3, 4))
    small = quick(many)
    assert (small.datasets, small.seeds) == (("covid",), (3,))
    assert small.out != many.out
    assert quick(plan).datasets == plan.datasets


def test_rows_may_lie_in_a_file_of_their_own(plan, tmp_path):
    apart = dataclasses.replace(plan, rows=tmp_path / "loop.jsonl")
    assert apart.results().path == tmp_path / "loop.jsonl"
    assert plan.results().path == plan.out / "results.jsonl"
    assert isinstance(plan.results(), Results)
