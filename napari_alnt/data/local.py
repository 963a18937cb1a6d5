"""What belongs to a user and a machine and not to a project, in one small file.

Such are the launcher of a project's training, as a project can come from anybody and the command
that is run with it must not come with it, and how a user likes the window.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock
import platformdirs

from napari_alnt.data.atomic import make_folder, write_text
from napari_alnt.errors import AlntError

FOLDER = "NAPARI_ALNT_CONFIG"
"""Environment variable that names another folder for the file, for tests and scripts."""


def load_launcher(project: Path) -> str:
    """The launcher that this user has entered for a project folder, or ""."""
    kept = _mapping(load("launchers")).get(key(project))
    return kept if isinstance(kept, str) else ""


def save_launcher(project: Path, launcher: str) -> None:
    """Keep the launcher of a project folder for this user; "" forgets it.

    Raises
    ------
    AlntError
        If the user's folder cannot be written to.
    """
    # nothing is written for those who never use a launcher
    if load_launcher(project) == launcher:
        return

    def put(found: Any) -> dict[str, Any]:
        others = {name: kept for name, kept in _mapping(found).items() if name != key(project)}
        return others | ({key(project): launcher} if launcher else {})

    change("launchers", put)


def load(name: str) -> Any:
    """What is kept under a name, as JSON has it, or None; anybody may have edited it."""
    return _load().get(name)


def save(name: str, value: Any) -> None:
    """Keep a value that JSON can hold under a name; raises as :func:`change`."""
    change(name, lambda _: value)


def change(name: str, put: Callable[[Any], Any]) -> None:
    """Replace what is kept under a name by what ``put`` makes of it.

    Raises
    ------
    AlntError
        If the user's folder cannot be written to.
    """
    file = _file()
    make_folder(file.parent)
    try:
        # another window may save something at this moment
        with filelock.FileLock(file.with_suffix(".lock"), timeout=10):
            kept = _load()
            kept[name] = put(kept.get(name))
            write_text(file, json.dumps(kept, indent=1) + "\n")
    except OSError as error:
        raise AlntError(
            f"'{name}' was not saved because '{file}' cannot be written; check that folder."
        ) from error


def key(project: Path) -> str:
    """The name under which something is kept for a project folder."""
    return os.path.realpath(project)


def _file() -> Path:
    folder = os.environ.get(FOLDER) or platformdirs.user_config_path("napari-alnt", appauthor=False)
    return Path(folder) / "user.json"


def _load() -> dict[str, Any]:
    """All that is kept; a file that is damaged is as none."""
    try:
        return _mapping(json.loads(_file().read_text(encoding="utf-8")))
    except (OSError, RecursionError, ValueError):
        return {}


def _mapping(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}
