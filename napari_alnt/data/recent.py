"""The projects that this user has opened last; kept for the user, and never in a project."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_alnt.data import local
from napari_alnt.data.folder import TABLE

NAME = "recent"
MOST = 8
"""Projects that are kept; the one that was opened longest ago goes first."""


@dataclass(frozen=True)
class Recent:
    """A project that was opened before.

    Attributes
    ----------
    folder : its folder
    title : its name, with so much of the path that no other in the list has the same
    """

    folder: Path
    title: str


class Presence:
    """Whether a project is there, found out in a thread of its own.

    A disk that is gone may hold up who looks at it for ever. Neither the other projects nor the end
    of the program wait for that.

    Attributes
    ----------
    missing : a sentence that says why it cannot be opened, "" if it can; None until that is known
    """

    def __init__(self, folder: Path) -> None:
        self.missing: str | None = None
        self._folder = folder
        self._thread = threading.Thread(target=self._look, name="alnt-recent", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        self.missing = why_missing(self._folder)

    def wait(self, seconds: float) -> None:
        """Wait until it is known, but not longer."""
        self._thread.join(seconds)


def remember(folder: Path | str) -> None:
    """Put a project first in the list.

    Raises
    ------
    AlntError
        If the user's folder cannot be written to.
    """
    newest = local.key(Path(folder))
    local.change(NAME, lambda found: [newest, *_others(found, newest)][:MOST])


def forget(folder: Path | str) -> None:
    """Take a project out of the list; the project itself stays. Raises as :func:`remember`."""
    gone = str(folder)
    local.change(NAME, lambda found: _others(found, gone))


def recent_projects() -> tuple[Recent, ...]:
    """The projects that were opened last, newest first, whether or not they are still there."""
    folders = [Path(path) for path in _paths(local.load(NAME))]
    return tuple(map(Recent, folders, tell_apart(folders)))


def why_missing(folder: Path) -> str:
    """A sentence that says why a folder is no project that can be opened; "" if it is one."""
    cure = "connect its disk or move it back, or take it off this list"
    try:
        os.stat(folder)
        # a table that is a link or a pipe is refused when the project is opened
        os.stat(folder / TABLE)
    except PermissionError:
        return f"'{folder}' may not be read by you; ask for the right to read it."
    except OSError:
        if folder.is_dir():
            return f"'{folder}' holds no project any more ({TABLE} is gone); {cure}."
        return f"There is no folder '{folder}' any more; {cure}."
    return ""


def tell_apart(folders: Sequence[Path]) -> list[str]:
    """The names of folders; where some are called alike, with as many parents as tell them apart.

    The folders must differ.
    """
    titles = [_printable(folder.name or str(folder)) for folder in folders]
    times = Counter(title.lower() for title in titles)
    for name, count in times.items():
        if count > 1:
            places = [place for place, title in enumerate(titles) if title.lower() == name]
            parents = [folders[place].parts[:-1] for place in places]
            for place, shown in zip(places, _shortest(parents), strict=True):
                titles[place] = f"{titles[place]}  ({_printable(shown)})"
    return titles


def _shortest(parents: Sequence[tuple[str, ...]]) -> list[str]:
    """The last parts of some paths, as few as make them differ."""
    count = 1
    while count < max(map(len, parents)) and len({path[-count:] for path in parents}) < len(
        parents
    ):
        count += 1
    return [os.path.join(*path[-count:]) if path else "" for path in parents]


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


def _others(found: Any, folder: str) -> list[str]:
    return [path for path in _paths(found) if path != folder]


def _paths(found: Any) -> list[str]:
    """The paths in what is kept, each once; anybody may have edited it."""
    paths = found if isinstance(found, list) else []
    good = [str(Path(path)) for path in paths if isinstance(path, str) and _is_path(path)]
    return list(dict.fromkeys(good))[:MOST]


def _is_path(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeError:
        return False
    return os.path.isabs(text) and "\0" not in text
