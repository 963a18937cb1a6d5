"""What was measured of accepted versions once and is kept, as it takes long: what each changed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_alnt.data.table import put

if TYPE_CHECKING:
    from napari_alnt.data.store import ProjectStore

KEY = "version work"
"""Its place in the table's ``meta``."""
NUMBERS = 3
"""Regions, slices, cm² of outline."""


def saved_work(project: ProjectStore) -> dict[str, tuple[float, ...]]:
    """Regions, slices and cm² that versions changed, by what names the version and its source.

    What is no such numbers is left out, as it can be measured again.
    """
    rows = project.table.rows("SELECT value FROM meta WHERE key = ?", KEY)
    try:
        found = json.loads(rows[0][0]) if rows else {}
    except (RecursionError, TypeError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): tuple(map(float, work)) for key, work in found.items() if _is_work(work)}


def save_work(project: ProjectStore, work: Mapping[str, tuple[float, ...]]) -> None:
    """Keep the numbers of more versions, beside those kept before."""
    value = json.dumps({**saved_work(project), **work})
    with project.change() as table:
        put(table, "meta", key=KEY, value=value)


def _is_work(value: object) -> bool:
    if not isinstance(value, list) or len(value) != NUMBERS:
        return False
    numbers = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in value)
    return numbers and all(0 <= one < math.inf for one in value)
