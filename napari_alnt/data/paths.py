"""What the project's table says is checked here before it is used, as anybody may have made it:
names, paths and values.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from napari_alnt.errors import AlntError

# a case's name is the name of a folder, also when the project is copied to Windows
_FORBIDDEN = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))]
)
_LONGEST_NAME = 120


def can_name_a_folder(name: object) -> bool:
    """Whether every system takes this as the name of a folder, and of no other one."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= _LONGEST_NAME
        and name == name.strip()
        and not name.startswith(".")
        and not name.endswith(".")
        and not any(char in _FORBIDDEN or not char.isprintable() for char in name)
        and name.lower().split(".")[0] not in _DEVICES
    )


def require_name(name: Any) -> str:
    """A case's name from the table, which becomes a part of paths.

    Raises
    ------
    AlntError
        If it cannot name a folder.
    """
    if not can_name_a_folder(name):
        raise damaged(f"it has a case named {_shown(name)}")
    return str(name)


def inside(folder: Path, relative: Any) -> Path:
    """The path of a file under a folder; it need not exist.

    Raises
    ------
    AlntError
        If it leads out of the folder: by ``..``, by an absolute path or by a symbolic link.
    """
    try:
        root = os.path.realpath(folder)
        found = os.path.realpath(os.path.join(root, relative))
        is_below = os.path.commonpath((root, found)) == root != found
        # a longer name cannot be looked for
        is_below = is_below and all(len(os.fsencode(name)) < 256 for name in Path(relative).parts)
    # a null character, a loop of links, two drives of Windows, or no text at all
    except (OSError, RuntimeError, TypeError, ValueError):
        is_below = False
    # links are followed above, but not a step up after one
    if not is_below or ".." in Path(relative).parts or Path(relative).is_absolute():
        raise damaged(f"{_shown(relative)} leads out of the folder '{folder.name}'")
    return folder / str(relative)


def read_json(text: Any, what: str) -> Any:
    """A value that is stored as JSON; ``what`` it is of is named in the message.

    Raises
    ------
    AlntError
        If it is no JSON, or nested too deeply to be one of ours.
    """
    try:
        return json.loads(text)
    except (RecursionError, TypeError, ValueError) as error:
        raise damaged(f"{what} cannot be read") from error


def damaged(reason: str) -> AlntError:
    """What to tell the user of a table that holds what napari-alnt never writes."""
    return AlntError(
        f"The project's table is damaged or not to be trusted ({reason}), so it is not used; ask"
        " whoever gave it to you, or restore it from a backup."
    )


def _shown(value: Any) -> str:
    """A value as it can be shown: not too long, and without control characters."""
    return ascii(value)[:100]
