"""What is printed of a project: the session's own numbers, one kind of object each."""

from __future__ import annotations

import dataclasses
import io
import math

from cli.shell import json_lines, run
from rich.console import Console

from napari_alnt.cli.tables import print_noise, print_queue, print_roles, print_runs, print_tests
from napari_alnt.cli.terminal import Terminal
from napari_alnt.data import Project
from napari_alnt.ranking import CaseScores, trust
from napari_alnt.session import QueueRow, Session


def printed(show, *what, json: bool = True):
    """What a table prints, as objects or as text."""
    file = io.StringIO()
    terminal = Terminal(json, Console(file=file, width=200, markup=False))
    show(terminal, *what)
    return json_lines(file.getvalue()) if json else file.getvalue()


def known(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


def test_the_queue_is_the_sessions_number_for_number(trained, capsys):
    with Session.open(trained, write=False) as session:
        expected = [
            {name: known(value) for name, value in dataclasses.asdict(row).items()}
            for row in session.queue()
        ]
        scores = CaseScores.of(session.history.scores, session.project.settings.seed)
        trusts = dict(zip(scores.cases, trust(scores).tolist(), strict=True))
    assert run("status", trained, "--json") == 0
    lines = json_lines(capsys.readouterr().out)
    rows = [line for line in lines if line.pop("kind") == "QueueRow"]
    assert rows == expected
    assert {row["case"]: row["trust"] for row in rows} == trusts
    assert any(row["trust"] for row in rows)


def test_every_row_has_a_kind_and_no_key_is_empty(trained, capsys):
    assert run("accept", trained, "ball_05", "--confirm") == 0
    capsys.readouterr()
    assert run("status", trained, "--json") == 0
    rows = json_lines(capsys.readouterr().out)
    assert {row["kind"] for row in rows} == {
        "Role",
        "Run",
        "TestResult",
        "NoiseEstimate",
        "QueueRow",
    }
    for row in rows:
        assert all(key.isidentifier() for key in row)
    for kind in {row["kind"] for row in rows}:
        assert len({tuple(row) for row in rows if row["kind"] == kind}) == 1


def test_people_read_the_same_columns_under_headings(trained):
    with Session.open(trained, write=False) as session:
        text = printed(print_queue, session, 2, json=False)
        cases = [row.case for row in session.queue()]
    heading = text.splitlines()[1]
    words = ["case", "no", "status", "trust", "agreement", "informativeness", "weight share"]
    words += ["Dice with teacher", "priority"]
    assert heading.split() == " ".join(words).split()
    assert [line.split()[0] for line in text.splitlines()[3:]] == cases[:2]


def test_the_queue_has_a_column_for_every_field_of_a_row(trained):
    with Session.open(trained, write=False) as session:
        (row,) = printed(print_queue, session, 1)
    assert list(row) == ["kind", *(item.name for item in dataclasses.fields(QueueRow))]


def test_another_ranking_sorts_the_queue(trained):
    with Session.open(trained, write=False) as session:
        rows = printed(print_queue, session, 9, "random")
        assert [row["case"] for row in rows] == [row.case for row in session.queue("random")]


def test_every_role_is_counted(balls):
    with Project.open(balls.folder, write=False) as project:
        rows = printed(print_roles, project)
    assert {row["role"]: row["cases"] for row in rows} == {
        "pool": 4,
        "teacher_training": 0,
        "reference": 2,
        "test": 2,
    }


def test_every_run_has_a_row(trained):
    with Project.open(trained, write=False) as project:
        assert printed(print_runs, project) == [
            {"kind": "Run", "run": 1, "job": "train", "state": "done", "step": 6}
        ]


def test_the_teachers_dice_comes_before_the_students(trained, monkeypatch):
    with Session.open(trained, write=False) as session:
        rows = printed(print_tests, session)
        assert [(row["model"], row["step"]) for row in rows] == [
            ("student", result.step) for result in session.test_results()
        ]
        monkeypatch.setattr(session, "teacher_dice", lambda: 0.25)
        first = printed(print_tests, session)[0]
        text = printed(print_tests, session, json=False)
    assert first == {
        "kind": "TestResult",
        "model": "teacher",
        "step": None,
        "dice": 0.25,
        "hd95": None,
    }
    assert text.splitlines()[3].split() == ["teacher", "–", "0.250", "–"]


def test_without_reviews_and_rankings_nothing_is_said_of_noise(balls):
    with Session.open(balls.folder, write=False) as session:
        assert printed(print_noise, session) == []


def test_the_noise_estimate_is_a_sentence_or_its_numbers(trained):
    with Session.open(trained) as session:
        session.confirm("ball_05")
        (row,) = printed(print_noise, session)
        first, second = printed(print_noise, session, json=False).splitlines()
        estimate = session.noise_estimate()
        following = session.next_to_review(3)
    assert following
    assert row == {
        "kind": "NoiseEstimate",
        **dataclasses.asdict(estimate),
        "next_to_review": [*following],
    }
    assert first == str(estimate)
    assert second == f"Reviews that would narrow this most: {', '.join(following)}."
