"""Damaged headers and streams are read right or refused in a sentence, soon and cheaply.

An attempt damages a small image and gives it to three readers.
"""

from __future__ import annotations

import copy
import logging
import time
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from napari_alnt.data.images.volume import Grid, Volume, read_grid, read_labels, read_volume
from napari_alnt.errors import AlntError
from robustness import mutations
from robustness.result import Result, Tally
from robustness.work import Memory, folder, without

KINDS = ("untyped", "bad grid", "bad values", "over 1 s", "over 200 MB")
READERS: tuple[Callable[[Path], Grid | Volume], ...] = (read_grid, read_volume, read_labels)
SECONDS = 1.0
BYTES = 200 * 2**20
ROOM = 1 + 1e-5
"""A float of 32 bits has the limits a little beside themselves."""
ENDINGS = (".nii", ".nii.gz", ".hdr", ".img", ".mgz", ".mgh")


def run(count: int, seed: int, first: int = 0) -> Result:
    """Damage and read the files ``first`` to ``first + count - 1``."""
    tally = Tally(seed, KINDS)
    logging.getLogger("nibabel.global").setLevel(logging.CRITICAL)
    memory = Memory()
    with folder() as work:
        for index in range(first, first + count):
            tally.tried()
            path = _write(work, np.random.default_rng([seed, index]))
            memory.start()
            start = time.process_time()
            for read in READERS:
                _judge(read, path, index, tally)
            if (taken := time.process_time() - start) > SECONDS:
                tally.fail("over 1 s", index, f"{taken:.1f} s")
            if (grown := memory.grown()) > BYTES:
                tally.fail("over 200 MB", index, f"{grown / 2**20:.0f} MiB")
            for file in work.iterdir():
                file.unlink()
    return tally.result()


@cache
def _sources() -> list[mutations.Image]:
    return mutations.sources()


def _write(work: Path, rng: np.random.Generator) -> Path:
    """Write a damaged image; the path that a reader is given."""
    sources = _sources()
    image = copy.deepcopy(sources[rng.integers(len(sources))])
    mutations.damage(image, rng)
    ending = image.endings[0]
    if image.voxels is not None:
        (work / "a.img").write_bytes(image.voxels)
        if image.matrix is not None:
            (work / "a.mat").write_bytes(image.matrix)
    elif image.zipped:
        ending = ".mgz" if ending == ".mgz" else ".nii.gz"
    if rng.random() < 0.03:
        ending = ENDINGS[rng.integers(len(ENDINGS))]
    zipped = image.zipped or ending.endswith("z")
    content = mutations.compress(bytes(image.content), rng) if zipped else image.content
    (work / f"a{ending}").write_bytes(content)
    second = image.voxels is not None and ending == ".hdr" and rng.random() < 0.3
    return work / ("a.img" if second else f"a{ending}")


def _judge(read: Callable[[Path], Any], path: Path, index: int, tally: Tally) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            found = read(path)
        except AlntError:
            tally.count("refused")
            return
        except BaseException as error:  # noqa: BLE001 — this is what is looked for
            tally.fail("untyped", index, f"{read.__name__}: {without(path.parent, error)}")
            return
        finally:
            # nibabel leaves it to Python to close a file
            if any(one.category is not ResourceWarning for one in warned):
                tally.count("warned")
    tally.count("accepted")
    grid = found.grid if isinstance(found, Volume) else found
    if fault := bad_grid(grid):
        tally.fail("bad grid", index, f"{read.__name__}: {fault}")
    if isinstance(found, Volume) and (fault := _bad_values(found, read is read_labels)):
        tally.fail("bad values", index, f"{read.__name__}: {fault}")


def bad_grid(grid: Grid) -> str:
    """What is absurd in a grid, or ''."""
    affine = np.asarray(grid.disk_affine, float)
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        return f"affine {affine.tolist()}"
    if not np.array_equal(affine[3], (0, 0, 0, 1)):
        return f"last row {affine[3]}"
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not (spacing.min() >= 0.01 / ROOM and spacing.max() <= 100 * ROOM):
        return f"spacing {spacing}"
    if abs(np.linalg.det(affine[:3, :3] / spacing)) < 1e-4:
        return f"singular {affine.tolist()}"
    if (spacing * grid.disk_shape).max() > 5000 * ROOM or min(grid.disk_shape) < 1:
        return f"extent {spacing * grid.disk_shape}"
    if np.abs(affine[:3, 3]).max() > 10_000 * ROOM:
        return f"offset {affine[:3, 3]}"
    return ""


def _bad_values(volume: Volume, labels: bool) -> str:
    voxels = volume.voxels
    if voxels.shape != volume.grid.shape:
        return f"shape {voxels.shape} on a grid of {volume.grid.shape}"
    if not np.isfinite(voxels).all():
        return "not finite"
    low, high = float(voxels.min()), float(voxels.max())
    if labels:
        return "" if voxels.dtype.kind in "iu" and 0 <= low <= high < 2**31 else f"{low} to {high}"
    return "" if max(-low, high) <= 1e9 else f"{low} to {high}"
