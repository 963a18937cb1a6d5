"""What the child says is checked before anybody acts on it: it speaks of this project, or not."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any

from napari_alnt.codec import from_line
from napari_alnt.data.paths import inside
from napari_alnt.errors import AlntError
from napari_alnt.events import Command, Event, Warned

LONGEST_LINE = 10_000_000
"""Bytes of a line that are read; no event is nearly as long."""
MOST_WARNINGS = 5
"""Lines that are no events of which the user is told; others like them are passed over."""

_OF_CASE = ("case", "cases")
_FILES = ("file", "student", "trust_map")


class Receiver:
    """Makes events of the lines that a child writes.

    Parameters
    ----------
    folder : the project's, in which all files lie that an event names
    cases : names of the project's cases; None where they are not known
    """

    def __init__(self, folder: Path, cases: Collection[str] | None = None) -> None:
        self._folder = folder
        self._cases = cases
        self._warnings = 0

    def events(self, stream: IO[bytes]) -> Iterator[Event]:
        """The events of a stream, to its end.

        Raises
        ------
        AlntError
            If an event names a case that the project does not have, or a file outside it.
        """
        for line in _lines(stream):
            try:
                event = _event(line)
            except AlntError as error:
                self._warnings += 1
                if self._warnings <= MOST_WARNINGS:
                    yield Warned(str(error))
                continue
            self._check(event)
            yield event

    def _check(self, event: Event) -> None:
        for field, name in _strings(event):
            if field in _OF_CASE and self._cases is not None and name not in self._cases:
                raise AlntError(_foreign(f"a case {name!a:.60} that the project does not have"))
            if field in _FILES:
                try:
                    inside(self._folder, name)
                except AlntError as error:
                    raise AlntError(_foreign(f"the file {name!a:.60} outside it")) from error


def _foreign(what: str) -> str:
    return (
        f"The training spoke of {what}, so it was ended and the rest of what it said was not"
        " taken; train again, and see engine.log in the run's folder if it happens again."
    )


def _lines(stream: IO[bytes]) -> Iterator[bytes | None]:
    """The lines of a stream; None in the place of one that is too long."""
    while line := stream.readline(LONGEST_LINE):
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
        yield None


def _event(line: bytes | None) -> Event:
    if line is None:
        raise AlntError(
            f"The engine said something of more than {LONGEST_LINE // 10**6} MB that is no event;"
            " it was left out."
        )
    event: Event | Command = from_line(line.decode("utf-8", errors="replace"))
    if isinstance(event, Command):
        raise AlntError("The engine said a command, which is no event; it was left out.")
    return event


def _strings(record: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Every text in an event, with the name of the field that holds it."""
    if isinstance(record, str):
        yield field, record
    elif isinstance(record, tuple):
        for part in record:
            yield from _strings(part, field)
    elif dataclasses.is_dataclass(record):
        for item in dataclasses.fields(record):
            yield from _strings(getattr(record, item.name), item.name)
