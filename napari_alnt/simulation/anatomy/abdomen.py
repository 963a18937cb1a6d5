"""What pushes the diaphragm up: liver, stomach and spleen in fat."""

from __future__ import annotations

import numpy as np

from napari_alnt.data import Array
from napari_alnt.simulation.anatomy.habitus import Habitus
from napari_alnt.simulation.anatomy.space import Space, ellipsoid, paint
from napari_alnt.simulation.anatomy.tubes import joined, stamp, tube

LIVER, SPLEEN, STOMACH, GAS, FAT = 58.0, 50.0, 30.0, -960.0, -98.0
"""HU without contrast agent."""


def diaphragm(space: Space, habitus: Habitus) -> Array:
    """Height in mm of the diaphragm, (1, Y, X): a dome on each side, which falls to the edge and
    most to the back, so that the lungs reach far down there.
    """
    right, left = habitus.domes
    middle = space.y + 14
    depth = np.where(middle > 0, middle / 88, middle / 82)
    steep = np.where(middle > 0, np.float32(66), np.float32(34))
    heights = []
    for top, side in ((right, -1), (left, 1)):
        across = (space.x - side * 58) / 74
        heights.append(top - 54 * np.abs(across) ** 2.1 - steep * np.abs(depth) ** 2.1)
    return np.maximum(*heights)


def draw_abdomen(hu: Array, space: Space, habitus: Habitus, below: Array) -> None:
    """Draw the organs below the diaphragm; ``below`` is the covered part of each voxel."""
    enhanced = 0.35 * habitus.contrast
    paint(hu, below, FAT)
    box = space.box((-150, -150, -400), (150, 150, max(habitus.domes) + 6))
    part, view, room = space.part(box), hu[box], below[box]
    # the left lobe of the liver is a wedge in front of the stomach
    edge = 10 + 0.75 * np.clip(-part.y - 12, 0, 60) + 0.12 * (part.z + 100)
    paint(view, room * part.cover(edge - part.x), LIVER + enhanced)
    _organ(hu, space, below, (86, 42, -104), (34, 42, 44), SPLEEN + 1.3 * enhanced)
    _stomach(hu, space, below, habitus)
    veins = [
        tube([(-20, 4, -62), (-50, -10, -84), (-84, -20, -100)], (6, 4.5, 3)),
        tube([(-20, 2, -66), (-32, -34, -90), (-44, -60, -104)], (5.5, 4, 2.5)),
        tube([(-20, 4, -66), (-60, 26, -92), (-92, 40, -112)], (5.5, 4, 2.5)),
    ]
    paint(hu, 0.8 * stamp(space, joined(veins)) * below, LIVER + 1.6 * enhanced - 12)
    for side in (-1, 1):  # the legs of the diaphragm, on both sides of the aorta
        leg, depth = ellipsoid(space, (side * 15, 40, -110), (7, 15, 40))
        paint(hu[leg], space.cover(depth), 52)


def _organ(
    hu: Array,
    space: Space,
    below: Array,
    centre: tuple[float, float, float],
    radii: tuple[float, float, float],
    value: float,
) -> None:
    box, depth = ellipsoid(space, centre, radii)
    paint(hu[box], space.cover(depth) * below[box], value)


def _stomach(hu: Array, space: Space, below: Array, habitus: Habitus) -> None:
    """Gas gathers at the front, as the patient lies on the back."""
    top = habitus.domes[1]
    centre, radii = (62.0, -8.0, top - 42), (32.0, 41.0, 38.0)
    box, depth = ellipsoid(space, centre, radii)
    part, room = space.part(box), below[box]
    paint(hu[box], part.cover(depth) * room, 45 + 0.3 * habitus.contrast)
    paint(hu[box], part.cover(depth - 4) * room, STOMACH)
    gas = np.minimum(depth - 4, -16 - part.y)
    paint(hu[box], part.cover(gas) * room, GAS)
