"""What the user should know of the files of a project: said, but no reason to refuse them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from napari_alnt.data.paths import damaged, read_json
from napari_alnt.errors import AlntError

NAMED = 3
"""Cases that are named in a sentence; of the others only the number is."""


@dataclass(frozen=True)
class Notice:
    """Something that cannot be meant, in some cases or in the whole project.

    Its ``str`` is one sentence: where, what, and what to do.

    Attributes
    ----------
    cases : names of the cases; () where it is said of the project
    text : what is strange; goes on from "In case 'a' …" where there are cases
    cure : what to do about it
    """

    cases: tuple[str, ...]
    text: str
    cure: str

    def __post_init__(self) -> None:
        # names of files and labels stand in it, and it goes to a terminal
        for name in ("text", "cure"):
            shown = "".join(char if char.isprintable() else "?" for char in getattr(self, name))
            object.__setattr__(self, name, shown)

    def __str__(self) -> str:
        return f"{in_cases(self.cases)}{self.text}; {self.cure}."


class Implausible(AlntError):
    """There are notices, and it was asked to take them for errors.

    Attributes
    ----------
    notices : those notices
    """

    def __init__(self, notices: Sequence[Notice]) -> None:
        self.notices = tuple(notices)
        others = len(self.notices) - 1
        more = f" (and {others} more notice{'s' if others > 1 else ''})" if others else ""
        first = str(notices[0]).rstrip(".")
        super().__init__(f"Nothing was made, as notices count as errors here: {first}{more}.")


def require_none(notices: Sequence[Notice]) -> None:
    """Raise :class:`Implausible` if there is a notice."""
    if notices:
        raise Implausible(notices)


def in_cases(cases: Sequence[str]) -> str:
    """The start of a sentence that names cases: "In case 'a' ", or "" for none."""
    if not cases:
        return ""
    if len(cases) == 1:
        return f"In case '{cases[0]}' "
    return f"In {len(cases)} cases ({named(cases)}) "


def named(cases: Sequence[str]) -> str:
    """The first few names in quotes, and how many more there are."""
    shown = ", ".join(f"'{name}'" for name in cases[:NAMED])
    left = len(cases) - NAMED
    return f"{shown} and {left} more" if left > 0 else shown


def to_json(notices: Iterable[Notice]) -> str:
    """Notices as they are kept in the project's table."""
    return json.dumps([asdict(notice) for notice in notices])


def from_json(text: Any) -> tuple[Notice, ...]:
    """Notices from the project's table.

    Raises
    ------
    AlntError
        If they are not what :func:`to_json` writes.
    """
    found = read_json(text, "its notices")
    try:
        notices = [Notice(tuple(map(str, one["cases"])), one["text"], one["cure"]) for one in found]
        # names from somebody else's table are shown in a terminal, too
        if not all(str(notice).isprintable() for notice in notices):
            raise ValueError
    except (KeyError, TypeError, ValueError) as error:
        raise damaged("its notices cannot be read") from error
    return tuple(notices)
