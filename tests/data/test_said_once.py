"""What is said once is not said again: to this user, about this project."""

from __future__ import annotations

import pytest

from napari_alnt.data import local
from napari_alnt.data.said_once import KEY, MOST, unsaid
from napari_alnt.settings import OnceNotice

ONCE, OTHER = OnceNotice("It wants 'srun'."), OnceNotice("It wants 'sh'.")
ALWAYS = "A file has changed."


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_ALNT_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config" / "user.json"


def test_it_is_said_once_for_each_project_and_text(tmp_path):
    assert unsaid(tmp_path / "a", (ALWAYS, ONCE)) == (ALWAYS, ONCE)
    assert unsaid(tmp_path / "a", (ALWAYS, ONCE)) == (ALWAYS,)
    assert unsaid(tmp_path / "a", (OTHER, ONCE)) == (OTHER,)
    assert unsaid(tmp_path / "b", (ONCE,)) == (ONCE,)
    assert unsaid(tmp_path / "a", (OTHER, ONCE)) == ()


def test_nothing_is_written_where_there_is_nothing_of_the_kind(file, tmp_path):
    assert unsaid(tmp_path, (ALWAYS,)) == unsaid(tmp_path, (ALWAYS,)) == (ALWAYS,)
    assert not file.exists()


def test_a_project_that_changes_its_mind_fills_no_disk(tmp_path):
    for number in range(MOST + 5):
        unsaid(tmp_path, (OnceNotice(f"It wants {number}."),))
    assert len(local.load(KEY)[local.key(tmp_path)]) == MOST


@pytest.mark.parametrize("kept", [None, [], "x", {"": 1}, 7])
def test_a_file_that_somebody_edited_is_as_none(tmp_path, kept):
    local.save(KEY, kept)
    assert unsaid(tmp_path, (ONCE,)) == (ONCE,)
    assert unsaid(tmp_path, (ONCE,)) == ()
    local.save(KEY, {local.key(tmp_path): kept})
    assert unsaid(tmp_path, (ONCE,)) == (ONCE,)


def test_where_it_cannot_be_kept_it_is_said_again(file, tmp_path):
    file.parent.touch()
    assert unsaid(tmp_path, (ONCE,)) == unsaid(tmp_path, (ONCE,)) == (ONCE,)
