"""One process makes a project in a folder, and what it leaves unfinished is in nobody's way."""

from __future__ import annotations

import multiprocessing
import signal

import filelock
import pytest

from napari_alnt.data import TABLE, Project, is_project
from napari_alnt.data.folder import LOCK, making, require_new, take_lock
from napari_alnt.errors import AlntError, ProjectLocked


def test_a_folder_with_anything_in_it_is_refused(tmp_path):
    require_new(tmp_path / "new")
    require_new(tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(AlntError, match="not empty"):
        require_new(tmp_path)
    with pytest.raises(AlntError, match="not empty"):
        require_new(tmp_path / "mine.txt")


def test_what_an_unfinished_project_left_is_in_nobodys_way(tmp_path, make_project):
    (tmp_path / LOCK).touch()
    (tmp_path / f".0123456789ab-{TABLE}").write_bytes(b"half")
    make_project(tmp_path).close()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_what_fails_leaves_no_folder(tmp_path):
    for folder in (tmp_path / "new", tmp_path / "there"):
        if folder.name == "there":
            folder.mkdir()
        with pytest.raises(KeyError), making(folder):
            raise KeyError
    assert not (tmp_path / "new").exists()
    assert list((tmp_path / "there").iterdir()) == []


def test_only_one_makes_a_project_at_a_time(tmp_path, make_project):
    with making(tmp_path / "p"), pytest.raises(ProjectLocked, match="being made"):
        make_project(tmp_path / "p")
    assert not is_project(tmp_path / "p")


def test_the_lock_says_who_has_it(tmp_path):
    with filelock.FileLock(tmp_path / LOCK), pytest.raises(ProjectLocked, match="by Dr A;"):
        take_lock(tmp_path, lambda _: "Dr A")


def test_a_lock_that_leads_elsewhere_is_not_taken(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / LOCK).symlink_to(tmp_path / "canary")
    with pytest.raises(AlntError, match="not to be trusted"):
        take_lock(tmp_path / "p", lambda _: "")
    assert not (tmp_path / "canary").exists()


def _make(folder, make, ready, results):
    ready.wait()
    try:
        make(folder).close()
    except AlntError as error:
        results.put(str(error))
    else:
        results.put("")


def test_of_two_that_make_one_at_once_one_is_told(tmp_path, make_project):
    context = multiprocessing.get_context("fork")
    ready, results = context.Barrier(2), context.Queue()
    makers = [
        context.Process(target=_make, args=(tmp_path / "p", make_project, ready, results))
        for _ in range(2)
    ]
    for maker in makers:
        maker.start()
    said = sorted(results.get(timeout=120) for _ in makers)
    for maker in makers:
        maker.join(60)
    assert said[0] == ""
    assert "is being made" in said[1] or "already is a project" in said[1]
    with Project.open(tmp_path / "p") as project:
        assert len(project.cases) == 8


def test_a_project_can_be_made_where_making_one_was_killed(tmp_path, make_project, monkeypatch):
    context = multiprocessing.get_context("fork")

    def killed():
        import os

        from napari_alnt.data import atomic

        monkeypatch.setattr(atomic, "_flush", lambda _: os.kill(os.getpid(), signal.SIGKILL))
        make_project(tmp_path / "p")

    maker = context.Process(target=killed)
    maker.start()
    maker.join(120)
    assert maker.exitcode == -signal.SIGKILL
    assert any((tmp_path / "p").iterdir())
    with make_project(tmp_path / "p") as project:
        assert len(project.cases) == 8


@pytest.mark.parametrize("name", ["alnt.sqlite", "alnt.sqlite-journal", "alnt.sqlite-wal"])
@pytest.mark.parametrize("write", [True, False])
def test_a_table_that_would_be_written_elsewhere_is_refused(balls, tmp_path, name, write):
    outside = tmp_path / "outside"
    if (balls.folder / name).exists():
        (balls.folder / name).rename(outside)
    (balls.folder / name).symlink_to(outside)
    with pytest.raises(AlntError, match="no plain file"):
        Project.open(balls.folder, write=write)
    assert outside.exists() == (name == "alnt.sqlite")
