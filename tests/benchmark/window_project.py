"""A project of large CTs for the measurements of the window, made in seconds."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from napari_alnt.data import CaseFiles, Project
from napari_alnt.settings import Settings

LARGE = (512, 512, 300)
SMALL = (96, 96, 64)
"""Voxels (x, y, z) of the cases that are opened, and of those that are learned from at first."""
SPACING = (0.7, 0.7, 1.0)
"""mm of a voxel of a large case (x, y, z)."""
BLOCK = 10
"""Slices that are made and packed once, and then repeated."""
SETTINGS = Settings(
    window="soft_tissue", spacing=(4.0, 4.0, 4.0), patch=(24, 24, 24), batch=2, expert_batch=2,
    epochs=200, steps_per_epoch=20, test_every=200, rank_every=100, score_patches=2, threads=1,
    device="cpu", prefetch_cases=1,
)  # fmt: skip


@dataclass(frozen=True)
class Sizes:
    """How many cases there are of each kind, and the voxels (x, y, z) of the large ones."""

    large: int = 6
    small: int = 8
    shape: tuple[int, int, int] = LARGE


def make_project(folder: Path, sizes: Sizes) -> Path:
    """The project in a folder, made if it is not there yet; large cases are called ``large_…``."""
    project = folder / "project"
    if project.exists():
        return project
    cases = [_case(folder / "files", f"large_{number}", number, sizes.shape, expert=False)
             for number in range(sizes.large)]  # fmt: skip
    x, y, z = (min(pair) for pair in zip(SMALL, sizes.shape, strict=True))
    cases += [_case(folder / "files", f"small_{number}", 100 + number, (x, y, z), expert=number < 5)
              for number in range(sizes.small)]  # fmt: skip
    Project.create(
        project, cases, reference=3, test=2, labels={1: "organ", 2: "lesion"}, settings=SETTINGS
    ).close()
    return project


def _case(
    folder: Path, name: str, seed: int, shape: tuple[int, int, int], expert: bool
) -> CaseFiles:
    rng = np.random.default_rng(seed)
    scale = [LARGE[axis] / shape[axis] * SPACING[axis] for axis in range(3)]
    noise = rng.normal(0, 25, (BLOCK, shape[1], shape[0]))
    body = 1050 * _disc(shape, 0.42, 0.0)[None] - 1000 + noise
    image, mask = (folder / f"{name}_{kind}.nii.gz" for kind in ("image", "mask"))
    _write(image, [body.astype(np.int16)] * -(-shape[2] // BLOCK), shape, scale)
    _write(mask, _mask(shape, seed), shape, scale)
    if expert:
        return CaseFiles(name, image, expert=mask)
    return CaseFiles(name, image, teacher=mask)


def _disc(shape: tuple[int, int, int], radius: float, shift: float) -> Any:
    """Pixels (y, x) of a disc, its radius and its place as shares of the picture's width."""
    x, y = (np.linspace(-0.5, 0.5, shape[axis]) for axis in (0, 1))
    return (x[None] - shift) ** 2 + y[:, None] ** 2 < radius**2


def _mask(shape: tuple[int, int, int], seed: int) -> list[Any]:
    """An organ in the middle slices, with a lesion in it; blocks (z, y, x)."""
    labels = np.zeros((shape[2], shape[1], shape[0]), np.uint8)
    first, last = shape[2] // 4, 3 * shape[2] // 4
    labels[first:last, _disc(shape, 0.2, 0.02 * (seed % 5))] = 1
    labels[(first + last) // 2 : last, _disc(shape, 0.06, 0.02 * (seed % 5))] = 2
    return [labels]


def _write(path: Path, blocks: list[Any], shape: tuple[int, int, int], scale: list[float]) -> None:
    """Write blocks of slices (z, y, x) as one file; equal ones are packed once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = nib.Nifti1Header()
    header.set_data_shape(shape)
    header.set_data_dtype(blocks[0].dtype)
    header.set_sform(np.diag([*scale, 1.0]), code=1)
    header.set_xyzt_units("mm")
    header["vox_offset"] = 352
    start = io.BytesIO()
    header.write_to(start)
    packed: dict[int, bytes] = {}
    left = shape[2]
    with path.open("wb") as file:
        # a gzip file may have several parts, which are read as if they were one
        file.write(gzip.compress(start.getvalue().ljust(352, b"\0"), 1))
        for block in blocks:
            if len(block) > left:
                file.write(gzip.compress(block[:left].tobytes(), 1))
            else:
                if id(block) not in packed:
                    packed[id(block)] = gzip.compress(block.tobytes(), 1)
                file.write(packed[id(block)])
            left -= len(block)
