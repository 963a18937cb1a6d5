"""The lungs: their room in the chest, their tissue, and the trees in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from napari_alnt.data import Array
from napari_alnt.simulation.anatomy.habitus import Habitus
from napari_alnt.simulation.anatomy.space import Point, Space, paint
from napari_alnt.simulation.anatomy.tubes import Tube, joined, stamp
from napari_alnt.simulation.anatomy.vessels import ARTERY, BRONCHUS, VEIN, Growth, grow
from napari_alnt.simulation.corruptions import smooth_noise

APEX = 104.0
"""Height in mm of the lungs' tops."""
BRANCHES = {ARTERY: 190, VEIN: 120, BRONCHUS: 26}
"""In one lung."""
ROOTS: dict[Growth, tuple[Point, Point]] = {
    ARTERY: ((-42, 6, -2), (42, 16, 6)),
    VEIN: ((-48, 2, -14), (52, 6, -14)),
    BRONCHUS: ((-38, 14, -8), (45, 20, -8)),
}
"""Where the trees enter the right and the left lung."""


@dataclass(frozen=True)
class Lungs:
    """The room of both lungs, and what grows in it.

    Attributes
    ----------
    cover : the part of each voxel that is lung, 0…1, (Z, Y, X)
    vessels, bronchi : the trees, in mm
    """

    cover: Array
    vessels: Tube
    bronchi: Tube

    @property
    def mask(self) -> Array:
        """Voxels that are lung for the most part."""
        return cast("Array", self.cover > 0.5)


def room(space: Space, inside: Array, taken: Array, floor: Array) -> Array:
    """The part of each voxel that is lung: within the ribs, above the diaphragm, not where the
    mediastinum is, and below two domes at the neck.
    """
    dome = np.minimum(
        *((((space.x - side * 50) ** 2 + (space.y - 26) ** 2) / 104 + space.z) for side in (-1, 1))
    )
    depth = np.minimum(inside - 1.5, np.minimum(0.8 * (space.z - floor), 0.7 * (APEX - dome)))
    return cast("Array", space.cover(depth) * (1 - taken))


def plant(space: Space, cover: Array, rng: np.random.Generator) -> Lungs:
    """Grow the trees of both lungs."""
    trees: dict[Growth, list[Tube]] = {growth: [] for growth in BRANCHES}
    places = np.argwhere(cover > 0.6)
    at = np.stack(
        [space.x[places[:, 2]], space.y[0, places[:, 1], 0], space.z[places[:, 0], 0, 0]], 1
    )
    for side in (0, 1):
        mine = at[at[:, 0] > 0] if side else at[at[:, 0] < 0]
        for growth, number in BRANCHES.items():
            # what is thinner than half a voxel would not show
            number = min(round(number * min(3.2 / space.pixel, 1)), len(mine))
            goals = mine[rng.choice(len(mine), number, replace=False)]
            goals = goals + rng.uniform(-0.5, 0.5, goals.shape) * space.step[::-1]
            trees[growth].append(grow(ROOTS[growth][side], goals, growth, rng))
    return Lungs(cover, joined(trees[ARTERY] + trees[VEIN]), joined(trees[BRONCHUS]))


def tissue(space: Space, habitus: Habitus, rng: np.random.Generator) -> Array:
    """HU of lung without its vessels: denser to the back, where the blood sinks, and at the
    fissures between the lobes.
    """
    grain = 13 * smooth_noise(space.shape, 4 / np.array(space.step), rng)
    gravity = 75 * np.clip((space.y + 70) / 165, 0, 1) ** 1.4
    # the fissure rises from the diaphragm in front to the spine behind, a little bent
    bent = 0.85 * space.y - 12 + 0.0016 * (np.abs(space.x) - 60) ** 2
    fissure = np.exp(-(((space.z - bent) / 1.9) ** 2))
    return cast("Array", habitus.air + gravity + 42 * fissure + grain)


def draw_trees(hu: Array, space: Space, lungs: Lungs, blood: float) -> None:
    """Draw vessels, and bronchi with their walls, where there is lung."""
    walls = (lungs.bronchi[0], lungs.bronchi[1] + 0.9)
    paint(hu, 0.55 * stamp(space, walls) * lungs.cover, 0)
    paint(hu, stamp(space, lungs.vessels) * lungs.cover, blood)
    paint(hu, 0.9 * stamp(space, lungs.bronchi) * lungs.cover, -960)
