"""A table that something else has changed is found out, and a crash raises no alarm."""

from __future__ import annotations

import os
import shutil
import sqlite3

import pytest

from napari_alnt.data import TABLE, Project, make_folder
from napari_alnt.data.seal import SEAL, broken_seal, changed_files, write_seal


@pytest.fixture
def folder(balls):
    Project.open(balls.folder).close()
    return balls.folder


def flip(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def test_a_table_as_it_was_closed_has_its_seal(folder):
    assert (folder / SEAL).exists()
    assert broken_seal(folder) == ""


@pytest.mark.parametrize("offset", [0, 27, 95, 200, 5000, -1])
def test_any_bit_breaks_it(folder, offset):
    flip(folder / TABLE, offset)
    assert broken_seal(folder)


def test_a_table_of_another_day_breaks_it(folder):
    shutil.copy(folder / TABLE, folder.parent / "old")
    with Project.open(folder) as project:
        project.set_status("ball_05", "flagged")
    assert broken_seal(folder) == ""
    shutil.copy(folder.parent / "old", folder / TABLE)
    assert "older" in broken_seal(folder)


def test_after_a_crash_nothing_is_claimed(folder):
    with sqlite3.connect(folder / TABLE) as table:
        table.execute("UPDATE cases SET mark = 'flagged'")
    assert broken_seal(folder) == ""
    (folder / SEAL).write_text("{")
    assert broken_seal(folder) == ""
    (folder / SEAL).unlink()
    assert broken_seal(folder) == ""


def test_a_seal_that_cannot_be_written_is_no_error(tmp_path):
    write_seal(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


@pytest.fixture
def stroked(folder):
    """A project with a journal and a checkpoint, closed."""
    with Project.open(folder) as project:
        journal = project.journal(project.case("ball_05"))
        checkpoint = project.runs.start("train", project.settings).checkpoint
        for path in (journal, checkpoint):
            make_folder(path.parent)
            path.write_bytes(b"content of another day")
    return folder, [path.relative_to(folder).as_posix() for path in (journal, checkpoint)]


def test_files_without_a_hash_in_the_table_are_sealed(stroked):
    folder, names = stroked
    assert changed_files(folder, thorough=True) == ()
    for name in names:
        stat = (folder / name).stat()
        flip(folder / name, 3)
        assert changed_files(folder) == (name,)
        # a failing disk changes no time
        os.utime(folder / name, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert changed_files(folder) == ()
        assert changed_files(folder, thorough=True) == (name,)
        flip(folder / name, 3)
    (folder / names[0]).unlink()
    assert changed_files(folder) == (names[0],)
    with Project.open(folder) as project:
        assert names[0] in project.notices[0]
        # it is open now, so that files may become others
        assert changed_files(folder) == ()


def test_a_link_is_not_followed_by_the_seal(stroked):
    folder, (name, _) = stroked
    (folder / name).rename(folder.parent / "outside")
    (folder / name).symlink_to(folder.parent / "outside")
    assert changed_files(folder) == (name,)
    write_seal(folder)
    assert name not in (folder / SEAL).read_text()


@pytest.mark.parametrize("files", ["[]", '{"a": 1}', '{"../a": ["1:1", "b"]}', '{"a": [1, 2, 3]}'])
def test_a_seal_of_somebody_else_is_no_error(folder, files):
    changes = int.from_bytes((folder / TABLE).read_bytes()[24:28], "big")
    (folder / SEAL).write_text(f'{{"changes": {changes}, "sha256": "", "files": {files}}}')
    assert isinstance(changed_files(folder, thorough=True), tuple)
    Project.open(folder).close()
