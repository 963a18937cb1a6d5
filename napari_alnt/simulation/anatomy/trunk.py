"""The wall of the trunk: skin, fat below it, the muscles, and the room within the ribs."""

from __future__ import annotations

from typing import cast

import numpy as np

from napari_alnt.data import Array
from napari_alnt.simulation.anatomy.habitus import Habitus
from napari_alnt.simulation.anatomy.space import Space, ellipsoid, paint, ring
from napari_alnt.simulation.corruptions import smooth_noise

AIR, SKIN, FAT, MUSCLE = -1000.0, 15.0, -100.0, 55.0
"""HU."""
WALL = 11.0
"""Thickness in mm of ribs and the muscles between them."""


def cage(space: Space) -> Array:
    """Depth in mm within the inner surface of the ribs, (Z, Y, X)."""
    wide = space.along(
        (130, 44), (108, 62), (90, 80), (70, 96), (45, 110), (10, 119), (-40, 123), (-120, 119)
    )
    front = space.along(
        (130, -30), (95, -34), (70, -52), (40, -70), (0, -83), (-50, -90), (-120, -88)
    )
    back = space.along((130, 62), (100, 74), (70, 86), (30, 95), (-40, 97), (-120, 92))
    return ring(space, wide, front, back, 2.3)


def below_skin(space: Space, habitus: Habitus) -> Array:
    """Depth in mm below the skin, (Z, Y, X)."""
    wide = space.along(
        (120, 190), (100, 180), (75, 168), (40, 159), (0, 152), (-50, 147), (-120, 143)
    )
    front = space.along((120, -62), (95, -76), (70, -90), (40, -100), (0, -107), (-120, -110))
    back = space.along((120, 102), (90, 112), (50, 120), (0, 121), (-50, 119), (-120, 115))
    depth = ring(space, wide, front, back, 2.35) + habitus.fat
    # hollows over the breast bone and the spine
    middle = np.exp(-((space.x / 24) ** 2))
    depth = depth - middle * np.where(space.y < 0, np.float32(4), np.float32(7))
    if habitus.breasts:
        for side in (-1, 1):
            centre = (side * 80, -82.0, -16.0)
            box, breast = ellipsoid(space, centre, (57, 16 + habitus.breasts + habitus.fat / 2, 56))
            depth[box] = np.maximum(depth[box], breast)
    return cast("Array", depth)


def draw_wall(
    hu: Array, space: Space, habitus: Habitus, skin: Array, inside: Array, rng: np.random.Generator
) -> None:
    """Draw skin, fat and muscles; ``skin`` and ``inside`` are the depths of both surfaces."""
    paint(hu, space.cover(skin), SKIN)
    paint(hu, space.cover(skin - 2.2), FAT)
    if habitus.breasts:
        for side in (-1, 1):  # glands, streaky in the fat
            box, gland = ellipsoid(space, (side * 78, -98.0, -18.0), (32, 13, 30))
            part = space.part(box)
            streaks = 0.45 + 0.4 * np.sin(part.x / 3.1 + part.z / 4.7) * np.cos(part.y / 3.7)
            paint(hu[box], space.cover(gland) * streaks, 30)
    thick = habitus.muscle * _muscles(space)
    outside = -inside
    muscle = np.minimum(WALL + thick - outside, skin - 7 - 0.4 * max(habitus.fat, 0))
    cover = space.cover(muscle)
    # thin fat lies between two sheets of muscle
    for share in (0.0, 0.55):
        plane = np.exp(-(((outside - WALL - share * thick) / 1.7) ** 2))
        cover = cover * (1 - 0.75 * plane * (thick > 8 + 6 * share) * _rise(84 - space.z, 10))
    # and between its bundles, most at the neck
    fat = smooth_noise(hu.shape, np.array((8, 3, 3)) / space.step, rng)
    many = 0.3 + 0.1 * _rise(space.z - 84, 10)
    paint(hu, cover * (1 - many * np.clip(fat - 0.5, 0, 1)), MUSCLE)
    for side in (-1, 1):  # the pits above the collar bones, and the hollow before the blades
        for centre, radii in (((74, 2, 110), (25, 15, 22)), ((104, 18, 84), (20, 30, 34))):
            x, y, z = centre
            box, pit = ellipsoid(space, (side * x, y, z), radii)
            paint(hu[box], 0.8 * space.cover(np.minimum(pit, -3 - inside[box])), FAT)


def _muscles(space: Space) -> Array:
    """Thickness in mm of the muscles on the ribs."""
    x, y, z = np.abs(space.x), space.y, space.z
    before, behind = _rise(-y - 15, 12), _rise(y - 35, 8)
    breast = 17 * np.exp(-(((x - 62) / 38) ** 2)) * before * _rise(z - 2, 8)
    # what holds the shoulder blade, and the broad muscle of the back
    side = 20 * np.exp(-(((y - 38) / 40) ** 2)) * _rise(x - 78, 9) * _rise(z + 25, 14)
    spine = 24 * np.exp(-(((x - 30) / 20) ** 2)) * behind
    neck = 22 * _rise(z - 82, 7)
    return cast("Array", 4 + breast + side + spine + neck)


def _rise(mm: Array, width: float) -> Array:
    """From 0 to 1 within about ``width`` mm on both sides of 0."""
    return cast("Array", 1 / (1 + np.exp(-4 * np.clip(mm / width, -5, 5))))


def draw_table(hu: Array, space: Space, habitus: Habitus) -> None:
    """The hollow table that the patient lies on."""
    at_back = 129 + max(habitus.fat, 0)
    below = space.y - (at_back - 20 * (space.x / 160) ** 2)
    hollow = np.broadcast_to(space.cover(np.where(below < 6, below, -9)), hu.shape)
    paint(hu, hollow, -930)
    for at in (0, 6):
        paint(hu, 0.5 * space.cover(1.5 - np.abs(below - at)), -250)
