"""Notices about a project that this user has been told once, and need not be told again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from napari_alnt.data import local
from napari_alnt.errors import AlntError
from napari_alnt.settings import OnceNotice

KEY = "said"
"""Under which name it is kept for the user."""
MOST = 20
"""Notices that are kept for a project; the oldest go first."""


def unsaid(project: Path, notices: Iterable[str]) -> tuple[str, ...]:
    """The notices about a project folder without those that were to be said once and have been.

    Those that are left are taken as said from now on.
    """
    notices = tuple(notices)
    once = [str(notice) for notice in notices if isinstance(notice, OnceNotice)]
    if not once:
        return notices
    said = _said(local.load(KEY), project)
    if fresh := [notice for notice in once if notice not in said]:
        # where it cannot be kept it is said again, which does no harm
        with contextlib.suppress(AlntError):
            local.change(KEY, lambda found: _with(found, project, fresh))
    return tuple(
        notice for notice in notices if not isinstance(notice, OnceNotice) or notice not in said
    )


def _with(found: Any, project: Path, fresh: list[str]) -> dict[str, list[str]]:
    others = found if isinstance(found, dict) else {}
    return {**others, local.key(project): [*_said(found, project), *fresh][-MOST:]}


def _said(found: Any, project: Path) -> list[str]:
    """What was said about a project, from a file that anybody may have edited."""
    kept = found.get(local.key(project)) if isinstance(found, dict) else None
    return [one for one in kept if isinstance(one, str)] if isinstance(kept, list) else []
