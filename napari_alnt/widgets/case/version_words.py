"""A version of a case's mask in words, as the menu of versions has it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from napari_alnt.widgets.parts.style import duration

if TYPE_CHECKING:
    from napari_alnt.data import LabelVersion

SOURCES = {
    "teacher": "from the teacher's mask",
    "student": "from the student's mask",
    "expert": "from the first expert mask",
    "file": "from a file",
    "": "from an empty mask",
}


def words(version: LabelVersion, now: int) -> str:
    """Number, state, author, time, minutes and source; ``now`` is the version that is in use."""
    parts = [
        f"Version {version.number}{_state(version, now)}",
        version.author,
        when(version.created),
        duration(version.seconds) if version.seconds else "",
        "unchanged" if version.confirmed else _source(version),
    ]
    return "  ·  ".join(part for part in parts if part)


def when(created: str) -> str:
    """A time in UTC as it is stored, in the time of this machine."""
    try:
        return datetime.fromisoformat(created).astimezone().strftime("%d.%m.%Y %H:%M")
    except ValueError:
        return created


def _state(version: LabelVersion, now: int) -> str:
    if version.number == now:
        return " (in use)"
    return " (set aside)" if version.reverted else ""


def _source(version: LabelVersion) -> str:
    source = version.source or version.parent
    if source.isdecimal():
        return f"from version {int(source)}"
    return SOURCES.get(source, f"from {source}")
