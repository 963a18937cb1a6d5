"""The seal of a project: whether anything but napari-alnt has changed it since it was closed.

SQLite keeps no checksums, so a damaged or an exchanged table may be read without a word. The table
records no hash of strokes, checkpoints and the student's pictures, which are written all the time.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from napari_alnt.data.atomic import is_temporary, sha256, write_text
from napari_alnt.data.folder import TABLE
from napari_alnt.data.paths import inside
from napari_alnt.errors import AlntError

BROKEN = "broken"
"""Key in the table under which it is kept that a seal was found broken."""
SEAL = "alnt.sha256"
"""Name of the seal in a project's folder; written when a project that was written to is closed."""

_SEALED = ("labels/*/journal", "runs/*/checkpoint/*", "runs/*/maps/*")
"""Files that are sealed beside the table."""

# offsets in the header of an SQLite file, see its "Database File Format"
_CHANGES = slice(24, 28)
_VALID_FOR = slice(92, 96)


def write_seal(folder: Path) -> None:
    """Record the content of a project that is closed; without the seal nothing is checked."""
    # it guards what is there and is no part of it: a full disk must not keep a project open
    with contextlib.suppress(AlntError, OSError):
        changes = _changes(folder / TABLE)[0]
        values = {
            "changes": changes,
            "sha256": sha256(folder / TABLE),
            "files": _fingerprints(folder, _read(folder).get("files")),
        }
        write_text(folder / SEAL, json.dumps(values) + "\n")


def _fingerprints(folder: Path, earlier: Any) -> dict[str, list[str]]:
    """Size and time, and hash, of each file; a hash of before holds for a file that is as then."""
    known = earlier if isinstance(earlier, dict) else {}
    found = {}
    for pattern in _SEALED:
        for path in folder.glob(pattern):
            name = path.relative_to(folder).as_posix()
            # a link may lead to anything, and a crash may have left a part of one
            if is_temporary(path.name) or not _is_plain(folder, name):
                continue
            stat = _stat(path)
            match known.get(name):
                case [str(before), str(digest)] if before == stat:
                    found[name] = [stat, digest]
                case _:
                    found[name] = [stat, sha256(path)]
    return found


def changed_files(folder: Path, thorough: bool = False) -> tuple[str, ...]:
    """Paths of files that are others, or gone, since the project was last closed.

    Nothing is known, and () is returned, if it was opened to write since.

    Parameters
    ----------
    folder : of a project that nobody is writing to
    thorough : hash all of them, also those that have their size and time
    """
    try:
        seal = _read(folder)
        if not seal or _changes(folder / TABLE)[0] != int(seal["changes"]):
            return ()
        return tuple(
            name
            for name, (stat, wanted) in seal["files"].items()
            if name.isprintable()
            and (not _is_plain(folder, name) or _is_other(folder / name, stat, wanted, thorough))
        )
    # a seal that is damaged says nothing
    except (
        AlntError,
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
        TypeError,
        ValueError,
    ):
        return ()


def _is_plain(folder: Path, name: str) -> bool:
    try:
        return inside(folder, name).is_file() and not (folder / name).is_symlink()
    except AlntError:
        return False


def _is_other(path: Path, stat: str, wanted: str, thorough: bool) -> bool:
    return (thorough or _stat(path) != stat) and sha256(path) != wanted


def _stat(path: Path) -> str:
    found = path.stat()
    return f"{found.st_size}:{found.st_mtime_ns}"


def _read(folder: Path) -> dict[str, Any]:
    """The seal, or {} if there is none that can be read."""
    try:
        if not (folder / SEAL).is_file():
            return {}
        found = json.loads((folder / SEAL).read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def broken_seal(folder: Path) -> str:
    """What is wrong with a table that nobody is writing to, in words; "" if nothing is known.

    A table that napari-alnt has changed since, as before a crash, has a seal of no use.
    """
    try:
        # a crash has left it half written, which SQLite mends
        if (folder / f"{TABLE}-journal").exists():
            return ""
        seal = _read(folder)
        changes, valid_for = _changes(folder / TABLE)
        if changes != valid_for or changes < int(seal["changes"]):
            return "is older than its seal or damaged"
        if changes == int(seal["changes"]) and sha256(folder / TABLE) != str(seal["sha256"]):
            return "is not as it was when it was last closed"
    # a seal that is missing or damaged says nothing
    except (AlntError, ArithmeticError, LookupError, OSError, TypeError, ValueError):
        return ""
    return ""


def _changes(table: Path) -> tuple[int, int]:
    """The number of transactions, which SQLite counts at two places."""
    with table.open("rb") as file:
        head = file.read(_VALID_FOR.stop)
    return int.from_bytes(head[_CHANGES], "big"), int.from_bytes(head[_VALID_FOR], "big")
