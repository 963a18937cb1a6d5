"""Below the diaphragm: liver on the right, stomach with gas on the left, spleen behind it."""

import numpy as np
import pytest

from napari_alnt.simulation.anatomy import Habitus
from napari_alnt.simulation.anatomy.abdomen import LIVER, diaphragm, draw_abdomen
from napari_alnt.simulation.anatomy.space import Space


@pytest.fixture
def drawn(space: Space, habitus: Habitus) -> np.ndarray:
    hu = np.full(space.shape, -1000, np.float32)
    below = np.broadcast_to(space.cover(diaphragm(space, habitus) - space.z), hu.shape)
    draw_abdomen(hu, space, habitus, below)
    return hu


def test_two_domes_the_right_one_higher_and_low_at_the_back(space: Space, habitus: Habitus):
    height = diaphragm(space, habitus)[0]
    right, left = height[:, space.x < 0].max(), height[:, space.x > 0].max()
    assert right == pytest.approx(habitus.domes[0], abs=2)
    assert left == pytest.approx(habitus.domes[1], abs=4)
    back, front = (height[np.abs(space.y.ravel() - y).argmin()].max() for y in (80, -75))
    assert back < front < right


def test_organs_lie_on_their_sides(space: Space, habitus: Habitus, drawn: np.ndarray):
    enhanced = LIVER + 0.35 * habitus.contrast
    liver = np.abs(drawn - enhanced) < 4
    assert (liver & (space.x < 0)).sum() > 2 * (liver & (space.x > 0)).sum()
    gas = (drawn < -800) & (space.z < diaphragm(space, habitus) - 15)
    assert gas.sum() > 20
    assert (np.argwhere(gas)[:, 2] > space.shape[2] / 2).all()


def test_gas_in_the_stomach_lies_in_front_of_the_fluid(space: Space, drawn: np.ndarray):
    level = int(np.argmin(np.abs(space.z.ravel() + 97)))
    column = drawn[level, :, int(np.argmin(np.abs(space.x - 62)))]
    y = space.y.ravel()
    gas, fluid = y[(column < -700) & (np.abs(y) < 50)], y[(np.abs(column - 30) < 12)]
    assert len(gas)
    assert len(fluid)
    assert gas.max() < fluid.max()


def test_nothing_is_drawn_above_the_diaphragm(space: Space, habitus: Habitus, drawn: np.ndarray):
    above = (space.z > diaphragm(space, habitus) + 6) & (np.abs(space.x) > 25)
    assert (drawn[above] == -1000).all()
