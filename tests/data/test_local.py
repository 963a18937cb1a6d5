"""The launcher is kept for a user and never taken from a project, and so is what they prefer."""

from __future__ import annotations

import json
import sqlite3

import pytest

from napari_alnt.data import local
from napari_alnt.data.local import load_launcher, save_launcher
from napari_alnt.data.project import Project
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_ALNT_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config" / "user.json"


def test_each_project_folder_has_its_own(file, tmp_path):
    save_launcher(tmp_path / "a", "srun")
    save_launcher(tmp_path / "b", "torchrun")
    save_launcher(tmp_path / "a", "")
    assert [load_launcher(tmp_path / name) for name in "abc"] == ["", "torchrun", ""]


def test_nothing_is_written_without_a_launcher(file, tmp_path):
    save_launcher(tmp_path, "")
    assert not file.parent.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "[" * 100_000, '{"launchers": [1]}', "\udcff"]
)
def test_a_damaged_file_is_as_none(file, tmp_path, text):
    file.parent.mkdir()
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert load_launcher(tmp_path) == ""
    save_launcher(tmp_path, "srun")
    assert load_launcher(tmp_path) == "srun"


def test_values_are_kept_side_by_side(file, tmp_path):
    assert local.load("gestures") is None
    local.save("gestures", "napari")
    local.change("recent", lambda found: [*(found or []), 1])
    local.change("recent", lambda found: [*found, 2])
    save_launcher(tmp_path, "srun")
    assert (local.load("gestures"), local.load("recent")) == ("napari", [1, 2])
    assert load_launcher(tmp_path) == "srun"


def test_a_folder_that_cannot_be_written_is_said(file, tmp_path):
    file.parent.touch()
    with pytest.raises(AlntError, match="config"):
        local.save("gestures", "napari")


def test_a_projects_own_launcher_is_said_and_not_taken(project, file):
    values = project.settings.to_dict() | {"launcher": "sh -c 'touch CANARY' x"}
    with project.change() as table:
        table.execute("UPDATE meta SET value = ? WHERE key = 'settings'", (json.dumps(values),))
    assert project.settings.launcher == ""
    (notice,) = project.notices
    assert "touch CANARY" in notice
    assert "not taken over" in notice


def test_a_launcher_that_is_entered_stays_out_of_the_project(project, file):
    project.save_settings(Settings(launcher="srun -n 4"))
    run = project.runs.start("train", project.settings)
    assert project.settings.launcher == "srun -n 4"
    assert project.runs.get(run.number).settings.launcher == ""
    with sqlite3.connect(project.folder / "alnt.sqlite") as connection:
        assert not any("srun" in line for line in connection.iterdump())
    connection.close()
    assert "srun" not in (run.folder / "settings.json").read_text()
    with Project.open(project.folder, write=False) as reader:
        assert reader.settings.launcher == "srun -n 4"
