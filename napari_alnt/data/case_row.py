"""A case from its row of the table, which anybody may have made."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from napari_alnt.data.case import Case, Status
from napari_alnt.data.fingerprint import same_stat
from napari_alnt.data.paths import damaged, inside, read_json, require_name

CASES = """
SELECT cases.*, versions.number AS version, versions.file AS version_file,
    versions.sha256 AS version_sha256, drafts.seconds IS NOT NULL AS draft
FROM cases
LEFT JOIN versions ON versions."case" = cases.name AND versions.number =
    (SELECT max(number) FROM versions AS v WHERE v."case" = cases.name AND v.reverted = 0)
LEFT JOIN drafts ON drafts."case" = cases.name
"""
"""Every case with its newest version that has not been reverted, and whether there is a draft."""


def read_case(row: Any, folder: Path) -> Case:
    """A case from a row of :data:`CASES` in the project of a folder.

    Raises
    ------
    AlntError
        If the row holds what napari-alnt never writes, such as a path that leads out of the folder.
    """
    try:
        return _checked(row, folder)
    # a name that is too long, or a value of another type than ours
    except (OSError, OverflowError, TypeError, ValueError) as error:
        raise damaged("a row of its cases cannot be read") from error


def _checked(row: Any, folder: Path) -> Case:
    accepted = bool(row["version"])
    expert: Path | None
    if accepted:
        expert = inside(folder, row["version_file"])
    else:
        expert = _find(row, "expert", folder) if row["expert"] else None
    return Case(
        name=require_name(row["name"]),
        number=row["number"],
        image=_find(row, "image", folder),
        teacher=_find(row, "teacher", folder) if row["teacher"] else None,
        expert=expert,
        role="reference" if accepted and row["role"] == "pool" else row["role"],
        status=_status(row, expert),
        patient=row["patient"],
        version=row["version"] or 0,
        image_sha256=row["image_sha256"],
        teacher_sha256=row["teacher_sha256"],
        expert_sha256=row["version_sha256"] if accepted else row["expert_sha256"],
        shape=_three(row["shape"], int),
        spacing=_three(row["spacing"], float),
    )


def _find(row: Any, kind: str, folder: Path) -> Path:
    """A case's file, of which either recorded path may be out of date."""
    recorded = Path(row[kind])
    if not row[f"{kind}_relative"]:
        return recorded
    # the project and its data may have been moved together, or the project alone
    by_relative = Path(os.path.normpath(folder / row[f"{kind}_relative"]))
    if not by_relative.exists():
        return recorded
    # beside a copied project, other data may have files of the same names
    stat = row[f"{kind}_stat"]
    if by_relative != recorded and same_stat(recorded, stat) and not same_stat(by_relative, stat):
        return recorded
    return by_relative


def _status(row: Any, expert: Path | None) -> Status:
    """How far the work on a case has come; a draft counts for less than what was decided."""
    if row["version"]:
        return "accepted"
    if expert:
        return "expert"
    mark: Status = row["mark"]
    return "draft" if mark == "new" and row["draft"] else mark


def _three(text: Any, kind: type[int] | type[float]) -> Any:
    """A shape or spacing (z, y, x) from its column."""
    values = read_json(text, "the shape or spacing of a case")
    z, y, x = (kind(value) for value in values)
    if not all(0 < value < math.inf for value in (z, y, x)):
        raise ValueError
    return z, y, x
