"""The table says of every limit whether it holds, and where there is no display."""

import json

import pytest
from benchmark import window_speed
from benchmark.__main__ import main
from benchmark.gui_calls import Call
from benchmark.window_speed import Measured, keep, queue_rows, row, table


def test_a_limit_holds_or_does_not():
    held = row("a call", [0.01, 0.02, 0.04], worst=0.05, p99=0.05)
    assert (held["asked"], held["holds"]) == ("p99 ≤ 50, worst ≤ 50", "yes")
    assert (held["median ms"], held["worst ms"], held["count"]) == (20.0, 40.0, 3)
    assert row("a call", [0.01, 0.06], worst=0.05)["holds"] == "NO"
    assert row("late", [0.001] * 10 + [0.02], worst=0.033, p99=0.005)["holds"] == "NO"
    assert row("late", [], worst=0.033)["holds"] == "not measured"
    assert row("painting", [0.3])["holds"] == ""


def test_the_first_display_of_a_case_has_a_limit_of_its_own():
    calls = [Call("a", "", 0.09, marks={"first display"}), Call("b", "", 0.04, painting=0.03)]
    found = Measured(
        calls, late=[0.001], pictures={"read ahead": [0.1], "small": [2.0]}, veiled=[True, False]
    )
    rows = {one["what"]: one for one in table(found)}
    assert len({tuple(one) for one in rows.values()}) == 1  # all have the same columns
    assert rows["call on the window's thread"]["worst ms"] == 40.0
    assert rows["first display of a case"]["worst ms"] == 90.0
    assert rows["click to picture, read ahead"]["holds"] == "yes"
    assert rows["click to picture, small"]["holds"] == ""
    assert rows["the case before is veiled, and not named, until then"]["holds"] == "NO"


def test_a_long_queue_stands_in_the_same_table():
    one = {"action": "filter", "median ms": 3.0, "worst ms": 60.0, "limit ms": 50}
    (shown,) = queue_rows([one], 10_000)
    assert shown["what"] == "queue of 10,000 cases: filter"
    assert (shown["asked"], shown["holds"]) == ("worst ≤ 50", "NO")
    assert list(shown) == list(row("late", [1.0]))


def test_both_tables_are_kept_with_the_machine(tmp_path):
    file = tmp_path / "window.jsonl"
    keep(file, [row("late", [0.001], worst=0.033)], [{"event": "QTimer Timer"}])
    kept = [json.loads(line) for line in file.read_text().splitlines()]
    assert [one["kind"] for one in kept] == ["window", "slow"]
    assert "cores" in kept[0]["machine"]


def test_without_a_display_one_sentence_says_so(monkeypatch, capsys):
    monkeypatch.setattr(window_speed, "has_display", lambda: False)
    assert main(["window"]) == 1
    assert "no display" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_display_is_found(name, monkeypatch):
    monkeypatch.setattr(window_speed.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not window_speed.has_display()
    monkeypatch.setenv(name, ":1")
    assert window_speed.has_display()
