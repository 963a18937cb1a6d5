"""Cases that a human has flagged, each with a note of one line.

The column ``mark`` of a case says "flagged" or "skipped", and not both; so the flags stand beside
the project's settings, where a case that is skipped keeps its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_alnt.data.table import put

if TYPE_CHECKING:
    from napari_alnt.data.store import ProjectStore

KEY = "flags"
LONGEST = 300
"""Most characters of a note."""
POOL = """
SELECT name, mark FROM cases WHERE role = 'pool' AND NOT EXISTS
    (SELECT 1 FROM versions WHERE versions."case" = cases.name AND reverted = 0)
"""
"""Name and mark of the cases that no human has decided on; a flag is about those alone."""


def read_flags(project: ProjectStore) -> dict[str, str]:
    """The flagged cases of the pool by name, with their notes; '' where there is none."""
    noted = _noted(project)
    marks = {row["name"]: row["mark"] for row in project.table.rows(POOL)}
    return {
        case: noted.get(case, "")
        for case, mark in marks.items()
        if mark == "flagged" or case in noted
    }


def set_flag(project: ProjectStore, case: str, note: str | None) -> None:
    """Flag a case of the pool with a note, which may be '', or take its flag away with None.

    A case that was skipped stays skipped.

    Raises
    ------
    AlntError
        If there is no such case, it is not in the pool, or the project is read-only.
    """
    status = project.case(case).status
    if status != "skipped":
        # it also refuses a case that is not in the pool
        project.set_status(case, "new" if note is None else "flagged")
    flags = _noted(project)
    flags.pop(case, None)
    if note is not None:
        flags[case] = " ".join(note.split())[:LONGEST]
    with project.change() as table:
        put(table, "meta", key=KEY, value=json.dumps(flags))


def skip(project: ProjectStore, case: str) -> None:
    """Mark a case as skipped; its flag stays. Raises as :func:`set_flag`."""
    note = read_flags(project).get(case)
    project.set_status(case, "skipped")
    if note is not None:
        set_flag(project, case, note)


def _noted(project: ProjectStore) -> dict[str, str]:
    rows = project.table.rows("SELECT value FROM meta WHERE key = ?", KEY)
    return _checked(rows[0][0]) if rows else {}


def _checked(text: Any) -> dict[str, str]:
    """The notes in a text that anybody may have written; what is none of ours is left out."""
    try:
        found = json.loads(text)
    except (RecursionError, TypeError, ValueError):
        return {}
    if not isinstance(found, Mapping):
        return {}
    return {
        str(case): " ".join(note.split())[:LONGEST]
        for case, note in found.items()
        if isinstance(note, str)
    }
