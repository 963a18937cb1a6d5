"""Pneumonia: ground glass that lets the vessels show, and consolidation with air in its bronchi."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_alnt.data import Array
from napari_alnt.simulation.anatomy.lungs import Lungs
from napari_alnt.simulation.anatomy.space import Point, Space, paint
from napari_alnt.simulation.anatomy.tubes import Tube, joined, stamp
from napari_alnt.simulation.anatomy.vessels import Growth, grow
from napari_alnt.simulation.corruptions import smooth_noise

GROUND_GLASS, CONSOLIDATION = 1, 2
"""Label values."""
EDGE = 0.5
"""The field's value at the outline of a lesion."""
CORES = (0.84, 1.3, 1.0)
"""The field's value at the outline of the consolidation: one lesion is mostly consolidation, one
mostly ground glass, one half of each, and so on.
"""
BRONCHOGRAM = Growth(2.4, 60, 1.4)


@dataclass(frozen=True)
class Lesions:
    """All lesions of a case.

    Attributes
    ----------
    truth : label values, (Z, Y, X)
    haze : how much of the air in each voxel ground glass has taken, 0…1, (Z, Y, X)
    solid : the part of each voxel that is consolidated, 0…1, (Z, Y, X)
    bronchi : airways that stay open in the consolidation, in mm
    """

    truth: Array
    haze: Array
    solid: Array
    bronchi: tuple[Tube, ...]


def sow(space: Space, lungs: Lungs, inside: Array, rng: np.random.Generator) -> Lesions:
    """Three to five lesions, most often at the lungs' edge, low and at the back; ``inside`` is the
    depth within the ribs in mm.
    """
    mask = lungs.mask
    step = np.array(space.step)
    ragged = 0.65 * smooth_noise(mask.shape, 6.5 / step, rng)
    ragged += 0.35 * smooth_noise(mask.shape, 2.6 / step, rng)
    hug = np.exp(-np.clip(inside, 0, None) / 14)
    places = np.argwhere(mask & (inside < 16))
    weight = np.exp(1.3 * places[:, 1] / mask.shape[1] - 1.3 * places[:, 0] / mask.shape[0])
    truth = np.zeros(mask.shape, np.uint8)
    haze = np.zeros(mask.shape, np.float32)
    solid = np.zeros(mask.shape, np.float32)
    bronchi = []
    side = space.x > 0
    for number in range(int(rng.integers(3, 6))):
        place = places[rng.choice(len(places), p=weight / weight.sum())]
        centre = _at(space, place)
        blob = _blob(space, centre, float(rng.uniform(16, 29)), rng)
        field = blob * (1 + 0.35 * hug) + 0.13 * ragged * np.sqrt(np.clip(blob, 0, 1))
        field = field * (mask & (side == (centre[0] > 0)))
        core = CORES[number % len(CORES)]
        truth[(field > EDGE) & (truth == 0)] = GROUND_GLASS
        truth[field > core] = CONSOLIDATION
        haze = np.maximum(haze, np.clip((field - EDGE + 0.14) / 0.34, 0, 1))
        solid = np.maximum(solid, np.clip((field - core) / 0.2 + 0.5, 0, 1))
        bronchi.append(_open_bronchi(centre, rng))
    return Lesions(truth, haze, solid, tuple(bronchi))


def _at(space: Space, place: Array) -> Point:
    z, y, x = (int(number) for number in place)
    return float(space.x[x]), float(space.y[0, y, 0]), float(space.z[z, 0, 0])


def _blob(space: Space, centre: Point, radius: float, rng: np.random.Generator) -> Array:
    """A few soft balls grown together, about 1 inside and 0 far off; ``radius`` in mm."""
    field = np.zeros(space.shape, np.float32)
    for part in range(5):
        middle = np.array(centre) + (rng.normal(0, 0.5 * radius, 3) if part else 0)
        wide = radius * rng.uniform((0.4, 0.4, 0.5), (0.75, 0.75, 0.85))
        x, y, z = (
            np.exp(-0.5 * ((axis.ravel() - at) / size) ** 2)
            for axis, at, size in zip((space.x, space.y, space.z), middle, wide, strict=True)
        )
        ball = (z[:, None, None] * (y[:, None] * x)).astype(np.float32)
        field = np.maximum(field, ball) + np.float32(0.15) * field * (part > 0)
    return field


def _open_bronchi(centre: Point, rng: np.random.Generator) -> Tube:
    """Airways from the side of the lung's root through a lesion, which branch in it."""
    middle = np.array(centre)
    root = np.array([np.sign(centre[0]) * 42, 14.0, -4.0])
    way = (root - middle) / max(float(np.linalg.norm(root - middle)), 1e-6)
    goals = middle - 10 * way + rng.normal(0, 9, (5, 3))
    return grow(tuple(middle + 22 * way), goals, BRONCHOGRAM, rng, kink=0.04)


def draw_haze(hu: Array, lesions: Lesions, rng: np.random.Generator) -> None:
    """Ground glass; it is drawn before the vessels, which show in it."""
    grain = 26 * smooth_noise(hu.shape, 1.1, rng)
    glass = float(rng.uniform(-590, -500)) + grain
    paint(hu, lesions.haze, np.maximum(glass, hu))


def draw_solid(hu: Array, space: Space, lungs: Lungs, lesions: Lesions) -> None:
    """Consolidation; it is drawn over the vessels, which it hides, but not over its bronchi."""
    solid = lesions.solid * lungs.cover
    paint(hu, solid, np.maximum(hu, 25))
    if lesions.bronchi:
        paint(hu, 0.9 * stamp(space, joined(lesions.bronchi)) * solid, -900)
