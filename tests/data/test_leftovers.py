"""After a crash, the next open to write leaves nothing behind and loses nothing."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from napari_alnt.data import Project, sha256
from napari_alnt.data.leftovers import RECOVERED, orphans, remove_temporaries
from napari_alnt.settings import Settings


@pytest.fixture
def folder(balls):
    return balls.folder


def test_unfinished_files_go_and_all_others_stay(tmp_path):
    kept = [tmp_path / name for name in ("a.nii.gz", ".hidden", ".abc-a", "sub/.0123-b")]
    gone = [tmp_path / name for name in (".0123456789ab-a.nii.gz", "sub/.ffffffffffff-x")]
    for path in (*kept, *gone):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    remove_temporaries(tmp_path)
    assert [path.exists() for path in kept] == [True] * 4
    assert not any(path.exists() for path in gone)


def test_a_folder_in_which_a_mask_was_being_made_goes(tmp_path):
    for name in (".0123456789ab-new", ".mine-new"):
        (tmp_path / "teacher" / name).mkdir(parents=True)
        (tmp_path / "teacher" / name / "0003.nii.gz").touch()
    remove_temporaries(tmp_path)
    assert [path.name for path in (tmp_path / "teacher").iterdir()] == [".mine-new"]


def test_folders_behind_links_are_not_entered(tmp_path):
    (tmp_path / "else").mkdir()
    (tmp_path / "project").mkdir()
    (tmp_path / "else" / ".0123456789ab-mine").touch()
    (tmp_path / "project" / "labels").symlink_to(tmp_path / "else")
    remove_temporaries(tmp_path / "project")
    assert (tmp_path / "else" / ".0123456789ab-mine").exists()


def test_an_accepted_mask_without_a_row_becomes_a_reverted_version(folder):
    with Project.open(folder) as project:
        case = project.case("ball_05")
        first = project.labels.accept("ball_05", np.full(case.shape, 1, np.uint8))
        shutil.copy(first.file, left := first.file.with_name("0002.nii.gz"))
        assert orphans(project, case) == [left]
    with Project.open(folder) as project:
        versions = project.labels.versions("ball_05")
        assert [(one.number, one.reverted) for one in versions] == [(1, False), (2, True)]
        assert (versions[1].source, versions[1].sha256) == (RECOVERED, sha256(left))
        assert project.case("ball_05").version == 1
        assert orphans(project, case) == []


def test_a_broken_mask_without_a_row_is_left_where_it_is(folder):
    with Project.open(folder) as project:
        left = project.label_folder(project.case("ball_05")) / "0001.nii.gz"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"half")
    with Project.open(folder) as project:
        assert orphans(project, project.case("ball_05")) == [left]
        assert project.labels.versions("ball_05") == ()
    assert left.read_bytes() == b"half"


def test_a_run_whose_engine_is_gone_is_stopped(folder):
    with Project.open(folder) as project:
        number = project.runs.start("train", Settings()).number
    with Project.open(folder, write=False) as project:
        assert project.runs.get(number).state == "running"
    with Project.open(folder) as project:
        assert project.runs.get(number).state == "stopped"
