"""A backup holds all that a project alone has, also while somebody works on the project."""

from __future__ import annotations

import os
import threading
import zipfile

import numpy as np
import pytest

from napari_alnt.data import Project, back_up, verify
from napari_alnt.errors import AlntError


def unpacked(file, folder):
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder / "project"


def test_a_project_in_use_comes_back_whole(balls, tmp_path):
    with Project.open(balls.folder) as project:
        case = project.case("ball_05")
        labels = np.full(case.shape, 1, np.uint8)
        version = project.labels.accept("ball_05", labels, author="Dr A", seconds=60)
        project.drafts.save("ball_04", labels, 5)
        (project.folder / "cache").mkdir()
        (project.folder / "cache" / "big").touch()
        assert back_up(project.folder, tmp_path / "b.zip") == 3
        project.labels.revert("ball_05")
    with Project.open(unpacked(tmp_path / "b.zip", tmp_path / "there")) as project:
        assert project.labels.versions("ball_05")[0].author == "Dr A"
        assert project.case("ball_05").version == 1
        assert np.array_equal(project.drafts.load("ball_04"), labels)
        assert np.array_equal(project.expert(project.case("ball_05")).voxels, labels)
        assert verify(project) == ()
        assert project.labels.versions("ball_05")[0].sha256 == version.sha256


def test_drafts_that_are_replaced_meanwhile_are_whole(balls, tmp_path):
    done = threading.Event()
    with Project.open(balls.folder) as project:
        shape = project.case("ball_04").shape
        project.drafts.save("ball_04", np.zeros(shape, np.uint8))

        def paint():
            value = 0
            while not done.is_set():
                value = 1 - value
                project.drafts.save("ball_04", np.full(shape, value, np.uint8))

        painter = threading.Thread(target=paint)
        painter.start()
        try:
            for number in range(5):
                back_up(project.folder, tmp_path / f"{number}.zip")
        finally:
            done.set()
            painter.join()
    for number in range(5):
        folder = unpacked(tmp_path / f"{number}.zip", tmp_path / str(number))
        with Project.open(folder) as project:
            assert verify(project) == ()
            assert project.drafts.load("ball_04") is not None


def test_nothing_is_overwritten_or_put_into_the_project(balls, tmp_path):
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(AlntError, match="is there already"):
        back_up(balls.folder, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_text() == "mine"
    with pytest.raises(AlntError, match="outside"):
        back_up(balls.folder, balls.folder / "b.zip")
    with pytest.raises(AlntError, match="not a napari-alnt project"):
        back_up(tmp_path / "none", tmp_path / "c.zip")
    assert not (tmp_path / "c.zip").exists()


def test_links_are_not_followed(balls, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (balls.folder / "labels").mkdir(exist_ok=True)
    (balls.folder / "labels" / "note").symlink_to(tmp_path / "secret")
    back_up(balls.folder, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert [name for name in archive.namelist() if "note" in name] == []


@pytest.mark.skipif(os.name != "posix", reason="pipes are files of POSIX")
def test_a_pipe_in_the_project_is_left_out(balls, tmp_path):
    os.mkfifo(balls.folder / "pipe")
    back_up(balls.folder, tmp_path / "backup.zip")
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        assert not [name for name in archive.namelist() if name.endswith("pipe")]
