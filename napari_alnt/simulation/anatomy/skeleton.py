"""The bones of the chest: ribs, spine, breast bone, shoulder blades, collar bones."""

from __future__ import annotations

import numpy as np

from napari_alnt.data import Array
from napari_alnt.simulation.anatomy.space import Space, bar, ellipsoid, paint
from napari_alnt.simulation.anatomy.tubes import joined, stamp, tube

CORTEX, MARROW, CARTILAGE, DISC, CORD = 620.0, 190.0, 105.0, 85.0, 30.0
"""HU."""
RIB, VERTEBRA = 25.0, 24.0
"""Distance in mm of one rib, and of one vertebra, from the next."""
SPINE = 58.0
"""y in mm of the middle of the vertebral bodies."""


def draw_bones(hu: Array, space: Space, inside: Array, rng: np.random.Generator) -> None:
    """Draw all bones; ``inside`` is the depth within the ribs in mm."""
    shift = float(rng.uniform(0, VERTEBRA))
    _ribs(hu, space, inside, shift)
    _spine(hu, space, shift)
    _breast_bone(hu, space)
    _shoulders(hu, space)


def _ribs(hu: Array, space: Space, inside: Array, shift: float) -> None:
    """Ribs fall from the spine to the front, and rise again where they are cartilage; a slice cuts
    each of them once on its way.
    """
    fall = 0.46 * (92 - space.y) - 0.9 * np.clip(-48 - space.y, 0, None)
    fall = fall + 0.16 * np.abs(space.x)
    level = np.mod(space.z + fall + shift, RIB) - RIB / 2
    across = (-inside - 5.2) / 3.8
    round_ = np.hypot(level / 5.4, across)
    cover = space.cover(3.8 * (1 - round_))
    x = np.abs(space.x)
    # none where the spine and the breast bone are, nor above the first
    cover = cover * ((x > 22) | (space.y < 0)) * (x > 14) * (space.z + fall < 150)
    soft = np.clip((-50 - space.y) / 8, 0, 1) * np.clip((88 - x) / 10, 0, 1)
    bone = np.where(round_ < 0.5, MARROW, CORTEX)
    paint(hu, cover, bone + soft * (CARTILAGE - bone))


def _spine(hu: Array, space: Space, shift: float) -> None:
    """Vertebral bodies and discs, the canal, and the processes behind it."""
    box = space.box((-48, 30, -400), (48, 128, 400))
    part, view = space.part(box), hu[box]
    at = np.mod(part.z + shift, VERTEBRA) - VERTEBRA / 2
    y = part.y - SPINE
    disc = np.clip((np.abs(at) - 8.6) / 2, 0, 1)
    body = 16 * (1 - np.sqrt((part.x / 17) ** 2 + (y / 15) ** 2)) - 0.8 * (1 - disc)
    shell = np.where((body < 3) | (np.abs(at) > 7.2), 400, MARROW)
    paint(view, part.cover(body), shell + disc * (DISC - shell))
    canal = 8.5 - np.hypot(part.x, y - 23)
    arch = canal + 4.5
    # the roots of the arch stand at the upper half of each vertebra only
    roots = np.clip((9 - np.abs(at + 3)) / 3, 0.25, 1)
    paint(view, part.cover(arch) * np.where(y < 20, roots, 0.9), 430)
    for side in (-1, 1):
        wing = bar(part, (side * 10.0, SPINE + 20), (side * 33.0, SPINE + 32), 4.2)
        paint(view, part.cover(np.minimum(wing, 7 - np.abs(at + 3))), 380)
    back = bar(part, (0.0, SPINE + 34), (0.0, SPINE + 52), 3.4)
    paint(view, part.cover(back) * np.clip((12 - np.abs(at - 4)) / 4, 0.4, 1), 430)
    paint(view, part.cover(canal), -40)
    paint(view, part.cover(canal - 2), CORD)


def _breast_bone(hu: Array, space: Space) -> None:
    box = space.box((-40, -112, -62), (40, -40, 74))
    part = space.part(box)
    wide = part.along((74, 24), (55, 22), (45, 14), (0, 15), (-50, 17), (-62, 8))
    front = part.along((95, -40), (74, -56), (40, -76), (0, -89), (-60, -96))
    depth = bar(part, (5 - wide, front), (wide - 5, front), 5.6)
    depth = np.minimum(depth, np.minimum(part.z + 62, 74 - part.z))
    paint(hu[box], part.cover(depth), np.where(depth > 2.2, 120.0, 380.0))


def _shoulders(hu: Array, space: Space) -> None:
    """Shoulder blades behind, collar bones in front, and the heads of the upper arms, which are
    lifted.
    """
    box = space.box((-180, 0, 0), (180, 120, 200))
    part = space.part(box)
    present = np.clip((part.z - 2) / 6, 0, 1)
    for side in (-1, 1):
        inner = (
            side * part.along((5, 92), (30, 80), (95, 74)),
            part.along((5, 92), (40, 100), (95, 96)),
        )
        outer = (
            side * part.along((5, 100), (60, 121), (110, 130)),
            part.along((5, 86), (60, 66), (110, 40)),
        )
        paint(hu[box], part.cover(bar(part, inner, outer, 2.3)) * present, 400)
        edge = (outer[0] - side * 4, outer[1] + 3)
        paint(hu[box], part.cover(bar(part, outer, edge, 4.6)) * present, 420)
        # its spine stands out to the back, higher up
        root = (0.55 * inner[0] + 0.45 * outer[0], 0.55 * inner[1] + 0.45 * outer[1])
        tip = (root[0] + side * part.along((55, 0), (100, 42)), root[1] + 13)
        ridge = part.cover(bar(part, root, tip, 2.6)) * np.clip((part.z - 58) / 8, 0, 1)
        paint(hu[box], ridge, 400)
        head, ball = ellipsoid(space, (side * 156, 22, 116), (26, 25, 26))
        paint(hu[head], space.cover(ball), np.where(ball > 3, 210, 480))
    collar = joined(
        [
            tube(
                [(s * 17, -60, 74), (s * 50, -56, 86), (s * 100, -30, 102), (s * 150, 8, 114)],
                (8, 5.5, 5, 6),
            )
            for s in (-1, 1)
        ]
    )
    paint(hu, stamp(space, collar), 480)
    paint(hu, 0.7 * stamp(space, (collar[0], collar[1] - 3)), MARROW)
