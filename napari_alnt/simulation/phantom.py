"""Synthetic chest CTs with lesions of known shape, and a teacher whose errors are known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from scipy import ndimage

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
from napari_alnt.simulation.corruptions import CORRUPTIONS, smooth_noise
from napari_alnt.simulation.label_noise import CLEAN, corrupt, jitter_boundary

GROUND_GLASS = 1
CONSOLIDATION = 2
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
    image, truth = _chest(shape, spacing, rng)
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


# anatomy ------------------------------------------------------------------------------------------


def _chest(shape: Shape, spacing: Triple, rng: np.random.Generator) -> tuple[Array, Array]:
    """HU and true labels (Z, Y, X) of a chest in a space where x grows to the left, y to the back,
    z to the head; −1…1 across the body.
    """
    w, v, u = np.meshgrid(
        *(np.linspace(-1, 1, size, dtype=np.float32) for size in shape), indexing="ij", sparse=True
    )
    u = u / rng.uniform(0.88, 0.94)
    v = v / rng.uniform(0.80, 0.88)
    # a superellipse, narrower at the shoulders
    body = (np.abs(u) ** 2.4 + np.abs(v) ** 2.4) ** (1 / 2.4)
    body = body * (1 + 0.25 * np.clip(w - 0.55, 0, None))
    hu = np.full(shape, -1000, np.float32)
    hu[np.broadcast_to(np.abs(v - 1.08) < 0.02, shape) & (np.abs(u) < 0.8)] = -250  # the table
    hu[body < 1] = -95  # fat
    hu[body < rng.uniform(0.88, 0.93)] = 45  # muscle
    lungs = _lungs(u, v, w, rng)
    _bones(hu, u, v, w, body, shape[0] * spacing[0])
    # gravity makes the lower parts of the lungs denser
    hu[lungs > 0] = (-870 + 70 * v + np.zeros(shape, np.float32))[lungs > 0]
    hu[_airways(u, v, w)] = -985
    aorta = ((u - 0.12) / 0.075) ** 2 + ((v - 0.4) / 0.09) ** 2 + 0 * w < 1
    hu[aorta] = rng.uniform(45, 170)  # without or with contrast agent
    vessels = _vessels(lungs, spacing, rng)
    inside = (lungs > 0) & (vessels > 0)
    hu[inside] += (vessels * (35 - hu))[inside]
    truth = _lesions(hu, lungs, spacing, rng)
    return _scan(hu, lungs, rng), truth


def _lungs(u: Array, v: Array, w: Array, rng: np.random.Generator) -> Array:
    """1 where the right lung is, 2 where the left; the diaphragm and the heart push in."""
    lungs = np.zeros(np.broadcast_shapes(u.shape, v.shape, w.shape), np.uint8)
    tall = rng.uniform(0.86, 0.94)
    heart = ((u - 0.16) / 0.36) ** 2 + ((v + 0.22) / 0.44) ** 2 + ((w + 0.38) / 0.46) ** 2 < 1
    for label, side in ((1, -1), (2, 1)):
        centre = side * 0.41
        wide = 0.35 - 0.02 * (side > 0)  # the heart leaves the left lung less room
        profile = np.sqrt(np.clip(1 - (np.clip(w + 0.25, 0, None) / (tall + 0.25)) ** 2, 0, 1))
        ring = np.abs((u - centre) / wide) ** 2.2 + np.abs((v - 0.02) / 0.7) ** 2.2
        dome = -0.86 + (0.34 + 0.06 * (side < 0)) * np.exp(
            -((u - centre) ** 2 / 0.10 + (v + 0.15) ** 2 / 0.25)
        )
        lungs[(ring < profile**2) & (w > dome) & (np.abs(u) > 0.13) & ~heart] = label
    return lungs


def _airways(u: Array, v: Array, w: Array) -> Array:
    """The windpipe and the two main bronchi below it."""
    airways = ((u / 0.055) ** 2 + ((v - 0.08) / 0.065) ** 2 < 1) & (w > 0.12)
    for side in (-1, 1):
        axis = (u - side * 0.55 * (0.14 - w)) / 0.04
        airways |= (axis**2 + ((v - 0.08) / 0.05) ** 2 < 1) & (w <= 0.14) & (w > -0.12)
    return airways


def _bones(hu: Array, u: Array, v: Array, w: Array, body: Array, height: float) -> None:
    """Ribs, breastbone and spine, drawn into ``hu``."""
    cage = np.sqrt((u / 0.84) ** 2 + (v / 0.80) ** 2) * (1 + 0.30 * np.clip(w - 0.2, 0, None))
    # ribs fall towards the front, one every 28 mm
    level = np.cos(2 * np.pi * ((w * height / 2 + 35 * v) / 28))
    hu[(np.abs(cage - 1) < 0.045) & (level > 0.45) & (np.abs(u) > 0.1)] = 420
    hu[(np.abs(cage - 1) < 0.022) & (level > 0.65) & (np.abs(u) > 0.1)] = 180
    hu[(np.abs(u) < 0.11) & (np.abs(v + 0.80) < 0.045) & (np.abs(w) < 0.6)] = 260
    spine = ((u / 0.135) ** 2 + ((v - 0.60) / 0.15) ** 2) + 0 * w
    disc = np.cos(2 * np.pi * w * height / 2 / 26) > 0.8
    hu[(spine < 1) & ~disc] = 190
    hu[(spine < 1) & (spine > 0.7) & ~disc] = 380
    hu[(spine < 1) & disc] = 85
    hu[(np.abs(u) < 0.17) & (np.abs(v - 0.79) < 0.03) & ~disc] = 330
    hu[(np.abs(u) < 0.03) & (v > 0.8) & (v < 0.92) & ~disc & (body < 0.97)] = 330


def _vessels(lungs: Array, spacing: Triple, rng: np.random.Generator) -> Array:
    """Two trees that grow from the lungs' roots; each voxel's part that is vessel, 0…1."""
    vessels = np.zeros(lungs.shape, np.float32)
    size = np.array(lungs.shape)
    for label, side in ((1, -1), (2, 1)):
        root = size * np.array([0.47, 0.53, 0.5 + side * 0.055])
        places = np.argwhere(lungs == label)
        goals = places[rng.choice(len(places), min(60, len(places)), replace=False)]
        # from near to far, so that branches end up on branches
        goals = goals[np.argsort((((goals - root) * spacing) ** 2).sum(1))]
        nodes = [root]
        thick = [6.0]  # mm
        for goal in goals:
            # a branch leaves from the nearest node, bends on its way, and grows thinner
            nearest = int(np.argmin((((np.array(nodes) - goal) * spacing) ** 2).sum(1)))
            length = float(np.linalg.norm((goal - nodes[nearest]) * spacing))
            steps = np.linspace(0, 1, max(int(length / 1.5), 2))[:, None]
            bend = np.sin(np.pi * steps) * rng.normal(0, 0.06 * length, 3) / spacing
            line = nodes[nearest] + steps * (goal - nodes[nearest]) + bend
            radii = thick[nearest] * (1 - 0.3 * steps[:, 0])
            for point, radius in zip(line, radii, strict=True):
                _stamp(vessels, point, float(radius), spacing)
            middle = len(line) // 2
            nodes += [line[middle], goal]
            thick += [max(0.85 * radii[middle], 1.7), max(0.85 * radii[-1], 1.6)]
    return vessels


def _stamp(vessels: Array, centre: Array, radius: float, spacing: Triple) -> None:
    """A ball with soft edges; ``centre`` in voxels, ``radius`` in mm."""
    reach = np.ceil(radius / np.array(spacing)).astype(int) + 1
    low = np.clip(np.floor(centre).astype(int) - reach, 0, vessels.shape)
    high = np.clip(np.floor(centre).astype(int) + reach + 2, 0, vessels.shape)
    axes = [
        (np.arange(a, b) - c) * s for a, b, c, s in zip(low, high, centre, spacing, strict=True)
    ]
    z, y, x = np.ix_(*axes)
    part = np.clip((radius - np.sqrt(z**2 + y**2 + x**2)) / min(spacing) + 0.5, 0, 1)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    vessels[box] = np.maximum(vessels[box], part)


def _lesions(hu: Array, lungs: Array, spacing: Triple, rng: np.random.Generator) -> Array:
    """Draw lesions into ``hu``; their labels."""
    truth = np.zeros(lungs.shape, np.uint8)
    ragged = smooth_noise(lungs.shape, 10 / np.array(spacing), rng)
    # pneumonia is most often at the edge of the lungs, low and at the back
    places = np.argwhere(ndimage.binary_dilation(lungs == 0, iterations=4) & (lungs > 0))
    weight = np.exp(1.2 * places[:, 1] / lungs.shape[1] - 1.2 * places[:, 0] / lungs.shape[0])
    for number in range(1, int(rng.integers(3, 6)) + 1):
        centre = places[rng.choice(len(places), p=weight / weight.sum())]
        radius = float(rng.uniform(14, 26))
        field = _blob(lungs.shape, centre, radius, spacing, rng) + 0.12 * ragged
        lesion = (field > 0.5) & (lungs == lungs[tuple(centre)])
        # some lesions are mostly ground glass, some mostly consolidation
        core = lesion & (field > (0.75, 1.15, 0.9)[(number - 1) % 3])
        haze = np.clip((field - 0.42) / 0.25, 0, 1) * (lungs > 0)
        hu += haze * np.clip(rng.uniform(-620, -500) - hu, 0, None)
        hu[core] = np.maximum(hu[core], rng.uniform(-30, 35))
        truth[lesion] = np.maximum(truth[lesion], GROUND_GLASS)
        truth[core] = CONSOLIDATION
    return truth


def _blob(
    shape: tuple[int, ...], centre: Array, radius: float, spacing: Triple, rng: np.random.Generator
) -> Array:
    """A few soft balls grown together, about 1 inside and 0 far off; ``radius`` in mm."""
    field = np.zeros(shape, np.float32)
    for part in range(4):
        shift = rng.normal(0, 0.45 * radius, 3) / spacing if part else np.zeros(3)
        wide = radius * rng.uniform(0.5, 0.8) / np.array(spacing)
        z, y, x = (
            np.exp(-0.5 * ((np.arange(size) - c - d) / s) ** 2).astype(np.float32)
            for size, c, d, s in zip(shape, centre, shift, wide, strict=True)
        )
        field = np.maximum(field, np.einsum("i,j,k->ijk", z, y, x, optimize=True)) + 0.15 * field
    return field


def _scan(hu: Array, lungs: Array, rng: np.random.Generator) -> Array:
    """What a scanner makes of it: partial volume, lung texture and noise; int16 HU."""
    blurred = ndimage.gaussian_filter(hu, 0.55)
    blurred += 28 * smooth_noise(hu.shape, 2.0, rng) * (lungs > 0)
    blurred += 20 * smooth_noise(hu.shape, 0.6, rng)
    return cast("Array", np.clip(np.rint(blurred), -1024, 1500).astype(np.int16))


# the teacher --------------------------------------------------------------------------------------


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
