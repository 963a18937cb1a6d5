"""The project's table: one SQLite file, every change one durable transaction."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from napari_alnt.errors import AlntError, NewerProject, ReadOnly

VERSION = 3
T = TypeVar("T")

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE labels (value INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE cases (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, patient TEXT NOT NULL, role TEXT NOT NULL,
    mark TEXT NOT NULL DEFAULT 'new', shape TEXT NOT NULL, spacing TEXT NOT NULL,
    image TEXT NOT NULL, image_near TEXT, image_sha256 TEXT NOT NULL,
    teacher TEXT, teacher_near TEXT, teacher_sha256 TEXT NOT NULL DEFAULT '',
    expert TEXT, expert_near TEXT, expert_sha256 TEXT NOT NULL DEFAULT '');
CREATE TABLE versions (
    "case" TEXT NOT NULL REFERENCES cases(name), number INTEGER NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL,
    author TEXT NOT NULL, seconds REAL NOT NULL, confirmed INTEGER NOT NULL, parent TEXT NOT NULL, model TEXT NOT NULL,
    created TEXT NOT NULL, set_aside INTEGER NOT NULL DEFAULT 0, dice REAL, PRIMARY KEY ("case", number));
CREATE TABLE drafts (
    "case" TEXT PRIMARY KEY REFERENCES cases(name), seconds REAL NOT NULL, created TEXT NOT NULL);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, job TEXT NOT NULL, settings TEXT NOT NULL, parent INTEGER REFERENCES runs(number),
    state TEXT NOT NULL, step INTEGER NOT NULL, created TEXT NOT NULL, ended TEXT);
CREATE TABLE ledger (
    run INTEGER NOT NULL REFERENCES runs(number), epoch INTEGER NOT NULL, step INTEGER NOT NULL,
    "case" TEXT NOT NULL REFERENCES cases(name), role TEXT NOT NULL, label TEXT NOT NULL, seen INTEGER NOT NULL,
    trust REAL, informativeness REAL, loss REAL, share REAL, PRIMARY KEY (run, epoch, "case"));
CREATE TABLE scores (
    run INTEGER NOT NULL REFERENCES runs(number), step INTEGER NOT NULL, "case" TEXT NOT NULL REFERENCES cases(name),
    label TEXT NOT NULL, trust REAL, cosine REAL, head_cosine REAL, informativeness REAL, loss REAL, entropy REAL,
    dice REAL, foreground INTEGER NOT NULL, norm REAL, head_trust REAL, voxel_trust REAL, self_informativeness REAL,
    soft_dice REAL, label_difference REAL, self_confidence REAL, labelled INTEGER NOT NULL DEFAULT 0,
    marked TEXT, drawn TEXT, shared TEXT, reference TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run, step, "case"));
CREATE TABLE predictions (
    "case" TEXT PRIMARY KEY REFERENCES cases(name), run INTEGER NOT NULL REFERENCES runs(number), label TEXT NOT NULL,
    step INTEGER NOT NULL, student TEXT NOT NULL, trust TEXT NOT NULL, slice INTEGER NOT NULL, dice REAL);
CREATE TABLE validations (
    run INTEGER NOT NULL REFERENCES runs(number), step INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (run, step));
"""


class Table:
    """A connection that several threads of this process may use; one statement or transaction at a
    time.

    A table of an earlier napari-alnt is brought to this one's schema: in the file by who writes, in
    a copy in memory by who only looks.

    Raises
    ------
    NewerProject
        If it is to be written and comes from a newer napari-alnt.
    AlntError
        If the file is no project's table.
    """

    def __init__(self, path: Path, write: bool) -> None:
        self.path, self._write = path, write
        self.lock = threading.RLock()
        if not write:
            _roll_back(path)
        with self._errors():
            self._connection = _connect(path, "rw" if write else "ro")
        try:
            self.version = self._checked_version()
            if self.version < VERSION:
                self._upgrade()
            with self._errors():
                self._connection.execute("PRAGMA foreign_keys = ON")
        except AlntError:
            self._connection.close()
            raise

    @property
    def newer(self) -> bool:
        """Whether a newer napari-alnt made it, so that there may be more in it than is shown."""
        return self.version > VERSION

    @classmethod
    def create(cls, path: Path) -> Table:
        """A new, empty table."""
        connection = _connect(path, "rwc")
        connection.executescript(
            f"PRAGMA journal_mode = DELETE; {_SCHEMA} PRAGMA user_version = {VERSION};"
        )
        connection.close()
        return cls(path, write=True)

    def close(self) -> None:
        """Let go of the file."""
        with self.lock:
            self._connection.close()

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self.lock, self._errors():
            return self._connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is durable when the block ends, none of it if the block
        fails.
        """
        with self.lock, self._errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _checked_version(self) -> int:
        version = int(self.rows("PRAGMA user_version")[0][0])
        if version > VERSION and self._write:
            raise NewerProject(
                f"'{self.path}' was made by a newer napari-alnt (table version {version}, this one"
                f" knows {VERSION}), so"
                " it can only be looked at; update napari-alnt to work on it."
            )
        if version < 1:
            raise AlntError(
                f"'{self.path}' is not the table of a napari-alnt project; open another folder."
            )
        return version

    def _upgrade(self) -> None:
        """Build the tables anew by this schema and fill them with the rows that are there."""
        if not self._write:
            with self._errors():
                self._connection = _copy_in_memory(self._connection)
        rows = {table: self.rows(f"SELECT * FROM {table}") for table in self._tables()}
        with self.change() as connection:
            for table in reversed(rows):
                connection.execute(f"DROP TABLE {table}")
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            for table, old in rows.items():
                columns = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
                for row in old:
                    values = {name: row[name] for name in row.keys() if name in columns}  # noqa: SIM118
                    insert(connection, table, **values)
            connection.execute(f"PRAGMA user_version = {VERSION}")

    def _tables(self) -> list[str]:
        return [
            row["name"]
            for row in self.rows(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
            )
        ]

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _sentence(self.path, error) from error


def insert(connection: sqlite3.Connection, table: str, record: Any = None, **values: Any) -> None:
    """Insert one row from a dataclass's fields and ``values``; one of the same key is an error."""
    _insert("INSERT", connection, table, record, values)


def put(connection: sqlite3.Connection, table: str, record: Any = None, **values: Any) -> None:
    """As :func:`insert`, but a row of the same key is replaced, as when a resumed run says a thing
    again.
    """
    _insert("INSERT OR REPLACE", connection, table, record, values)


def _insert(
    verb: str, connection: sqlite3.Connection, table: str, record: Any, values: dict[str, Any]
) -> None:
    row = {**(dataclasses.asdict(record) if record is not None else {}), **values}
    columns = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    plain = [json.dumps(value) if isinstance(value, tuple) else value for value in row.values()]
    connection.execute(f"{verb} INTO {table} ({columns}) VALUES ({marks})", plain)


def record(kind: type[T], row: sqlite3.Row) -> T:
    """A dataclass from the columns of a row that bear its fields' names; NULL is nan, as SQLite
    knows no nan.

    A column that a table of an earlier napari-alnt lacks takes the field's default.
    """
    there = row.keys()
    known = [item for item in dataclasses.fields(kind) if item.name in there]  # type: ignore[arg-type]
    return kind(**{item.name: _python(str(item.type), row[item.name]) for item in known})


def _python(hint: str, value: Any) -> Any:
    """A column's value as a field of that type holds it; numbers of a tuple stand in one column, as
    JSON.
    """
    if hint.startswith("tuple"):
        return tuple(json.loads(value or "[]"))
    return math.nan if value is None else value


def _copy_in_memory(source: sqlite3.Connection) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    copy.row_factory = sqlite3.Row
    source.backup(copy)
    source.close()
    return copy


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(
        address, uri=True, timeout=30, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    if mode != "ro":
        connection.execute("PRAGMA synchronous = FULL")
    return connection


def _roll_back(path: Path) -> None:
    """After a crash the unfinished transaction has to be undone once by someone who may write."""
    if path.with_name(path.name + "-journal").exists() and os.access(path.parent, os.W_OK):
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(_connect(path, "rw")) as connection,
        ):
            connection.execute("SELECT count(*) FROM meta").fetchone()


def _sentence(path: Path, error: sqlite3.Error) -> AlntError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_READONLY:
        return ReadOnly(
            f"'{path}' cannot be written to; ask for the right to write there, or copy the project."
        )
    if code == sqlite3.SQLITE_FULL:
        return AlntError(
            f"The disk of '{path}' is full, so nothing was changed; free some space and try again."
        )
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return AlntError(f"'{path}' is damaged ({error}); restore it from a backup.")
    if code == sqlite3.SQLITE_BUSY:
        return AlntError(f"'{path}' is in use by another program; try again when it is done.")
    return AlntError(
        f"The project's table '{path}' could not be used ({error}); nothing was changed, check its"
        " disk."
    )
