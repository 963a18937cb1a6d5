"""What verify, history and backup say, and with which exit code."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from cli.shell import json_lines, one_sentence, run

from napari_alnt.data import Project


@pytest.fixture
def folder(balls):
    """A project with two accepted masks of one case."""
    with Project.open(balls.folder) as project:
        shape = project.case("ball_05").shape
        for value in (0, 1):
            labels = np.full(shape, value, np.uint8)
            project.labels.accept("ball_05", labels, author="Dr A", seconds=90, source="teacher")
    return balls.folder


def test_a_whole_project_is_said_to_be_whole(folder, capsys):
    assert run("verify", folder) == 0
    assert "All files of 8 cases are as they were recorded." in capsys.readouterr().out


def test_what_is_not_whole_is_listed_and_is_an_error(folder, capsys):
    with Project.open(folder, write=False) as project:
        file = project.labels.versions("ball_05")[1].file
        project.case("ball_06").image.unlink()
    file.write_bytes(b"rubbish")
    assert run("verify", folder, "--json") == 1
    lines = json_lines(capsys.readouterr().out)
    rows = [(line["trouble"], line["case"]) for line in lines if line["kind"] == "Finding"]
    assert sorted(rows) == [("damaged", "ball_05"), ("missing", "ball_06")]
    assert run("verify", folder) == 1
    assert "2 files are not as recorded" in capsys.readouterr().err


def test_the_versions_of_a_case_are_listed(folder, capsys):
    assert run("history", folder, "ball_05", "--json") == 0
    rows = json_lines(capsys.readouterr().out)
    assert [(row["version"], row["state"], row["author"]) for row in rows] == [
        (1, "earlier", "Dr A"),
        (2, "now", "Dr A"),
    ]
    assert {row["minutes"] for row in rows} == {1.5}
    assert {row["source"] for row in rows} == {"teacher"}
    assert run("history", folder, "ball_04") == 0
    assert "No mask of case 'ball_04' was accepted yet." in capsys.readouterr().out


def test_two_versions_are_compared(folder, capsys):
    assert run("history", folder, "ball_05", "--compare", "1", "2", "--json") == 0
    (row,) = json_lines(capsys.readouterr().out)
    assert row["dice"] == 0
    assert row["added_ml"] == row["changed_ml"] > 0
    assert row["removed_ml"] == 0


def test_an_earlier_version_is_accepted_again(folder, capsys):
    assert run("history", folder, "ball_05", "--revert", "1", "--author", "Dr B") == 0
    assert "Version 1 is accepted again, as 3." in capsys.readouterr().out
    with Project.open(folder, write=False) as project:
        assert not project.expert(project.case("ball_05")).voxels.any()
    assert run("history", folder, "ball_05", "--revert", "9") == 1
    said = capsys.readouterr().err.strip()
    assert one_sentence(said)
    assert "has no version 9" in said


def test_a_project_at_work_is_backed_up(folder, tmp_path, capsys):
    with Project.open(folder):
        assert run("backup", folder, tmp_path / "b.zip") == 0
    assert "images stay where they are" in capsys.readouterr().out
    assert zipfile.is_zipfile(tmp_path / "b.zip")
    assert run("backup", folder, tmp_path / "b.zip") == 1
    said = capsys.readouterr().err.strip()
    assert one_sentence(said)
    assert "is there already" in said


def test_the_report_is_written_also_of_a_project_at_work(folder, tmp_path, capsys):
    with Project.open(folder):
        assert run("report", folder, "--json") == 0
        (line,) = json_lines(capsys.readouterr().out)
        assert line["kind"] == "Report"
        assert "Project " in Path(line["file"]).read_text(encoding="utf-8")
        assert run("report", folder, tmp_path / "page.html") == 0
    assert capsys.readouterr().out.strip() == f"Report: {tmp_path / 'page.html'}"
    assert (tmp_path / "page.html").exists()


def test_a_report_takes_the_place_of_no_image(folder, tmp_path, capsys):
    image = tmp_path / "ct.nii.gz"
    image.write_bytes(b"voxels")
    assert run("report", folder, image) == 1
    said = capsys.readouterr().err.strip()
    assert one_sentence(said)
    assert "ends in .html" in said
    assert image.read_bytes() == b"voxels"
