"""What is measured is measured where it should be, and rows say on which machine and day."""

import json
import math
import os

import pytest
from benchmark import speed
from benchmark.steps import STEPS, Options

from napari_alnt.errors import AlntError

SMALL = Options(
    network="unet_small", size=16, batch=2, expert_batch=2, repeats=1, volume=24, threads=1
)


def test_a_step_is_measured_beside_an_ordinary_one(monkeypatch):
    peaks = iter((10.0, 5.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0))
    monkeypatch.setattr(speed, "_peak_of", lambda *_: next(peaks))
    rows = {row["way"]: row for row in speed.step(SMALL)}
    assert rows.keys() == STEPS.keys()
    assert rows["ordinary"]["ratio"] == rows["ordinary"]["memory"] == 1
    assert rows["ordinary, in two"]["memory"] == 0.5
    assert all(row["seconds"] > 0 for row in rows.values())
    for name in ("forward mode", "double backward", "published order"):
        assert rows[name]["gradient off (ppm)"] < 100


def test_a_peak_is_that_of_a_fresh_process():
    here = speed.resident(what="VmHWM")
    peak = speed._peak_of("ordinary", SMALL)
    assert math.isnan(here) or 0 < peak < here


def test_ranking_is_measured_beside_inference():
    rows = list(speed.ranking(SMALL))
    ways = ["plain inference", "ranking, head", "ranking, all", "voxel map"]
    assert [row["way"] for row in rows] == ways
    assert rows[0]["ratio"] == 1
    assert all(row["seconds"] > 0 for row in rows)


def test_two_processes_train_together():
    assert speed._patches_a_second(2, SMALL) > 0


def test_workers_are_compared_with_one(monkeypatch):
    speeds = iter((10.0, 18.0, 12.0, 24.0, 11.0, 22.0))
    monkeypatch.setattr(speed, "_patches_a_second", lambda *_: next(speeds))
    one, two = speed.workers(SMALL)
    assert (one["patches a second"], one["ratio"]) == (11, 1)
    assert (two["patches a second"], two["ratio"]) == (22, 2)


def test_waiting_for_data_is_measured_on_a_project(balls):
    row = speed.data(balls.folder, 4)
    assert row["steps"] == 3
    assert 0 <= row["waited"] < 1
    assert row["MiB, second half"] > 0


def test_one_step_leaves_nothing_to_measure(balls):
    with pytest.raises(AlntError, match="at least two"):
        speed.data(balls.folder, 1)


def test_memory_is_that_of_the_process_asked_for():
    assert speed.resident() == pytest.approx(speed.resident(os.getpid()), rel=0.05, nan_ok=True)
    assert not speed.resident(what="VmHWM") < speed.resident()
    assert math.isnan(speed.resident(2**30))


def test_rows_name_the_machine_and_the_day(tmp_path):
    path = tmp_path / "speed.jsonl"
    speed.keep(path, {"what": "step"}, [{"way": "a", "ratio": 1 / 3, "off": math.nan}])
    (row,) = map(json.loads, path.read_text().splitlines())
    assert (row["what"], row["way"], row["ratio"], row["off"]) == ("step", "a", 0.333333, None)
    assert "cores" in row["machine"]
    assert row["day"].count("-") == 2
