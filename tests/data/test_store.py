"""What all parts of a project share: cases as they are now, statuses, settings, file names."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from napari_alnt.data import Project
from napari_alnt.data.store import next_number, relative_path
from napari_alnt.errors import AlntError, ReadOnly
from napari_alnt.settings import Settings


def test_settings_are_saved_but_for_the_ignore_label(project):
    project.save_settings(Settings(epochs=9))
    with Project.open(project.folder, write=False) as reader:
        assert reader.settings.epochs == 9
    with pytest.raises(AlntError, match="ignore_label"):
        project.save_settings(Settings(ignore_label=9))
    assert project.settings == Settings(epochs=9)


def test_roles_partition_the_cases(project):
    roles = ("pool", "teacher_training", "reference", "test")
    names = [case.name for role in roles for case in project.by_role(role)]
    assert sorted(names) == [case.name for case in project.cases]
    with pytest.raises(AlntError, match="no case 'chest_99'"):
        project.case("chest_99")


def test_a_mark_is_set_and_taken_away(project):
    name = project.by_role("pool")[0].name
    for status in ("skipped", "flagged", "new"):
        project.set_status(name, status)
        assert project.case(name).status == status
    with pytest.raises(AlntError, match="cannot be set"):
        project.set_status(name, "accepted")
    with pytest.raises(AlntError, match="only pool cases"):
        project.set_status(project.by_role("test")[0].name, "flagged")


def test_an_accepted_case_leaves_the_pool_and_is_still_one_of_it(project):
    name = project.by_role("pool")[0].name
    before = project.pool_with_teacher
    assert before == tuple(case.name for case in project.by_role("pool"))
    project.labels.accept(name, np.zeros(project.case(name).shape, np.uint8))
    assert (project.case(name).role, project.case(name).status) == ("reference", "accepted")
    assert project.pool_with_teacher == before


def test_a_reader_is_told_to_open_for_writing(project):
    project.require_writable()
    with Project.open(project.folder, write=False) as reader:
        for refused in (reader.require_writable, reader.change().__enter__):
            with pytest.raises(ReadOnly, match="open it to write"):
                refused()
        assert reader.owner == project.owner == project.owner.strip()
        assert str(os.getpid()) in reader.owner


@pytest.mark.parametrize("column", ["image", "teacher"])
def test_a_file_is_found_by_the_way_or_by_the_path(project, column):
    """Either the project has been moved, or its data have."""
    case = project.by_role("pool")[0]
    found = getattr(case, column)
    project.close()
    for outdated in (f"{column}_relative", column):
        with sqlite3.connect(project.folder / "alnt.sqlite") as connection:
            (kept,) = connection.execute(
                f"SELECT {outdated} FROM cases WHERE name = ?", (case.name,)
            ).fetchone()
            query = f"UPDATE cases SET {outdated} = ? WHERE name = ?"
            connection.execute(query, ("elsewhere/gone.nii.gz", case.name))
        connection.close()
        with Project.open(project.folder) as opened:
            assert getattr(opened.case(case.name), column).samefile(found)
        with sqlite3.connect(project.folder / "alnt.sqlite") as connection:
            connection.execute(query, (kept, case.name))
        connection.close()


def test_the_next_number_is_above_all_that_is_there(tmp_path):
    assert next_number(tmp_path / "none", 0) == 1
    for name in ("0003.nii.gz", "0007", "draft.nii.gz", "12.nii.gz"):
        (tmp_path / name).touch()
    assert [next_number(tmp_path, number) for number in (0, 7, 20)] == [8, 8, 21]


def test_a_relative_path_is_portable_or_none(tmp_path, monkeypatch):
    assert relative_path(tmp_path / "ct" / "a.nii", tmp_path / "p") == "../ct/a.nii"

    def fail(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", fail)
    assert relative_path(Path("D:/a.nii"), Path("C:/p")) is None
