"""Names and colours of a project's labels, which can be changed at any time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_alnt.data.table import put
from napari_alnt.errors import AlntError

if TYPE_CHECKING:
    from napari_alnt.data.store import ProjectStore

KEY = "label_colours"
LONGEST = 80
"""Most characters of a name."""
COLOUR = re.compile(r"#[0-9a-f]{6}")


def read_colours(project: ProjectStore) -> dict[int, str]:
    """The colours that were chosen for label values, as #rrggbb; others have none of their own."""
    rows = project.table.rows(f"SELECT value FROM meta WHERE key = '{KEY}'")
    try:
        found = json.loads(rows[0]["value"]) if rows else {}
    except ValueError:
        found = {}
    return _colours(found)


def _colours(found: Any) -> dict[int, str]:
    """What is well written of it; anybody may have edited it."""
    if not isinstance(found, Mapping):
        return {}
    return {
        int(value): colour
        for value, colour in found.items()
        if str(value).isdecimal() and isinstance(colour, str) and COLOUR.fullmatch(colour)
    }


def rename_label(project: ProjectStore, value: int, name: str) -> None:
    """Give a label another name.

    Raises
    ------
    AlntError
        If there is no such label, the name is empty, or the project is read-only.
    """
    _require(project, value)
    text = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    if not text:
        raise AlntError(f"The name of label {value} is empty; write one.")
    with project.change() as table:
        put(table, "labels", value=value, name=text[:LONGEST])


def recolour_label(project: ProjectStore, value: int, colour: str) -> None:
    """Give a label another colour, as #rrggbb.

    Raises
    ------
    AlntError
        If there is no such label, it is no colour, or the project is read-only.
    """
    _require(project, value)
    if not COLOUR.fullmatch(colour.lower()):
        raise AlntError(f"'{colour}' is no colour for label {value}; write it as #rrggbb.")
    chosen = read_colours(project) | {value: colour.lower()}
    with project.change() as table:
        put(
            table,
            "meta",
            key=KEY,
            value=json.dumps({str(one): name for one, name in chosen.items()}),
        )


def _require(project: ProjectStore, value: int) -> None:
    if value not in project.label_names:
        raise AlntError(f"The project has no label {value}; its labels are fixed when it is made.")
