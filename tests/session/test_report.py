"""The report: what a person reads in it is what the session knows."""

from __future__ import annotations

import dataclasses
import html
import math
import re

from napari_alnt.events import NAN, Tested, TestedCase
from napari_alnt.session import QueueRow, Session, write_report
from napari_alnt.session.report import words


def read(session, notes=()):
    return write_report(session, notes).read_text(encoding="utf-8")


def cells(page: str, heading: str) -> list[list[str]]:
    """The table below a heading: its columns, then its rows."""
    table = re.search(rf"<h2>{heading}</h2>.*?<table>(.*?)</table>", page, re.DOTALL).group(1)
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [[html.unescape(cell) for cell in re.findall(r"<t[hd]>(.*?)</t", row)] for row in rows]


def test_it_lies_in_the_newest_runs_folder(session):
    assert write_report(session) == session.project.runs.all[-1].report


def test_the_queue_has_a_column_a_field_and_the_trust_that_sorts(session, rank):
    rank()
    columns, *rows = cells(read(session), "Queue")
    assert len(columns) == len(dataclasses.fields(QueueRow))
    assert {"trust", "agreement", "informativeness", "priority"} <= set(columns)
    queue = session.queue()
    assert [row[columns.index("case")] for row in rows] == [row.case for row in queue]
    for name in ("trust", "agreement", "informativeness"):
        shown = [row[columns.index(name)] for row in rows]
        assert shown == [f"{getattr(row, name):.3f}" for row in queue]


def test_cases_runs_and_settings_are_counted(session):
    page = read(session)
    assert dict(cells(page, "Cases")[1:]) == {
        "pool": "4",
        "teacher_training": "0",
        "reference": "2",
        "test": "2",
    }
    assert cells(page, "Runs")[1:] == [["1", "train", "running"]]
    settings = dict(cells(page, "Settings of the newest run")[1:])
    assert settings["patch"] == "(16, 16, 16)"


def test_the_test_curve_is_a_table_and_from_two_points_on_a_picture(session):
    session.history.apply(Tested(3, 1, 0.25, 8.0))
    assert "<svg" not in read(session)
    session.history.apply(Tested(6, 2, NAN, NAN))
    assert "<svg" not in read(session)
    session.history.apply(Tested(9, 3, 0.75, 4.0))
    page = read(session)
    rows = cells(page, "Dice of the held-out test cases")[1:]
    assert [row[1] for row in rows] == ["0.250", "–", "0.750"]
    points = re.search(r'<polyline points="(.*?)"', page).group(1).split()
    low, high = (tuple(map(float, point.split(","))) for point in points)
    assert low[0] < high[0]
    assert low[1] > high[1]  # y grows downwards
    assert "step 9" in page


def test_what_comes_from_outside_is_text_and_no_markup(session):
    page = read(session, notes=["<script>alert(1)</script>"])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_words_for_values():
    assert words(0.12345) == "0.123"
    assert words(math.nan) == "–"
    assert words(math.inf) == "–"
    assert words(3) == "3"


def test_a_project_without_a_run_has_a_report_too(balls):
    with Session.open(balls.folder, write=False) as untouched:
        page = read(untouched)
        assert write_report(untouched) == balls.folder / "report.html"
    assert cells(page, "Runs")[1:] == []
    assert dict(cells(page, "Settings of the project")[1:])["patch"] == "(16, 16, 16)"


def test_it_is_written_where_it_is_wanted(session, tmp_path):
    assert write_report(session, file=tmp_path / "page.html") == tmp_path / "page.html"
    assert "Project " in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not session.project.runs.all[-1].report.exists()


def test_the_test_curve_has_its_interval(session):
    cases = tuple(TestedCase(f"c{n}", dice, 3.0) for n, dice in enumerate((0.4, 0.8)))
    session.history.apply(Tested(3, 1, 0.6, 3.0, cases))
    columns, row = cells(read(session), "Dice of the held-out test cases")
    assert row[columns.index("from")] == "0.400"
    assert row[columns.index("to")] == "0.800"
