"""How long a human has worked on the cases of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_alnt.data.store import ProjectStore


def time_spent(project: ProjectStore) -> dict[str, float]:
    """Seconds of human work by case, of those that have any.

    The clock of a case goes on from one version to the next, so its longest time counts, be it of
    a version, of one that was taken back, or of a draft.
    """
    rows = project.table.rows(
        'SELECT "case", max(seconds) AS seconds FROM'
        ' (SELECT "case", seconds FROM versions UNION ALL SELECT "case", seconds FROM drafts)'
        ' GROUP BY "case"'
    )
    return {row["case"]: float(row["seconds"]) for row in rows if (row["seconds"] or 0) > 0}


def time_on_case(project: ProjectStore, name: str) -> float:
    """Seconds of human work on one case; 0 if there is none."""
    return time_spent(project).get(name, 0.0)
