"""What belongs to a user and a machine and not to a project: the launcher of its training.

A project can come from anybody, so the command that is run with it must not come with it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import filelock
import platformdirs

from napari_alnt.data.atomic import make_folder, write_text
from napari_alnt.errors import AlntError

FOLDER = "NAPARI_ALNT_CONFIG"
"""Environment variable that names another folder for the file, for tests and scripts."""


def load_launcher(project: Path) -> str:
    """The launcher that this user has entered for a project folder, or ""."""
    return _load().get(_key(project), "")


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
    file = _file()
    make_folder(file.parent)
    try:
        # another window may save that of its own project
        with filelock.FileLock(file.with_suffix(".lock"), timeout=10):
            launchers = {name: kept for name, kept in _load().items() if name != _key(project)}
            if launcher:
                launchers[_key(project)] = launcher
            write_text(file, json.dumps(launchers, indent=1) + "\n")
    except OSError as error:
        raise AlntError(
            f"The launcher was not saved because '{file}' cannot be written; check that folder."
        ) from error


def _key(project: Path) -> str:
    return os.path.realpath(project)


def _file() -> Path:
    folder = os.environ.get(FOLDER) or platformdirs.user_config_path("napari-alnt", appauthor=False)
    return Path(folder) / "launchers.json"


def _load() -> dict[str, str]:
    """All launchers by project folder; a file that is damaged is as none."""
    try:
        found = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: kept for name, kept in found.items() if isinstance(kept, str)}
