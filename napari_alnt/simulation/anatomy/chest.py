"""A synthetic chest CT, from the skin to the lesions, with its true labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy import ndimage

from napari_alnt.data import Array, Shape, Triple
from napari_alnt.simulation.anatomy.abdomen import diaphragm, draw_abdomen
from napari_alnt.simulation.anatomy.habitus import Habitus
from napari_alnt.simulation.anatomy.lesions import draw_haze, draw_solid, sow
from napari_alnt.simulation.anatomy.lungs import draw_trees, plant, room, tissue
from napari_alnt.simulation.anatomy.mediastinum import (
    FAT,
    Mediastinum,
    between_lungs,
    draw_airways,
    draw_mediastinum,
)
from napari_alnt.simulation.anatomy.pose import bend, bent, bent_labels
from napari_alnt.simulation.anatomy.skeleton import draw_bones
from napari_alnt.simulation.anatomy.space import Space, paint
from napari_alnt.simulation.anatomy.trunk import AIR, below_skin, cage, draw_table, draw_wall
from napari_alnt.simulation.corruptions import smooth_noise


@dataclass(frozen=True)
class Chest:
    """A scan and what only its maker knows.

    Attributes
    ----------
    image : HU, int16, (Z, Y, X); x grows to the left, y to the back, z to the head
    truth : 1 ground glass, 2 consolidation, uint8, (Z, Y, X)
    body, inside_ribs, lungs : masks, bool, (Z, Y, X)
    space : the grid in mm
    """

    image: Array
    truth: Array
    body: Array
    inside_ribs: Array
    lungs: Array
    space: Space


def draw_chest(
    shape: Shape, spacing: Triple, rng: np.random.Generator, habitus: Habitus | None = None
) -> Chest:
    """Draw a patient by chance; the same random numbers give the same voxels.

    Parameters
    ----------
    shape
        Voxels (z, y, x).
    spacing
        Voxel size (z, y, x) in mm.
    rng
        Draws the patient, the lesions and the noise.
    habitus
        The patient's build; drawn if it is None.

    Returns
    -------
    Chest
        The scan with its true labels.
    """
    habitus = habitus or Habitus.draw(rng)
    space = Space.new(shape, spacing, habitus.size)
    hu = np.full(shape, AIR, np.float32)
    skin, inside = below_skin(space, habitus), cage(space)
    draw_table(hu, space, habitus)
    draw_wall(hu, space, habitus, skin, inside, rng)

    organs = Mediastinum.new(habitus, rng)
    floor = diaphragm(space, habitus)
    taken = between_lungs(space, organs, habitus)
    cover = room(space, inside, taken, floor)
    within = space.cover(inside)
    # at the neck there are muscles between the vessels
    paint(hu, within * taken * (1 - 0.7 * np.clip((space.z - 84) / 14, 0, 1)), FAT)
    below = within * space.cover(floor - space.z)
    draw_abdomen(hu, space, habitus, below)
    draw_mediastinum(hu, space, organs, habitus, within)
    draw_bones(hu, space, inside, rng)

    lungs = plant(space, cover, rng)
    lesions = sow(space, lungs, inside, rng)
    air = tissue(space, habitus, rng)
    draw_haze(air, lesions, rng)
    paint(hu, cover, air)
    draw_trees(hu, space, lungs, habitus.blood(0.9))
    draw_solid(hu, space, lungs, lesions)
    draw_airways(hu, space, organs)
    # one array for all masks, as each look-up costs time
    masks = lesions.truth + np.uint8(4) * (skin > 0) + np.uint8(8) * (inside > 0)
    masks += np.uint8(16) * lungs.mask
    sources = bend(space, rng)
    masks = bent_labels(masks, sources)
    image = _scan(bent(hu, sources, AIR), space, rng)
    return Chest(image, masks % 4, masks & 4 > 0, masks & 8 > 0, masks & 16 > 0, space)


def _scan(hu: Array, space: Space, rng: np.random.Generator) -> Array:
    """What a scanner makes of it: blur, noise with a grain, and streaks between the shoulders."""
    image = ndimage.gaussian_filter(hu, 0.3)
    image += 13 * smooth_noise(hu.shape, 0.65, rng)
    streaks = 9 * np.clip((space.z - 70) / 30, 0, 1)
    image += streaks * smooth_noise(hu.shape, (0.6, 0.6, 3.5), rng)
    return cast("Array", np.clip(np.rint(image), -1024, 1500).astype(np.int16))
