"""What an image may claim: sizes, places and values that occur, and no more memory than is free."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil  # type: ignore[import-untyped]

from napari_alnt.errors import AlntError

SPACING = (0.01, 100.0)
"""Least and largest distance of neighbouring voxels, in mm."""
EXTENT = 5_000.0
"""Largest extent of a volume along one axis, in mm."""
OFFSET = 10_000.0
"""Largest distance of the first voxel from the origin along one axis, in mm."""
VALUE = 1e9
"""Largest magnitude of an image's value."""
GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
GROUP_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Where a group says its limit, what is taken, and how much of that is kept of files."""


def require_place(path: Path, shape: tuple[int, ...], affine: npt.NDArray[np.float64]) -> None:
    """Refuse a grid that no scanner makes.

    Parameters
    ----------
    path : the image, for the message
    shape : (i, j, k) in voxels
    affine : (4, 4), voxel index to mm

    Raises
    ------
    AlntError
        If spacing, extent or offset is beyond :data:`SPACING`, :data:`EXTENT` or :data:`OFFSET`.
    """
    spacing = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    extent = spacing * shape
    offset = np.abs(affine[:3, 3])
    # a header of 32 bits has 0.01 as a little less
    low, high = SPACING[0] * (1 - 1e-6), SPACING[1] * (1 + 1e-6)
    reason = ""
    if spacing.min() < low or spacing.max() > high:
        worst = spacing.min() if spacing.min() < low else spacing.max()
        reason = f"voxels of {worst:.3g} mm, and those of an image have 0.01 to 100 mm"
    elif extent.max() > EXTENT:
        reason = f"an extent of {extent.max() / 1000:.3g} m, and an image has at most 5 m"
    elif offset.max() > OFFSET:
        reason = f"a place {offset.max() / 1000:.3g} m from the origin, and an image has at most 10"
    if reason:
        raise AlntError(
            f"The header of '{path}' claims {reason}; export it again in millimetres from its"
            " source."
        )


def require_values(path: Path, low: float, high: float) -> None:
    """Raise an ``AlntError`` if the least or largest finite value is beyond :data:`VALUE`."""
    worst = max(low, high, key=abs)
    if abs(worst) > VALUE:
        raise AlntError(
            f"The image '{path}' holds the value {worst:.3g}, and no grey value is beyond ±1e9;"
            " check the scaling in its header, or export it again."
        )


def free_memory() -> int:
    """Memory that can be taken without swapping, in bytes."""
    return max(0, min([int(psutil.virtual_memory().available), *left_by_groups()]))


def left_by_groups(own: Path = OWN_GROUPS, mounted: Path = GROUPS) -> list[int]:
    """Bytes that containers and batch systems leave to this process; empty where none has a limit.

    Parameters
    ----------
    own : file of the groups that this process is in, which only Linux has
    mounted : folder of all groups
    """
    left = []
    with suppress(OSError, ValueError):
        for line in own.read_text().splitlines():
            _, controllers, name = line.split(":", 2)
            if controllers in ("", "memory"):  # of version 2, or of version 1
                top = mounted / controllers
                folder = top / name.lstrip("/")
                # a group has at most what those above it have
                groups = [one for one in (folder, *folder.parents) if top in (one, *one.parents)]
                left += [found for one in groups if (found := _left_by_group(one)) is not None]
    return left


def _left_by_group(folder: Path) -> int | None:
    for limit, used, cached in GROUP_FILES:
        with suppress(OSError, ValueError, KeyError):
            # "max" is no number: there is no limit
            most, taken = (int((folder / name).read_text()) for name in (limit, used))
            lines = (folder / "memory.stat").read_text().splitlines()
            # what is kept of files is given back when memory is short
            return most - taken + int(dict(line.split(" ", 1) for line in lines)[cached])
    return None


def require_memory(path: Path, needed: int) -> None:
    """Raise an ``AlntError`` if an image needs more bytes than are free."""
    if needed > (free := free_memory()):
        raise AlntError(
            f"The image '{path}' needs {needed / 2**20:.1f} MiB of memory, and"
            f" {free / 2**20:.1f} MiB are free; close other programs, or crop the image."
        )


@contextmanager
def memory_for(path: Path) -> Iterator[None]:
    """Say with an ``AlntError`` that memory ran out while an image was read."""
    try:
        yield
    except MemoryError as error:
        raise AlntError(
            f"Memory ran out while '{path}' was read; close other programs, or crop the image."
        ) from error
