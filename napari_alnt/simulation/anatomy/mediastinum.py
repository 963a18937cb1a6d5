"""What lies between the lungs: heart, great vessels, windpipe, gullet, and the fat around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_alnt.data import Array
from napari_alnt.simulation.anatomy.habitus import Habitus
from napari_alnt.simulation.anatomy.skeleton import SPINE
from napari_alnt.simulation.anatomy.space import Box, Point, Space, ellipsoid, paint
from napari_alnt.simulation.anatomy.tubes import Tube, joined, stamp, tube

LUMEN, WALL, FAT = -990.0, 25.0, -95.0
"""HU of the air in an airway, of soft walls and of the fat."""
AXIS: Point = (0.74, -0.46, -0.49)
"""The long axis of the heart points to the left, to the front and down."""

ACROSS: Point = (-0.5, -0.86, 0.05)
Plan = list[tuple[list[Point], list[float]]]
"""Points (x, y, z) and radii in mm of some vessels, as the book has them."""


@dataclass(frozen=True)
class Mediastinum:
    """The tubes of one patient, in mm.

    Attributes
    ----------
    arteries, lung_arteries, veins, lung_veins : blood vessels by what fills them
    airways : windpipe and main bronchi
    gullet : the oesophagus
    heart : the middle of the heart
    """

    arteries: Tube
    lung_arteries: Tube
    veins: Tube
    lung_veins: Tube
    airways: Tube
    gullet: Tube
    heart: Point

    @classmethod
    def new(cls, habitus: Habitus, rng: np.random.Generator) -> Mediastinum:
        """The tubes of a patient, each a little aside of where the book has it."""

        def group(plan: Plan) -> Tube:
            return joined([tube(_aside(points, habitus, rng), radii) for points, radii in plan])

        return cls(
            arteries=group(ARTERIES),
            lung_arteries=group(LUNG_ARTERIES),
            veins=group(VEINS),
            lung_veins=group(LUNG_VEINS),
            airways=group(AIRWAYS),
            gullet=group(GULLET),
            heart=(20 + habitus.sway, -32.0, -32.0),
        )


def _aside(points: list[Point], habitus: Habitus, rng: np.random.Generator) -> list[Point]:
    shift = rng.normal((habitus.sway, 0, 0), 1.2)
    return [tuple((np.array(point) + shift).tolist()) for point in points]


ARTERIES: Plan = [
    # the aorta rises from the heart, bends to the left and back, and runs down beside the spine
    (
        [(4, -26, -14), (-12, -34, 12), (-14, -32, 38), (-4, -18, 55), (10, 4, 58), (22, 24, 50),
         (26, 38, 32), (27, 42, 0), (21, 40, -50), (8, 34, -125)],
        [15, 16, 15.5, 14, 13, 12.5, 12, 12, 11.5, 11],
    ),
    ([(-6, -20, 56), (-14, -20, 76), (-22, -20, 96), (-26, -16, 125)], [6, 6, 5, 4]),
    ([(4, -8, 58), (10, -8, 84), (16, -4, 125)], [4.2, 4, 3.5]),
    ([(14, 8, 58), (21, 8, 84), (34, 0, 100), (74, -8, 112)], [5, 4.6, 4.4, 4]),
    ([(-22, -20, 94), (-40, -8, 104), (-78, -8, 112)], [4.5, 4.4, 4]),
]  # fmt: skip
LUNG_ARTERIES: Plan = [
    ([(18, -52, -6), (20, -46, 10), (22, -26, 20), (30, -2, 24), (42, 14, 14), (42, 20, -6)],
     [13, 13.5, 13, 10.5, 9, 7]),
    ([(20, -26, 18), (0, -14, 14), (-26, -6, 12), (-42, 2, 4), (-44, 12, -12)],
     [11, 10, 9.5, 8.5, 7]),
]  # fmt: skip
VEINS: Plan = [
    ([(-24, -30, 62), (-27, -26, 36), (-27, -20, 6), (-25, -18, -14)], [8.5, 9.5, 9.5, 10]),
    ([(70, -22, 104), (34, -40, 88), (4, -42, 72), (-24, -30, 62)], [5, 5.5, 6, 7]),
    ([(-70, -22, 104), (-34, -34, 88), (-24, -30, 62)], [5, 6, 7.5]),
    ([(-22, -6, -42), (-22, 6, -66), (-21, 20, -125)], [11, 11, 11]),
    # the azygos vein, right of the aorta on the spine
    ([(-6, 38, -120), (-7, 38, 20), (-14, 28, 36), (-26, -8, 36)], [3, 3.5, 4, 4]),
]
LUNG_VEINS: Plan = [
    ([(-12, 0, -18), (-34, 2, -16), (-52, 12, -26)], [8, 6.5, 4.5]),
    ([(-12, 0, -14), (-36, -14, -4), (-52, -26, 12)], [7, 6, 4]),
    ([(26, 4, -16), (46, 12, -20), (62, 22, -32)], [8, 6, 4.5]),
    ([(26, 0, -12), (44, -16, 2), (58, -30, 18)], [7, 6, 4]),
]
AIRWAYS: Plan = [
    ([(1, -10, 125), (0, -2, 80), (-2, 6, 50), (-1, 12, 26)], [8.5, 8.8, 8.8, 9]),
    ([(-2, 12, 26), (-22, 14, 12), (-34, 14, -2), (-38, 18, -24)], [7.5, 7, 5.5, 4.5]),
    ([(2, 12, 26), (22, 17, 10), (40, 20, -2), (45, 26, -22)], [7, 6, 5, 4.2]),
    ([(-22, 14, 12), (-36, 8, 18), (-46, 2, 28)], [4.5, 4, 3.4]),
    ([(38, 18, 0), (48, 6, 8), (54, -4, 18)], [4.2, 3.8, 3.2]),
]
GULLET: Plan = [
    ([(5, 14, 125), (6, 22, 70), (7, 27, 30), (8, 30, -20), (14, 24, -70), (26, 6, -92)],
     [6, 6, 6.5, 6.5, 7, 7]),
]  # fmt: skip


def between_lungs(space: Space, organs: Mediastinum, habitus: Habitus) -> Array:
    """The part of each voxel where the lungs have no room, whether organ, spine or fat, 0…1."""
    y, x = space.y, np.abs(space.x - habitus.sway)
    wide = space.along((110, 24), (80, 17), (50, 13), (20, 12), (-40, 9), (-120, 14))
    # the lungs all but meet behind the breast bone, and reach far back beside the spine
    front = space.along((90, 40), (60, 20), (40, 9), (0, 7), (-120, 8))
    narrow = np.clip((-y - 38) / 14, 0, 1)
    spine = 18 + 6 * np.clip((y - SPINE - 10) / 20, 0, 1)
    beside = np.clip((y - SPINE + 22) / 12, 0, 1)
    half = wide + narrow * (front - wide)
    half = half + beside * (spine - half)
    taken = space.cover(half - x)
    vessels = (organs.arteries, organs.lung_arteries, organs.veins)
    around = stamp(space, joined(vessels, 4))
    np.maximum(around, stamp(space, joined([organs.airways, organs.gullet], 3)), out=around)
    taken = np.maximum(taken, around)
    for box, depth in _sac(space, organs, habitus):
        taken[box] = np.maximum(taken[box], space.cover(depth))
    # the pleura bridges small clefts
    smooth = ndimage.gaussian_filter(taken, 3.4 / np.array(space.step))
    return np.asarray(np.clip((smooth - 0.5) * 7 / space.pixel + 0.5, 0, 1), np.float32)


def _sac(space: Space, organs: Mediastinum, habitus: Habitus) -> list[tuple[Box, Array]]:
    """The heart's sac as egg shapes, box and depth of each: around the chambers of the left, around
    the right atrium, and around the fat in front.
    """
    big, (x, y, z) = habitus.heart, organs.heart
    left = ellipsoid(space, organs.heart, (66 * big, 47 * big, 45 * big), (AXIS, ACROSS))
    centre = (x - 40 * big, y + 10 * big, z + 4 * big)
    right = ellipsoid(space, centre, (27 * big, 32 * big, 40 * big))
    # the pad of fat in front, on the diaphragm
    return [left, right, ellipsoid(space, (x - 8, -66.0, -56.0), (42.0, 24.0, 24.0))]


def draw_mediastinum(
    hu: Array, space: Space, organs: Mediastinum, habitus: Habitus, room: Array
) -> None:
    """Draw the organs; ``room`` is the part of each voxel that lies within the ribs."""
    _heart(hu, space, organs, habitus)
    # a remnant of the thymus and small nodes make the fat streaky
    for tubes, share in (
        (organs.veins, 0.75),
        (organs.lung_veins, 0.95),
        (organs.lung_arteries, 1.0),
        (organs.arteries, 1.0),
    ):
        paint(hu, stamp(space, tubes), habitus.blood(share))
    paint(hu, stamp(space, organs.gullet), 38)
    paint(hu, 0.8 * stamp(space, _gas(organs.gullet)) * (room > 0), -300)


def _gas(gullet: Tube) -> Tube:
    """A little swallowed air, here and there."""
    points, radii = gullet
    here = np.sin(points[:, 2] / 9) > 0.75
    return points[here], radii[here] * 0.35


def draw_airways(hu: Array, space: Space, organs: Mediastinum) -> None:
    """Draw windpipe and main bronchi with their walls."""
    points, radii = organs.airways
    paint(hu, stamp(space, (points, radii + 1.6)), WALL)
    paint(hu, stamp(space, organs.airways), LUMEN)


def _heart(hu: Array, space: Space, organs: Mediastinum, habitus: Habitus) -> None:
    """Four chambers in muscle, and fat on the muscle within the sac."""
    for thin, value in ((0.0, 20.0), (1.8, FAT + 10)):
        for box, depth in _sac(space, organs, habitus):
            paint(hu[box], space.cover(depth - thin), value)
    muscle = 48 + 0.35 * habitus.contrast
    big = habitus.heart
    chambers: list[tuple[Point, Point, float, float]] = [
        # middle (from the heart's), radii along and across the axis, thickness of the wall, share
        ((16, 2, -6), (40 * big, 23 * big, 23 * big), 9.5, 0.95),  # left ventricle
        ((2, -22, 0), (42 * big, 17 * big, 28 * big), 4.0, 0.8),  # right ventricle
        ((-40, 8, 2), (22 * big, 22 * big, 26 * big), 2.5, 0.75),  # right atrium
        ((-12, 34, 13), (31 * big, 17 * big, 18 * big), 2.5, 1.0),  # left atrium
    ]
    places = []
    for (right, back, up), radii, wall, share in chambers:
        x, y, z = organs.heart
        centre = (x + right * big, y + back * big, z + up * big)
        axes = ((1, 0, 0), (0, 1, 0)) if up > 10 else (AXIS, ACROSS)
        place, inner = ellipsoid(space, centre, radii, axes)
        places.append((place, inner, share))
        along, across, third = (radius + wall for radius in radii)
        outer_place, outer = ellipsoid(space, centre, (along, across, third), axes)
        paint(hu[outer_place], space.cover(outer), muscle)
    for place, inner, share in places:
        paint(hu[place], space.cover(inner), habitus.blood(share))
