"""The projects that were opened last, as the start page lists them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from napari_alnt.data import TABLE, local, recent
from napari_alnt.data.recent import (
    MOST,
    Presence,
    forget,
    recent_projects,
    remember,
    tell_apart,
    why_missing,
)
from napari_alnt.errors import AlntError


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_ALNT_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def make(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / TABLE).touch()
    return folder


def titles() -> list[str]:
    return [one.title for one in recent_projects()]


def test_the_newest_comes_first_and_each_once(tmp_path):
    for name in ("a", "b", "a"):
        remember(tmp_path / name)
    assert titles() == ["a", "b"]


def test_only_so_many_are_kept(tmp_path):
    for number in range(MOST + 3):
        remember(tmp_path / f"p{number}")
    assert titles() == [f"p{number}" for number in range(MOST + 2, 2, -1)]


def test_a_link_and_its_folder_are_one_project(tmp_path):
    folder = make(tmp_path / "real")
    (tmp_path / "link").symlink_to(folder)
    remember(tmp_path / "link")
    remember(folder)
    assert [one.folder for one in recent_projects()] == [folder]


def test_one_that_is_forgotten_stays_on_its_disk(tmp_path):
    folder = make(tmp_path / "a")
    remember(folder)
    remember(tmp_path / "b")
    forget(folder)
    assert titles() == ["b"]
    assert folder.is_dir()


def test_what_is_missing_says_why(tmp_path):
    whole, emptied = make(tmp_path / "whole"), make(tmp_path / "emptied")
    (emptied / TABLE).unlink()
    looks = [Presence(folder) for folder in (whole, emptied, tmp_path / "gone")]
    for look in looks:
        look.wait(20)
    assert looks[0].missing == ""
    assert "holds no project any more" in looks[1].missing
    assert "There is no folder" in looks[2].missing


def test_a_disk_that_does_not_answer_holds_up_nobody(tmp_path, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(recent, "why_missing", lambda _: (gate.wait(20) and "") or "")
    look = Presence(tmp_path)
    assert look.missing is None
    assert look._thread.daemon  # the end of the program does not wait for it
    gate.set()
    look.wait(20)
    assert look.missing == ""


def test_a_folder_that_may_not_be_read_is_not_called_gone(tmp_path, monkeypatch):
    def denied(*_):
        raise PermissionError

    monkeypatch.setattr(os, "stat", denied)
    assert "may not be read" in why_missing(tmp_path)


@pytest.mark.parametrize(
    ("folders", "shown"),
    [
        (["/a/lungs", "/a/hearts"], ["lungs", "hearts"]),
        (["/a/lungs", "/b/lungs", "/a/x"], ["lungs  (a)", "lungs  (b)", "x"]),
        (["/a/c/lungs", "/b/c/lungs"], ["lungs  (a/c)", "lungs  (b/c)"]),
        (["/a/c/p", "/b/c/p", "/p"], ["p  (a/c)", "p  (b/c)", "p  (/)"]),
        (["/a/Lungs", "/b/lungs"], ["Lungs  (a)", "lungs  (b)"]),
        (["/a/bad\nname"], ["bad?name"]),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="these are paths of Linux and macOS")
def test_names_are_told_apart_by_their_parents(folders, shown):
    assert tell_apart([Path(folder) for folder in folders]) == shown


@pytest.mark.parametrize("kept", [None, {}, [1, None, "relative", "/a\0b", "\ud800", ["/a"]], "/a"])
def test_what_somebody_has_broken_is_as_none(kept):
    local.save("recent", kept)
    assert recent_projects() == ()


def test_a_folder_of_the_user_that_cannot_be_written_is_said(config, tmp_path):
    config.touch()
    with pytest.raises(AlntError, match="config"):
        remember(tmp_path)
