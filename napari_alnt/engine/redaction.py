"""What the child says of failures holds no paths of images, as a patient's name may be in them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO, cast

from napari_alnt.data import Project
from napari_alnt.errors import AlntError
from napari_alnt.events import Event, Failed, Warned

CUT = "…"
"""What stands in the place of a folder."""

# another path in quotation marks, but for those of a traceback, which are the programs'
_QUOTED = re.compile(
    r"""(?<!File )(['"])(?:[A-Za-z]:)?[\\/](?:[^'"\n\\/]+[\\/]+)+(?=[^'"\n\\/]*\1)"""
)


class Redaction:
    """Takes paths out of texts: the project's files become case numbers, and others lose their
    folders.

    Parameters
    ----------
    project : the project's folder; its table is read when a text is first looked at
    """

    def __init__(self, project: Path) -> None:
        self._project = project

    def text(self, text: str) -> str:
        """The text without the paths."""
        for path, name in self._names.items():
            if path in text:  # quick, and of many paths hardly one is there
                edges = rf"(?<![\w.\-{CUT}\\/]){re.escape(path)}(?![\w\-])"
                text = re.sub(edges, lambda _, name=name: name, text)  # type: ignore[misc]
        return _QUOTED.sub(rf"\1{CUT}/", text)

    def event(self, event: Event) -> Event:
        """The event without the paths in its sentences."""
        if isinstance(event, Failed):
            changes = {"message": self.text(event.message), "detail": self.text(event.detail)}
            return dataclasses.replace(event, **changes)
        if isinstance(event, Warned):
            return Warned(self.text(event.message))
        return event

    def stream(self, stream: TextIO) -> TextIO:
        """A stream that takes the paths out of what is written to it."""
        return cast("TextIO", _RedactedStream(stream, self))

    @cached_property
    def _names(self) -> dict[str, str]:
        """What stands for each path, the longest first."""
        names: dict[str, str] = {}
        folders = {self._project.absolute()}
        for path, name in _files(self._project):
            # files of several cases may be called alike
            alone = CUT if names.get(path.name, name) != name else name
            names |= dict.fromkeys(_spellings(Path(path.name)), alone)
            names |= dict.fromkeys(_spellings(path), name)
            folders.add(path.parent)
        for folder in folders:
            # of those above it too, but for the root
            for above in [folder, *folder.parents][: len(folder.parts) - 1]:
                names |= dict.fromkeys(_spellings(above), CUT)
        return dict(sorted(names.items(), key=lambda item: len(item[0]), reverse=True))


class _RedactedStream:
    def __init__(self, stream: TextIO, redaction: Redaction) -> None:
        self._stream = stream
        self._redaction = redaction

    def write(self, text: str) -> int:
        self._stream.write(self._redaction.text(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files of a project's cases, and what stands for each."""
    try:
        with Project.open(folder, write=False) as project:
            cases = project.cases
    except (AlntError, OSError):
        return  # that it cannot be read is what is being told
    for case in cases:
        files = {"image": case.image, "teacher": case.teacher, "expert": case.expert}
        for kind, path in files.items():
            if path is not None:
                yield path, f"{kind} of case {case.number}"


def _spellings(path: Path) -> set[str]:
    """A path as texts may have it: as it is, and as Python shows a text."""
    plain = str(path)
    return {plain, repr(plain)[1:-1], ascii(plain)[1:-1]}
