"""By what a file is known again: its size and time, which are quick to compare, and its hash."""

from __future__ import annotations

from pathlib import Path

from napari_alnt.data.atomic import sha256
from napari_alnt.data.images.formats import find_format
from napari_alnt.errors import AlntError


def file_stat(path: Path) -> str:
    """Size (bytes) and time of change (ns) of all files of an image, as they are recorded.

    Raises
    ------
    OSError
        If a file is missing.
    """
    found = (one.stat() for one in find_format(path).files(path))
    return " ".join(f"{one.st_size}:{one.st_mtime_ns}" for one in found)


def same_stat(path: Path, recorded: str | None) -> bool:
    """Whether a file is there with the size and time that were recorded."""
    try:
        return bool(recorded) and file_stat(path) == recorded
    except (AlntError, OSError):
        return False


def file_hash(path: Path) -> str:
    """SHA-256 of all files of an image, as 64 hexadecimal digits.

    Raises
    ------
    AlntError
        If a file is missing, cannot be read, or is of no known format.
    """
    return find_format(path).hash(path)


def same_hash(path: Path, recorded: str) -> bool:
    """Whether a file has the content that was recorded; raises as :func:`file_hash`."""
    if file_hash(path) == recorded:
        return True
    # earlier versions hashed one file of a pair
    return len(find_format(path).files(path)) > 1 and sha256(path) == recorded
