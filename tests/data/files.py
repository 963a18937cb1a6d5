"""Small files of cases: a bright ball in a body, and whatever is made of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from napari_alnt.data import CaseFiles, Grid, write_image, write_labels

SHAPE = (24, 24, 24)
Change = Callable[[np.ndarray], np.ndarray]


def ball(seed: int, radius: float = 6) -> tuple[np.ndarray, np.ndarray]:
    """Image in HU and mask (Z, Y, X)."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform(8, 16, 3)
    distance = np.linalg.norm(np.indices(SHAPE) - centre[:, None, None, None], axis=0)
    labels = (distance < radius).astype(np.uint8)
    image = np.where(labels, 40, -800) + rng.normal(0, 30, SHAPE)
    return image.astype(np.int16), labels


def write_cases(
    folder: Path,
    cases: int = 8,
    experts: int = 4,
    image: Change = lambda voxels: voxels,
    expert: Change = lambda labels: labels,
    teacher: Change = lambda labels: labels,
    only: tuple[int, ...] | None = None,
    spacing: tuple[float, float, float] = (2.0, 1.5, 1.5),
    name: str = "c{}",
) -> list[CaseFiles]:
    """Cases of which the first have an expert's mask and the others a teacher's; ``image``,
    ``expert`` and ``teacher`` change them, or those of the numbers in ``only``.
    """
    found = []
    grid = Grid.new(SHAPE, spacing)
    folder.mkdir(exist_ok=True)
    for number in range(cases):
        changed = only is None or number in only
        voxels, labels = ball(number)
        change = expert if number < experts else teacher
        paths = [folder / f"{name.format(number)}_{kind}.nii.gz" for kind in ("image", "mask")]
        write_image(paths[0], image(voxels) if changed else voxels, grid)
        write_labels(paths[1], change(labels) if changed else labels, grid)
        masks = {"expert" if number < experts else "teacher": paths[1]}
        found.append(CaseFiles(name.format(number), paths[0], **masks))
    return found
