"""Arrays that can be made again, kept in the project's folder ``cache``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_alnt.data import make_folder, save_array, sha256, write_text
from napari_alnt.data.paths import inside
from napari_alnt.errors import AlntError

FOLDER = "cache"


class ArrayCache:
    """Memory-mapped arrays by the hash of what they were made from.

    Beside each array lies a record of its size, its time and its hash; an array that is damaged,
    or has no record, is made again.

    Parameters
    ----------
    project : the project's folder
    """

    def __init__(self, project: Path) -> None:
        self._project = project

    def array(
        self,
        key: str,
        make: Callable[[], NDArray[Any]],
        dtype: DTypeLike,
        shape: tuple[int | None, ...],
    ) -> NDArray[Any]:
        """The array of a key, from its file or made anew.

        Parameters
        ----------
        key : the array's name, which can be a part of a file's name
        make : makes the array
        dtype, shape : of the array; None stands for any length of an axis

        Raises
        ------
        AlntError
            If it cannot be saved, or its file would lie outside the project.
        """
        path = inside(self._project, f"{FOLDER}/{key}.npy")
        record = inside(self._project, f"{FOLDER}/{key}.sha256")
        found = _read(path) if _is_whole(path, record) else None
        if found is not None and found.dtype == dtype and _has_shape(found, shape):
            return found
        make_folder(path.parent)
        save_array(path, make())
        _write_record(path, record, sha256(path))
        made = _read(path)
        if made is None:
            raise AlntError(f"'{path.name}' in the cache was damaged at once; check the disk.")
        return made


def _is_whole(path: Path, record: Path) -> bool:
    """Whether a file is as its record says; its content is read only where its time is another."""
    try:
        # what is no plain file, such as a pipe, may be waited for without end
        if not (path.is_file() and record.is_file()):
            return False
        stat, checksum = record.read_text(encoding="utf-8").split()
        if stat == _stat(path):
            return True
        if sha256(path) != checksum:
            return False
    except (AlntError, OSError, ValueError):
        return False
    # a copy of a project has other times
    _write_record(path, record, checksum)
    return True


def _write_record(path: Path, record: Path, checksum: str) -> None:
    write_text(record, f"{_stat(path)} {checksum}\n")


def _stat(path: Path) -> str:
    found = os.stat(path)
    return f"{found.st_size}:{found.st_mtime_ns}"


def _read(path: Path) -> NDArray[Any] | None:
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a damaged header fails in any way, and is made again
        return None
    return found if isinstance(found, np.ndarray) else None


def _has_shape(array: NDArray[Any], shape: tuple[int | None, ...]) -> bool:
    return array.ndim == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
