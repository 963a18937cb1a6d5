"""The project's table: one SQLite file, in which every change is one durable transaction."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

from napari_alnt import retired
from napari_alnt.codec import read_value
from napari_alnt.data.paths import damaged
from napari_alnt.data.schema import SCHEMA, VERSION, require_own
from napari_alnt.data.upgrade import upgraded
from napari_alnt.errors import AlntError, NewerProject, ReadOnly

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds after which a file that another program uses is an error."""
_TRY = 0.25
"""Seconds of it after which :attr:`Table.waiting` says so."""


class Table:
    """A connection that several threads of this process may use, one statement or transaction at a
    time.

    A table of an earlier napari-alnt is brought to this one's schema: in the file if it is opened
    to write, in a copy in memory if it is opened to read.

    Attributes
    ----------
    path : the SQLite file
    lock : held during a statement or transaction; hold it to do several things in one
    version : of the schema that the file had when it was opened
    waiting : whether a statement waits until another program no longer uses the file

    Raises
    ------
    NewerProject
        If it is to be written and comes from a newer napari-alnt.
    AlntError
        If the file is no project's table.
    """

    def __init__(self, path: Path, write: bool) -> None:
        self.path = path
        self._write = write
        self.lock = threading.RLock()
        self.waiting = False
        # a read-only connection could not roll back what a crash left half done
        if not write:
            _roll_back(path)
        with self._errors():
            self._connection = _connect(path, "rw" if write else "ro")
        try:
            if write:
                # no acknowledged transaction is lost when the power fails; with FULL the journal
                # that was deleted may be back then, and would undo the last one
                self.rows("PRAGMA synchronous = EXTRA")
            self.version = self._checked_version()
            require_own(self.rows, self.version)
            if self.version < VERSION:
                self._upgrade_checked()
            # only now, as an upgrade drops tables that others refer to
            self.rows("PRAGMA foreign_keys = ON")
        except AlntError:
            self._connection.close()
            raise

    @property
    def newer(self) -> bool:
        """Whether a newer napari-alnt made it, so that it may hold what this one cannot read."""
        return self.version > VERSION

    @classmethod
    def create(cls, path: Path) -> Table:
        """A new, empty table."""
        script = f"PRAGMA journal_mode = DELETE; {SCHEMA} PRAGMA user_version = {VERSION};"
        try:
            with contextlib.closing(_connect(path, "rwc")) as connection:
                connection.executescript(script)
        except sqlite3.Error as error:
            raise _sentence(path, error) from error
        return cls(path, write=True)

    def close(self) -> None:
        """Close the connection."""
        with self.lock:
            self._connection.close()

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query, with ``values`` for its question marks."""
        with self.lock, self._errors():
            return self._execute(query, values)

    def snapshot(self) -> bytes:
        """The table as it is at this moment, as the bytes of an SQLite file.

        Another process may be writing to it: its transaction is in the copy wholly or not at all.
        """
        with self.lock, self._errors(), contextlib.closing(sqlite3.connect(":memory:")) as copy:
            self._connection.backup(copy)
            return copy.serialize()

    @contextlib.contextmanager
    def unchanged(self) -> Iterator[None]:
        """Nobody changes the table in the block; another process waits with its transaction."""
        with self.lock:
            self._connection.execute("BEGIN")
            try:
                # the lock is taken by the first statement that reads
                self.rows("SELECT count(*) FROM meta")
                yield
            finally:
                self._connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is durable once the block has ended, none if it fails."""
        with self.lock, self._errors():
            # IMMEDIATE takes the write lock now, not at the first write in the middle of the block
            self._execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._execute("COMMIT")
            except BaseException:
                # SQLite itself has rolled back after some errors, such as a full disk
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows of a statement, which is tried again while another program uses the file."""
        end = time.monotonic() + PATIENCE
        try:
            while True:
                try:
                    return self._connection.execute(sql, values).fetchall()
                except sqlite3.OperationalError as error:
                    if _kind(error) != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                        raise
                    self.waiting = True
        finally:
            self.waiting = False

    def _checked_version(self) -> int:
        version = int(self.rows("PRAGMA user_version")[0][0])
        if version > VERSION and self._write:
            raise NewerProject(
                f"'{self.path}' was made by a newer napari-alnt (table version {version}, this one"
                f" knows {VERSION}), so it can only be read; update napari-alnt to work on it."
            )
        if version < 1:
            raise AlntError(
                f"'{self.path}' is not the table of a napari-alnt project; open another folder."
            )
        return version

    def _upgrade_checked(self) -> None:
        try:
            self._upgrade()
        # rows of an earlier version that lack what all of them had
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise damaged("it is none of an earlier napari-alnt") from error

    def _upgrade(self) -> None:
        """Make the tables anew by this schema and fill them with the rows that are there."""
        if not self._write:
            with self._errors():
                self._connection = _copy_in_memory(self._connection)
        old = {name: self.rows(f"SELECT * FROM {name}") for name in self._tables()}
        # one transaction: a crash leaves the table of the earlier version, whole
        with self.change() as connection:
            for name in reversed(old):
                connection.execute(f"DROP TABLE {name}")
            for statement in filter(str.strip, SCHEMA.split(";")):
                connection.execute(statement)
            for name, rows in old.items():
                _refill(connection, retired.TABLES.get(name, name), rows)
            connection.execute(f"PRAGMA user_version = {VERSION}")

    def _tables(self) -> list[str]:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
        return [row["name"] for row in self.rows(query)]

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _sentence(self.path, error) from error


def insert(connection: sqlite3.Connection, table: str, record: Any = None, **values: Any) -> None:
    """Insert one row from a dataclass's fields and ``values``; an existing key is an error."""
    _insert("INSERT", connection, table, record, values)


def put(connection: sqlite3.Connection, table: str, record: Any = None, **values: Any) -> None:
    """As :func:`insert`, but a row of the same key is replaced.

    A resumed run repeats the epoch that it was stopped in.
    """
    _insert("INSERT OR REPLACE", connection, table, record, values)


def _insert(
    verb: str, connection: sqlite3.Connection, table: str, record: Any, values: dict[str, Any]
) -> None:
    row = {**(dataclasses.asdict(record) if record is not None else {}), **values}
    columns = ", ".join(f'"{name}"' for name in row)
    # values are bound, never written into the query: names of cases come from anywhere
    marks = ", ".join("?" * len(row))
    plain = [
        json.dumps(value) if isinstance(value, (tuple, dict)) else value for value in row.values()
    ]
    connection.execute(f"{verb} INTO {table} ({columns}) VALUES ({marks})", plain)


def record(kind: type[T], row: sqlite3.Row) -> T:
    """A dataclass from the columns of a row that have its fields' names.

    NULL is nan, as SQLite has no nan; tuples and mappings are stored in one column, as JSON. A
    field without a column takes its default.
    """
    known: Any = kind
    hints = _hints(known)
    there = row.keys()
    return kind(**{name: _read(hints[name], row[name]) for name in hints if name in there})


@cache
def _hints(kind: type) -> dict[str, Any]:
    # ten thousand rows are read with the hints of one kind
    return get_type_hints(kind)


def _read(hint: Any, value: Any) -> Any:
    if get_origin(hint) in (tuple, Mapping):
        return read_value(hint, json.loads(value))
    return math.nan if value is None else value


def _refill(connection: sqlite3.Connection, table: str, rows: list[sqlite3.Row]) -> None:
    # columns of today; what an earlier version had besides is left out
    columns = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
    for row in rows:
        values = upgraded(table, row)
        insert(connection, table, **{name: values[name] for name in values if name in columns})


def _copy_in_memory(source: sqlite3.Connection) -> sqlite3.Connection:
    """The same table where it can be changed without a change of the file; closes ``source``."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    copy.row_factory = sqlite3.Row
    source.backup(copy)
    source.close()
    return copy


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(
        address, uri=True, timeout=_TRY, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    return connection


def _roll_back(path: Path) -> None:
    """Undo the transaction that a crash left unfinished; only a connection that writes may."""
    if path.with_name(path.name + "-journal").exists() and os.access(path.parent, os.W_OK):
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(_connect(path, "rw")) as connection,
        ):
            connection.execute("SELECT count(*) FROM meta").fetchone()


def _kind(error: sqlite3.Error) -> int:
    # the low byte is the kind of error, the rest its variant
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _sentence(path: Path, error: sqlite3.Error) -> AlntError:
    code = _kind(error)
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
