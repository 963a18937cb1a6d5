"""Synthetic chest CTs with lesions of known shape, and a teacher whose errors are known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_alnt.data import (
    Array,
    CaseFiles,
    Grid,
    Shape,
    Triple,
    make_folder,
    mask_dice,
    write_image,
    write_labels,
    write_text,
)
from napari_alnt.simulation.anatomy import CONSOLIDATION, GROUND_GLASS, draw_chest
from napari_alnt.simulation.corruptions import CORRUPTIONS
from napari_alnt.simulation.label_noise import CLEAN, corrupt, jitter_boundary

CLEAN_DICE = 0.8
CORRUPTED_DICE = 0.65
"""Mean Dice of the two classes that a clean teacher mask has at least, and a corrupted one at
most, as far as its kind of corruption can bring it down.
"""
LABELS = {GROUND_GLASS: "ground glass", CONSOLIDATION: "consolidation"}


@dataclass(frozen=True)
class PhantomCase:
    """One synthetic case.

    Attributes
    ----------
    name : the case
    image, truth, teacher : its files
    corruption : what is wrong with its teacher mask, :data:`CLEAN` if nothing is
    dice : mean Dice of its teacher mask with the truth
    """

    name: str
    image: Path
    truth: Path
    teacher: Path
    corruption: str
    dice: float

    def files(self, expert: bool = False) -> CaseFiles:
        """The case for a new project, with its truth as the expert mask if ``expert``."""
        return CaseFiles(self.name, self.image, self.teacher, self.truth if expert else None)


def write_phantoms(
    folder: Path | str,
    cases: int = 14,
    shape: Shape = (80, 96, 112),
    seed: int = 0,
    corrupted: int | None = None,
) -> list[PhantomCase]:
    """Write ``images/``, ``truth/``, ``teacher/`` and ``corruption.json``; the same seed gives the
    same voxels.

    Images are HU on ``shape`` (Z, Y, X), about 3 mm; every second file is stored in RAS, the others
    in LPS. Label 1 is ground glass, 2 consolidation. Every second teacher mask is corrupted, up to
    ``corrupted`` of them, in the kinds of :data:`CORRUPTIONS` in turn.

    Raises
    ------
    AlntError
        If the files cannot be written.
    """
    folder = Path(folder)
    for name in ("images", "truth", "teacher"):
        make_folder(folder / name)
    kinds = list(CORRUPTIONS)
    limit = cases // 2 if corrupted is None else corrupted
    written = []
    for index in range(cases):
        # even cases stay clean, so that there are experts; the odd ones take the kinds in turn
        wrong = index % 2 and index // 2 < limit
        kind = kinds[index // 2 % len(kinds)] if wrong else CLEAN
        written.append(
            _write_case(folder, index, shape, kind, np.random.default_rng([seed, index]))
        )
    known = {
        case.name: {"corruption": case.corruption, "dice": round(case.dice, 4)} for case in written
    }
    write_text(folder / "corruption.json", json.dumps(known, indent=1) + "\n")
    return written


def _write_case(
    folder: Path, index: int, shape: Shape, corruption: str, rng: np.random.Generator
) -> PhantomCase:
    spacing = _spacing(shape, rng)
    chest = draw_chest(shape, spacing, rng)
    image, truth = chest.image, chest.truth
    teacher = _teacher(image, truth, spacing, corruption, rng)
    axes = "RAS" if index % 2 else "LPS"
    # two orientations, so that whoever forgets to turn the axes is found out
    grid = Grid.new(shape, spacing, axes=axes, origin=(160.0, 140.0, -120.0))
    name = f"chest_{index + 1:02d}"
    case = PhantomCase(
        name,
        image=folder / "images" / f"{name}.nii.gz",
        truth=folder / "truth" / f"{name}.nii.gz",
        teacher=folder / "teacher" / f"{name}.nii.gz",
        corruption=corruption,
        dice=mask_dice(teacher, truth),
    )
    write_image(case.image, image, grid)
    write_labels(case.truth, truth, grid)
    write_labels(case.teacher, teacher, grid)
    return case


def _spacing(shape: Shape, rng: np.random.Generator) -> Triple:
    """A field of view of about 240 × 280 × 325 mm, whatever the number of voxels."""
    z, y, x = (
        round(float(size * rng.uniform(0.96, 1.04)), 2)
        for size in (240 / shape[0], 278 / shape[1], 325 / shape[2])
    )
    return z, y, x


def _teacher(
    image: Array, truth: Array, spacing: Triple, corruption: str, rng: np.random.Generator
) -> Array:
    """The truth with a jittered edge, and with as much of a corruption as it takes to fall to
    ``CORRUPTED_DICE``.
    """
    jittered = jitter_boundary(truth, spacing, rng, good=CLEAN_DICE)
    if corruption == CLEAN:
        return jittered
    return corrupt(jittered, image, spacing, corruption, rng, worst=CORRUPTED_DICE)
