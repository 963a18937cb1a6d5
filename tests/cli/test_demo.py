"""The demo command: where it makes its project, and what it tells of the loop."""

from __future__ import annotations

import functools
import sys

import pytest
from cli.shell import json_lines, run

from napari_alnt.cli import demo
from napari_alnt.cli.terminal import Terminal
from napari_alnt.data import TABLE, is_project
from napari_alnt.session import Session
from napari_alnt.settings import Settings
from napari_alnt.simulation import DEMO_PROJECT, Corrections, make_demo

TINY = Settings(
    patch=(16, 16, 16),
    batch=2,
    expert_batch=2,
    epochs=4,
    steps_per_epoch=2,
    test_every=1,
    rank_every=1,
    prefetch_cases=0,
)


@pytest.fixture
def small(monkeypatch):
    """Small volumes and a short run in place of the demo's own."""
    make = functools.partial(make_demo, settings=TINY, shape=(40, 48, 56))
    monkeypatch.setattr(demo, "make_demo", make)


def test_without_a_window_the_loop_runs_and_tells_what_was_corrected(small, tmp_path, capsys):
    words = ["demo", "--folder", tmp_path / "d", "--headless", "--cases", "12", "--epochs", "2"]
    assert run(*words, "--json") == 0
    lines = json_lines(capsys.readouterr().out)
    picked = [line for line in lines if line["kind"] == "Correction"]
    (result,) = (line for line in lines if line["kind"] == "DemoResult")
    project = tmp_path / "d" / DEMO_PROJECT
    with Session.open(project, write=False) as session:
        assert session.project.settings.epochs == 2
        reference = {case.name for case in session.project.by_role("reference")}
        report = session.project.runs.all[-1].folder / "report.html"
    assert {row["case"] for row in picked} <= reference
    assert all(row["corruption"] for row in picked)
    assert result["corrections"] == len(picked) == 4
    assert result["corrected_wrong"] == sum(row["corruption"] != "none" for row in picked)
    assert (result["pool"], result["pool_wrong"]) == (7, 5)
    assert 0 <= result["dice_before"] <= 1
    assert 0 <= result["dice_after"] <= 1
    assert "synthetic" in report.read_text()
    assert (result["project"], result["report"]) == (str(project), str(report))


def test_people_are_told_the_result_in_a_sentence(small, tmp_path, capsys):
    made = demo.make_demo(tmp_path, cases=12)
    with Session.open(made.folder, write=False) as session:
        corrections = Corrections(session, made, before=0.25, picked=session.queue()[-3:])
    demo._tell(Terminal(), corrections, tmp_path / "report.html")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[3:6]] == [
        [row.case, made.corruption[row.case]] for row in corrections.picked
    ]
    assert lines[-2:] == [
        f"Report: {tmp_path / 'report.html'}",
        f"The project, for the window or the other commands: {made.folder}",
    ]
    assert lines[-3] == (
        "Test Dice 0.250 before and – after 3 corrections and more training;"
        f" {corrections.corrupted} of these 3 masks were wrong, and 5 of 7 in the pool."
    )


def test_with_a_display_napari_opens_the_projects_table(small, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(demo, "has_display", lambda: True)
    monkeypatch.setattr(demo.subprocess, "run", lambda words, **_: started.append(words))
    assert run("demo", "--folder", tmp_path / "d", "--cases", "12") == 0
    table = tmp_path / "d" / DEMO_PROJECT / TABLE
    assert started == [[sys.executable, "-m", "napari", str(table)]]
    assert is_project(table.parent)


def test_a_later_demo_gets_the_next_number(tmp_path):
    folder = tmp_path / "napari-alnt-demo"
    for name in ("napari-alnt-demo", "napari-alnt-demo-2", "napari-alnt-demo-3"):
        free = demo._free(folder)
        assert free == tmp_path / name
        free.mkdir()


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_where_a_window_can_open(platform, variables, expected, monkeypatch):
    monkeypatch.setattr(demo.sys, "platform", platform)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert demo.has_display() == expected
