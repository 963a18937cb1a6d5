"""From the skin inwards: skin, fat, muscle, ribs' cage; and a table below."""

import dataclasses

import numpy as np

from napari_alnt.simulation.anatomy import Habitus
from napari_alnt.simulation.anatomy.space import Space
from napari_alnt.simulation.anatomy.trunk import AIR, below_skin, cage, draw_table, draw_wall


def wall(space: Space, habitus: Habitus):
    hu = np.full(space.shape, AIR, np.float32)
    skin, inside = below_skin(space, habitus), cage(space)
    draw_wall(hu, space, habitus, skin, inside, np.random.default_rng(0))
    return hu, skin, inside


def test_fat_lies_below_the_skin_and_muscle_on_the_ribs(space: Space, habitus: Habitus):
    hu, skin, inside = wall(space, habitus)
    low = np.broadcast_to(space.z < 60, hu.shape)
    fat, muscle = hu[low & (skin > 5) & (skin < 8)], hu[low & (inside < -4) & (inside > -8)]
    assert -110 < np.median(fat) < -60
    assert 20 < np.median(muscle) < 60
    assert (hu[skin < -4] == AIR).all()


def test_the_cage_widens_from_the_neck_down_and_lies_within_the_body(space: Space, habitus):
    _, skin, inside = wall(space, habitus)
    widths = (inside > 0).any(1).sum(1)
    assert widths[-4] < widths[len(widths) // 2] <= widths[8] + 4
    assert (skin[inside > 0] > 8).all()


def test_fat_patients_are_wider_and_women_have_breasts(space: Space, habitus: Habitus):
    def size(**how: float) -> int:
        return int((below_skin(space, dataclasses.replace(habitus, **how)) > 0).sum())

    assert size(fat=8) > 1.05 * size() > 1.1 * size(fat=-5)
    assert size(breasts=20) > size()
    woman = below_skin(space, dataclasses.replace(habitus, breasts=20.0)) > 0
    more = woman & ~(below_skin(space, habitus) > 0)
    assert (np.argwhere(more)[:, 1] < space.shape[1] / 2).all()  # in front


def test_the_table_lies_under_the_back(space: Space, habitus: Habitus):
    hu = np.full(space.shape, AIR, np.float32)
    draw_table(hu, space, habitus)
    drawn = np.argwhere(hu > AIR + 100)
    assert len(drawn)
    assert drawn[:, 1].min() > 0.8 * space.shape[1]
