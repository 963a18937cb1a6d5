"""A mask that is about to be given up is in its case's journal first."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data.atomic import make_folder, write_bytes
from napari_alnt.data.strokes.journal import OPEN, WRITING, mask_at, steps
from napari_alnt.data.strokes.journal_file import MAGIC, Kind, Record
from napari_alnt.data.strokes.journal_mask import encode_base, slice_sums, state_of
from napari_alnt.errors import AlntError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_alnt.data.images.on_disk import Array


def keep_mask(path: Path, mask: Array, version: int, seconds: float) -> int:
    """Have a mask in a journal, and return the number of the step after which it stands there.

    Parameters
    ----------
    path : the journal's file, which need not exist
    mask : label values (Z, Y, X)
    version : the case's accepted version, 0 if there is none
    seconds : human time spent on it

    Raises
    ------
    AlntError
        If it cannot be written.
    """
    if (live := OPEN.get(path)) is not None:
        live.flush()
    newest = len(steps(path)) - 1
    # of a journal that is damaged, the mask cannot be had
    with suppress(AlntError):
        if newest >= 0 and np.array_equal(mask_at(path, newest, mask.shape), mask):
            return newest
    state = state_of(slice_sums(mask))
    base = Record(
        Kind.BASE, 0, version, time.time(), seconds, 0, state, state, encode_base(mask)
    )  # fmt: skip
    with WRITING:
        make_folder(path.parent)
        # a program that still writes to the one before notices that it is another
        if path.exists():
            write_bytes(path.with_name(f"{path.name}.damaged"), path.read_bytes())
        write_bytes(path, MAGIC + base.encode())
    return 0
