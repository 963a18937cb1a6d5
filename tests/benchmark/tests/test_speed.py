from __future__ import annotations

import json

import pytest
from benchmark import speed

from napari_alnt.cli import main
from napari_alnt.errors import AlntError

SMALL = {"network": "unet_small", "size": 16, "batch": 2, "expert_batch": 2, "repeats": 1, "volume": 24, "threads": 1}


def test_ways_to_take_a_step_agree_and_are_measured():
    rows = {row["way"]: row for row in speed.measure("step", **SMALL)}
    assert rows["ordinary"]["ratio"] == rows["ordinary"]["memory"] == 1
    assert all(row["seconds"] > 0 and row["MiB"] > 0 for row in rows.values())
    for name in ("forward mode", "double backward", "published order"):
        assert rows[name]["gradient off (ppm)"] < 100


def test_ranking_is_measured_beside_inference(tmp_path, capsys):
    words = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    assert main(["bench", "rank", *words, f"--out={tmp_path / 'speed.jsonl'}"]) == 0
    assert "voxel map" in capsys.readouterr().out
    rows = [json.loads(line) for line in (tmp_path / "speed.jsonl").read_text().splitlines()]
    assert [row["way"] for row in rows] == ["plain inference", "ranking, head", "ranking, all", "voxel map"]
    assert all(row["what"] == "rank" and "cores" in row["machine"] for row in rows)


def test_waiting_for_data_is_measured_on_a_project(balls):
    row = speed.data(balls.folder, 4)
    assert row["steps"] == 3
    assert 0 <= row["waited"] < 1
    assert row["MiB, second half"] > 0


def test_what_cannot_be_measured_is_said():
    with pytest.raises(AlntError, match="multiples of 8"):
        list(speed.measure("step", **(SMALL | {"size": 15})))
    assert main(["bench", "data"]) == 1
