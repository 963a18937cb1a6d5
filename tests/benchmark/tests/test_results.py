"""Rows survive interruptions, are written once, and can be replaced."""

import json
import math

import pytest
from benchmark.results import Results, append, rounded

from napari_alnt.errors import AlntError

KEY = {"dataset": "a", "noise": "planted", "seed": 0, "part": "train", "configuration": "x"}


def test_results_survive_a_half_written_line(tmp_path):
    path = tmp_path / "results.jsonl"
    Results(path).add({**KEY, "dice": 0.123456, "hd95": math.nan})
    with path.open("a") as file:
        file.write('{"dataset": "a", "noi')
    again = Results(path)
    again.add({**KEY, "seed": 1, "dice": 1.0})
    again.add({**KEY, "dice": 9.0})
    assert [row["seed"] for row in Results(path).rows] == [0, 1]
    assert Results(path).rows[0] == {**KEY, "dice": 0.1235, "hd95": None}
    path.write_text("no row\n" + path.read_text())
    with pytest.raises(AlntError, match=r"Line 1 .* no row of results"):
        Results(path)


def test_rows_are_dropped_from_the_file_too(tmp_path):
    path = tmp_path / "results.jsonl"
    results = Results(path)
    for seed in range(3):
        results.add({**KEY, "seed": seed})
    results.drop(seed=1)
    assert [row["seed"] for row in results.rows] == [0, 2]
    assert Results(path).rows == results.rows
    assert results.has(seed=2, part="train")
    assert not results.has(seed=1)
    assert results.where(seed=0) == [{**KEY, "seed": 0}]


def test_appended_rows_follow_those_that_are_there(tmp_path):
    path = tmp_path / "new" / "speed.jsonl"
    append(path, [{"way": "a"}])
    append(path, [{"way": "b"}, {"way": "c"}])
    assert [json.loads(line)["way"] for line in path.read_text().splitlines()] == ["a", "b", "c"]


def test_rounding_goes_into_lists_and_leaves_words_and_whole_numbers():
    value = {"a": [0.123456, math.inf, 3], "b": ("x", True)}
    assert rounded(value, digits=2) == {"a": [0.12, None, 3], "b": ["x", True]}
