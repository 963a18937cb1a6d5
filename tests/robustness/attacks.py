"""What somebody may have done to a project before giving it away."""

from __future__ import annotations

import json
import os
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Rng = np.random.Generator
DEEP = "[" * 100_000
WILD: tuple[Any, ...] = (
    None, "", "x" * 10_000, -1, 0, 2**62, 1e308, float("inf"), b"\xff\x00\xfe", b"", "null", "[]",
    "{}", "[1, 2]", '"text"', "NaN", "[1e999, 1, 1]", "[-1, 5, 6]", "[0, 0, 0]", "1" * 5000, DEEP,
    '{"a":' * 5000, "[1000000000, 1000000000, 1000000000]", "[5, 6, 7.5]", "[null, null, null]",
    "\x1b]0;title\x07", "[red]", "--json", "\u202e", "a\x00b", "é", "true", "1", "0003", "teacher",
)  # fmt: skip
"""Values of every type, for any column."""


@dataclass
class Target:
    """A project to be made hostile.

    Attributes
    ----------
    project : its folder
    outside : a folder beside it, in which nothing may change
    program : a program there that must not run
    rng : for all choices
    """

    project: Path
    outside: Path
    program: Path
    rng: Rng

    def pick(self, values: Any) -> Any:
        """One of some values."""
        values = list(values)
        return values[self.rng.integers(len(values))]

    def sql(self, statement: str, *values: Any) -> None:
        """Change the table as nobody could by napari-alnt; what SQLite refuses is left out."""
        table = self.project / "alnt.sqlite"
        if not table.is_file():
            return
        with closing(sqlite3.connect(table)) as connection:
            try:
                connection.execute("PRAGMA foreign_keys = OFF")
                connection.execute(statement, values)
                connection.commit()
            except (sqlite3.Error, OverflowError):
                pass

    def ways_out(self, name: str) -> list[str]:
        """Paths that lead to a file outside of the project."""
        outside = self.outside / name
        return [
            f"../outside/{name}", str(outside), f"labels/../../outside/{name}",
            f"labels/0003/../../../outside/{name}", f"./../outside/{name}", f"way_out/{name}",
            f"//{outside}", "..", ".", "/", "", "labels", f"..\\outside\\{name}",
        ]  # fmt: skip


def launcher(target: Target) -> None:
    """A program in the settings, of the project or of a run."""
    names = ("launcher", "command", "python", "engine")
    values = json.dumps({target.pick(names): f"{target.program} x", "epochs": 1})
    target.sql("UPDATE meta SET value = ? WHERE key = 'settings'", values)
    target.sql("UPDATE runs SET settings = ?", values)
    for path in target.project.glob("runs/*/settings.json"):
        _write(path, values.encode())


def settings(target: Target) -> None:
    """Settings that are none."""
    table = json.dumps(
        {
            target.pick(("patch", "batch", "window", "ranking", "ignore_label", "spacing", "seed")):
            target.pick([*[v for v in WILD if not isinstance(v, bytes)], [1] * 50, {"a": {}}, -5.5])
        }
    )  # fmt: skip
    value = target.pick([*WILD, table, table, table, table])
    target.sql(f"UPDATE {target.pick(('meta', 'meta', 'runs'))} SET value = ?", value)
    target.sql("UPDATE meta SET value = ? WHERE key = 'settings'", value)
    target.sql("UPDATE runs SET settings = ?", value)


def name(target: Target) -> None:
    """A case with a name that no folder may have."""
    names = [*target.ways_out("new"), "a/b", "CON", "nul.txt", ".hidden", "a\nb", "x" * 300, *WILD]
    value, old = target.pick(names), target.pick("cde")
    for table, column in (
        ("cases", "name"),
        ("versions", "case"),
        ("drafts", "case"),
        ("predictions", "case"),
        ("scores", "case"),
        ("ledger", "case"),
    ):
        target.sql(f'UPDATE {table} SET "{column}" = ? WHERE "{column}" = ?', value, old)


def path(target: Target) -> None:
    """A path in the table that leads out."""
    if not (target.project / "way_out").is_symlink():
        (target.project / "way_out").symlink_to(target.outside)
    table, column = target.pick(
        [("versions", "file"), ("drafts", "file"), ("predictions", "student"),
         ("predictions", "trust_map"), ("cases", "teacher"), ("cases", "teacher_relative"),
         ("cases", "image"), ("cases", "image_relative")]
    )  # fmt: skip
    value = target.pick(target.ways_out(target.pick(("canary.nii.gz", "new.nii.gz", "text"))))
    target.sql(f"UPDATE {table} SET {column} = ?", value)


def link(target: Target) -> None:
    """A link in the place of a folder or a file."""
    place = target.pick(
        ["labels", "labels/0003", "labels/0004", "cache", "teacher", "runs", "runs/0001",
         "runs/0002", "runs/0001/maps", "runs/0001/checkpoint", "runs/0001/engine.log", "maps",
         "runs/0001/checkpoint/student.safetensors", "runs/0001/report.html", "alnt.lock",
         "alnt.sqlite", "alnt.sqlite-journal", "alnt.sqlite-wal", "alnt.sqlite-shm", "alnt.sha256",
         "labels/0003/journal", "labels/0005/journal", "labels/0005/draft.nii.gz",
         "labels/0005/draft-2.nii.gz", "labels/0003/0001.nii.gz", "labels/0003/0003.nii.gz",
         "labels/0005/journal.damaged", "runs/0001/settings.json"]
    )  # fmt: skip
    found = target.project / place
    if found.is_dir():
        found.rename(target.project / "moved")
    found.unlink(missing_ok=True)
    if not found.parent.is_dir():
        return
    to = target.outside / target.pick(("", "folder", "canary.nii.gz", "text", "empty", "new"))
    found.symlink_to(to if target.rng.integers(2) else os.path.relpath(to, found.parent))


def pipe(target: Target) -> None:
    """A pipe, which nobody writes to, in the place of a file."""
    files = [path for path in target.project.rglob("*") if path.is_file()]
    found = target.pick(sorted(files))
    found.unlink()
    os.mkfifo(found)


def trigger(target: Target) -> None:
    """Code in the table."""
    event = target.pick(("INSERT", "UPDATE", "DELETE"))
    table = target.pick(("versions", "drafts", "cases", "meta", "runs", "predictions"))
    action = target.pick(
        (f"DELETE FROM {table}", "UPDATE meta SET value = '[' WHERE key = 'settings'",
         "SELECT RAISE(ABORT, 'no')", "DROP TABLE x", "DELETE FROM cases", "SELECT RAISE(IGNORE)",
         "UPDATE versions SET file = '../outside/canary.nii.gz'")
    )  # fmt: skip
    when = target.pick(("BEFORE", "AFTER"))
    target.sql(f"CREATE TRIGGER t {when} {event} ON {table} BEGIN {action}; END")


def view(target: Target) -> None:
    """A view in the place of a table, perhaps one without an end."""
    table = target.pick(("labels", "meta", "versions", "drafts", "runs", "scores", "predictions"))
    target.sql(f"ALTER TABLE {table} RENAME TO old_{table}")
    target.sql(
        target.pick(
            (f"CREATE VIEW {table} AS SELECT * FROM old_{table}",
             "CREATE VIEW labels AS WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1"
             " FROM n) SELECT value, 'x' AS name FROM n",
             f"CREATE VIEW {table} AS SELECT * FROM {table}",
             f"CREATE VIRTUAL TABLE {table} USING fts5(a)")
        )
    )  # fmt: skip


def column(target: Target) -> None:
    """A value of another type in any column."""
    table = target.project / "alnt.sqlite"
    with closing(sqlite3.connect(table)) as connection:
        tables = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        name = target.pick(tables)
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
    if columns:
        target.sql(f'UPDATE {name} SET "{target.pick(columns)}" = ?', target.pick(WILD))


def missing(target: Target) -> None:
    """Rows, columns or tables that are not there; a version that is another."""
    table = target.pick(("meta", "labels", "cases", "versions", "drafts", "runs", "predictions"))
    target.sql(
        target.pick(
            (f"DELETE FROM {table}", f"DROP TABLE {table}", "DELETE FROM meta WHERE key='settings'",
             f"PRAGMA user_version = {target.pick((0, -1, 1, 3, 4, 6, 2**31 - 1))}",
             f"ALTER TABLE {table} ADD COLUMN strange DEFAULT 'x'",
             f"ALTER TABLE {table} DROP COLUMN "
             f"{target.pick(('file', 'state', 'stat', 'value', 'grid', 'mark', 'sha256'))}")
        )
    )  # fmt: skip


def rubbish(target: Target) -> None:
    """Bytes that are none of ours in the place of a file."""
    places = ["alnt.sqlite", "alnt.sha256", "alnt.sqlite-journal", "labels/0005/journal",
              "runs/0001/settings.json", "labels/0003/0001.nii.gz", "alnt.lock",
              "runs/0001/maps/c_trust.nii.gz", "runs/0001/engine.log"]  # fmt: skip
    found = target.project / target.pick(places)
    content = target.pick(
        (b"", b"\0" * 4096, DEEP.encode(), b"SQLite format 3\0" + b"\xff" * 4000, b"\x1f\x8b\x08",
         target.rng.bytes(3000), b"ALNT journal 1\r\nrec\n" + b"\xff" * 200, b"null", b"[]",
         b'{"changes": 1e999, "sha256": [], "files": {"../outside/text": ["1:1", "x"]}}')
    )  # fmt: skip
    if found.parent.is_dir() and not found.is_dir():
        _write(found, content)


def checkpoint(target: Target) -> None:
    """A checkpoint with a head that makes no sense."""
    found = target.project / "runs" / "0001" / "checkpoint" / "student.safetensors"
    state = target.pick([one for one in WILD if isinstance(one, str)])
    head = target.pick(
        (json.dumps({"__metadata__": {"state": state, "sha256": "0" * 64}}), DEEP, "[]", "{}",
         '{"a": {"dtype": "F32", "shape": [1000000000, 1000000000], "data_offsets": [0, 4]}}',
         '{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [-8, 1e9]}}',
         '{"__metadata__": {"state": "{}"}, "a": {"dtype": 5, "shape": null}}')
    ).encode()  # fmt: skip
    if found.parent.is_dir() and not found.is_dir():
        _write(found, struct.pack("<Q", target.pick((len(head), 2**63, 3))) + head + bytes(8))


def _write(path: Path, content: bytes) -> None:
    # it may be a pipe or a link by now
    path.unlink(missing_ok=True)
    path.write_bytes(content)


ATTACKS: tuple[Callable[[Target], None], ...] = (
    launcher, settings, name, path, link, pipe, trigger, view, column, missing, rubbish, checkpoint,
    column, link, path,
)  # fmt: skip
"""Those with many ways come twice."""
