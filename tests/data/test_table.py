"""The table: durable transactions, rows as records, and tables that cannot be used."""

from __future__ import annotations

import math
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from napari_alnt.data import Project
from napari_alnt.data import table as module
from napari_alnt.data.table import VERSION, Table, insert, put, record
from napari_alnt.errors import AlntError, NewerProject, ReadOnly


@dataclass(frozen=True)
class Note:
    """A record like those of the tables."""

    name: str
    value: float = 0.5
    sizes: tuple[int, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)


@pytest.fixture
def table(tmp_path):
    made = Table.create(tmp_path / "alnt.sqlite")
    with made.change() as connection:
        connection.execute("CREATE TABLE notes (name PRIMARY KEY, value, sizes, scores, run)")
    yield made
    made.close()


def test_a_new_table_has_this_version(table):
    assert (table.version, table.newer) == (VERSION, False)
    assert table.rows("PRAGMA journal_mode")[0][0] == "delete"
    # EXTRA: an acknowledged transaction outlives a power failure
    assert table.rows("PRAGMA synchronous")[0][0] == 3


def test_an_unchanged_table_makes_another_writer_wait(table):
    order = []

    def writes():
        other = Table(table.path, write=True)
        order.append("begun")
        with other.change() as connection:
            insert(connection, "notes", Note("a"))
        order.append("written")
        other.close()

    writer = threading.Thread(target=writes)
    with table.unchanged():
        writer.start()
        while "begun" not in order:
            time.sleep(0.01)
        writer.join(0.5)
        order.append("unchanged")
        assert table.rows("SELECT * FROM notes") == []
    writer.join()
    assert order == ["begun", "unchanged", "written"]
    assert [row["name"] for row in table.rows("SELECT * FROM notes")] == ["a"]


def test_records_come_back_from_their_rows(table):
    notes = [Note("a", 0.25, (3, 4), {"dice": 0.5}), Note("b"), Note("c", math.nan)]
    with table.change() as connection:
        for note in notes:
            insert(connection, "notes", note, run=1)
    rows = table.rows("SELECT * FROM notes ORDER BY name")
    assert [record(Note, row) for row in rows[:2]] == notes[:2]
    # SQLite has no nan, and a missing column takes the field's default
    assert (rows[2]["value"], math.isnan(record(Note, rows[2]).value)) == (None, True)
    (row,) = table.rows("SELECT name FROM notes WHERE name = ?", "a")
    assert record(Note, row) == Note("a")


def test_put_replaces_and_insert_refuses_an_existing_key(table):
    with table.change() as connection:
        insert(connection, "notes", Note("a", 1))
        put(connection, "notes", Note("a", 2), run=7)
    assert [tuple(row) for row in table.rows("SELECT value, run FROM notes")] == [(2, 7)]
    with pytest.raises(AlntError, match="could not be used"), table.change() as connection:
        insert(connection, "notes", Note("a", 3))
    assert table.rows("SELECT value FROM notes")[0][0] == 2


def test_a_block_that_fails_changes_nothing(table):
    def half(connection):
        insert(connection, "notes", Note("a"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), table.change() as connection:
        half(connection)
    assert table.rows("SELECT * FROM notes") == []
    with table.change() as connection:
        insert(connection, "notes", Note("b"))
    assert len(table.rows("SELECT * FROM notes")) == 1


def test_references_are_kept(table):
    with pytest.raises(AlntError, match="FOREIGN KEY"), table.change() as connection:
        put(connection, "test_results", run=5, step=1, event="")


def test_other_threads_wait_for_the_end_of_a_transaction(table):
    seen = []
    with table.change() as connection:
        reader = threading.Thread(target=lambda: seen.extend(table.rows("SELECT * FROM notes")))
        reader.start()
        reader.join(0.05)
        assert seen == []
        insert(connection, "notes", Note("a"))
    reader.join()
    assert len(seen) == 1


def test_a_reader_sees_changes_and_makes_none(table):
    reader = Table(table.path, write=False)
    with table.change() as connection:
        insert(connection, "notes", Note("a"))
    assert len(reader.rows("SELECT * FROM notes")) == 1
    with pytest.raises(ReadOnly, match="cannot be written"), reader.change() as connection:
        insert(connection, "notes", Note("b"))
    reader.close()
    with pytest.raises(AlntError, match=r"alnt\.sqlite"):
        reader.rows("SELECT * FROM notes")


SPILLER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
for number in range(2000):
    connection.execute("INSERT INTO notes (name, value) VALUES (?, ?)", (number, "x" * 500))
print("up", flush=True)
time.sleep(60)
"""


def test_a_reader_undoes_what_a_killed_writer_left(table):
    table.close()
    writer = subprocess.Popen(
        [sys.executable, "-c", SPILLER, str(table.path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout.readline() == "up\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    journal = table.path.with_name("alnt.sqlite-journal")
    assert journal.exists()
    reader = Table(table.path, write=False)
    assert reader.rows("SELECT * FROM notes") == []
    assert not journal.exists()
    reader.close()


def test_a_newer_table_is_only_read(project):
    known = project.cases
    project.close()
    with sqlite3.connect(project.folder / "alnt.sqlite") as connection:
        connection.execute("ALTER TABLE cases ADD COLUMN later TEXT")
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NewerProject, match="newer napari-alnt"):
        Project.open(project.folder)
    with Project.open(project.folder, write=False) as reader:
        assert (reader.table.newer, reader.table.version) == (True, 99)
        assert "newer napari-alnt" in reader.notices[0]
        assert reader.cases == known
        with pytest.raises(ReadOnly):
            reader.set_status(known[-1].name, "skipped")


@pytest.mark.parametrize(
    ("content", "says"), [(b"no table at all" * 100, "damaged"), (b"", "not the table")]
)
@pytest.mark.parametrize("write", [True, False])
def test_a_damaged_table_is_refused(project, content, says, write):
    project.close()
    (project.folder / "alnt.sqlite").write_bytes(content)
    with pytest.raises(AlntError, match=says) as caught:
        Project.open(project.folder, write=write)
    assert str(project.folder / "alnt.sqlite") in str(caught.value)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(AlntError, match=r"none\.sqlite"):
        Table(tmp_path / "none.sqlite", write=True)


@pytest.mark.parametrize("kind", ["IMMEDIATE", "DEFERRED"], ids=["writer", "reader"])
def test_a_table_in_use_is_waited_for_and_nothing_is_lost(table, kind):
    other = sqlite3.connect(table.path, isolation_level=None)
    other.execute(f"BEGIN {kind}")
    other.execute("SELECT * FROM notes").fetchall()
    seen = []

    def let_go():
        while not table.waiting:
            time.sleep(0.01)
        seen.append(True)

    watcher = threading.Thread(target=let_go)
    watcher.start()

    def write():
        with table.change() as connection:
            insert(connection, "notes", Note("a"))

    writer = threading.Thread(target=write)
    writer.start()
    watcher.join(20)
    other.close()
    writer.join(20)
    assert seen == [True]
    assert not table.waiting
    assert [row["name"] for row in table.rows("SELECT name FROM notes")] == ["a"]


def test_a_table_that_stays_in_use_is_a_sentence(table, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    other = sqlite3.connect(table.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(AlntError, match="in use by another program"):
        table.rows("SELECT * FROM notes")
    other.close()
    assert not table.waiting
