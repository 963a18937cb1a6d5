"""The schema of the project's table, and whether a table has it and nothing that acts by itself."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable
from typing import Any

from napari_alnt.data.paths import damaged

VERSION = 5
"""Of the schema below; each change of it raises this and has its lines in ``upgrade.py``."""

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE labels (value INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE cases (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, patient TEXT NOT NULL,
    role TEXT NOT NULL, mark TEXT NOT NULL DEFAULT 'new',
    shape TEXT NOT NULL, spacing TEXT NOT NULL, grid TEXT,
    image TEXT NOT NULL, image_relative TEXT, image_sha256 TEXT NOT NULL, image_stat TEXT,
    teacher TEXT, teacher_relative TEXT, teacher_sha256 TEXT NOT NULL DEFAULT '', teacher_stat TEXT,
    expert TEXT, expert_relative TEXT, expert_sha256 TEXT NOT NULL DEFAULT '', expert_stat TEXT);
CREATE TABLE versions (
    "case" TEXT NOT NULL REFERENCES cases(name), number INTEGER NOT NULL,
    file TEXT NOT NULL, sha256 TEXT NOT NULL, author TEXT NOT NULL, seconds REAL NOT NULL,
    confirmed INTEGER NOT NULL, parent TEXT NOT NULL, model TEXT NOT NULL, created TEXT NOT NULL,
    reverted INTEGER NOT NULL DEFAULT 0, dice REAL, stat TEXT, source TEXT NOT NULL DEFAULT '',
    scores TEXT NOT NULL DEFAULT '{}', PRIMARY KEY ("case", number));
CREATE TABLE drafts (
    "case" TEXT PRIMARY KEY REFERENCES cases(name), seconds REAL NOT NULL, created TEXT NOT NULL,
    file TEXT NOT NULL, sha256 TEXT NOT NULL DEFAULT '');
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, job TEXT NOT NULL, settings TEXT NOT NULL,
    parent INTEGER REFERENCES runs(number), state TEXT NOT NULL, step INTEGER NOT NULL,
    created TEXT NOT NULL, ended TEXT);
CREATE TABLE ledger (
    run INTEGER NOT NULL REFERENCES runs(number), epoch INTEGER NOT NULL, step INTEGER NOT NULL,
    "case" TEXT NOT NULL REFERENCES cases(name), role TEXT NOT NULL, label_version TEXT NOT NULL,
    seen INTEGER NOT NULL, trust REAL, informativeness REAL, share REAL,
    PRIMARY KEY (run, epoch, "case"));
CREATE TABLE scores (
    run INTEGER NOT NULL REFERENCES runs(number), step INTEGER NOT NULL,
    "case" TEXT NOT NULL REFERENCES cases(name), mask_sha256 TEXT NOT NULL,
    reference_hash TEXT NOT NULL DEFAULT '', scores TEXT NOT NULL, structures TEXT NOT NULL,
    PRIMARY KEY (run, step, "case"));
CREATE TABLE predictions (
    "case" TEXT PRIMARY KEY REFERENCES cases(name), run INTEGER NOT NULL REFERENCES runs(number),
    mask_sha256 TEXT NOT NULL, step INTEGER NOT NULL, student TEXT NOT NULL,
    trust_map TEXT NOT NULL, slice INTEGER NOT NULL, dice REAL);
CREATE TABLE test_results (
    run INTEGER NOT NULL REFERENCES runs(number), step INTEGER NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (run, step));
"""


def require_own(rows: Callable[[str], list[Any]], version: int) -> None:
    """Refuse a table that is not one of ours, as anybody may have made it.

    Parameters
    ----------
    rows : answers a query of the table
    version : of the table's schema

    Raises
    ------
    AlntError
        If there is a view, which may have no end, or a trigger, which may change what is saved; or
        a table of this version lacks a column.
    """
    for row in rows("SELECT type, sql FROM sqlite_master"):
        is_virtual = str(row["sql"]).upper().startswith("CREATE VIRTUAL")
        if row["type"] in ("view", "trigger") or is_virtual:
            raise damaged(f"it has a {row['type']} that napari-alnt never makes")
    if version != VERSION:
        return
    for name, wanted in _columns().items():
        there = {row["name"] for row in rows(f"PRAGMA table_info({name})")}
        if lacking := sorted(wanted - there):
            raise damaged(f"its {name} lack {', '.join(lacking)}")


@functools.cache
def _columns() -> dict[str, set[str]]:
    """The columns of each table of the schema."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
            for (name,) in tables.fetchall()
        }
