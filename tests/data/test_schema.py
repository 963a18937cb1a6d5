"""A table in which somebody has put code, or from which something was taken, is refused."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from napari_alnt.data import Project
from napari_alnt.data.schema import VERSION
from napari_alnt.errors import AlntError

ENDLESS = (
    "CREATE VIEW endless AS WITH RECURSIVE n(value) AS"
    " (SELECT 1 UNION ALL SELECT value + 1 FROM n) SELECT value FROM n"
)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (ENDLESS, "a view"),
        ("CREATE TRIGGER t AFTER INSERT ON drafts BEGIN DELETE FROM versions; END", "a trigger"),
        ("CREATE VIRTUAL TABLE more USING fts5(a)", "a table"),
        ("ALTER TABLE versions DROP COLUMN sha256", "its versions lack sha256"),
        ("DROP TABLE drafts", "its drafts lack"),
    ],
)
@pytest.mark.parametrize("write", [True, False])
def test_a_table_that_is_not_ours_is_refused(balls, statement, says, write):
    with contextlib.closing(sqlite3.connect(balls.folder / "alnt.sqlite")) as table:
        table.execute(statement)
        table.commit()
    with pytest.raises(AlntError, match=says):
        Project.open(balls.folder, write=write)


@pytest.mark.parametrize("version", [1, VERSION - 1])
def test_a_table_of_an_earlier_version_that_lacks_its_columns_is_refused(balls, version):
    with contextlib.closing(sqlite3.connect(balls.folder / "alnt.sqlite")) as table:
        table.execute("ALTER TABLE cases DROP COLUMN role")
        table.execute(f"PRAGMA user_version = {version}")
        table.commit()
    with pytest.raises(AlntError, match="damaged"):
        Project.open(balls.folder)


def test_more_columns_and_tables_do_no_harm(balls):
    with contextlib.closing(sqlite3.connect(balls.folder / "alnt.sqlite")) as table:
        table.execute("ALTER TABLE cases ADD COLUMN remark")
        table.execute("CREATE TABLE remarks (text)")
        table.commit()
    with Project.open(balls.folder) as project:
        assert len(project.cases) == 8
