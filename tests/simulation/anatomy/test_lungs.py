import numpy as np
import pytest

from napari_alnt.simulation.anatomy import Habitus
from napari_alnt.simulation.anatomy.abdomen import diaphragm
from napari_alnt.simulation.anatomy.lungs import APEX, draw_trees, plant, room, tissue
from napari_alnt.simulation.anatomy.space import Space
from napari_alnt.simulation.anatomy.trunk import cage


@pytest.fixture
def cover(space: Space, habitus: Habitus) -> np.ndarray:
    inside, floor = cage(space), diaphragm(space, habitus)
    taken = np.broadcast_to(space.cover(25 - np.abs(space.x)), space.shape)
    return room(space, inside, taken, floor)


def test_lungs_stand_on_the_diaphragm_between_ribs_and_middle(space, habitus, cover):
    lung = cover > 0.5
    assert not (lung & (space.z < diaphragm(space, habitus))).any()
    assert not (lung & (space.z > APEX)).any()
    assert (cage(space)[lung] > 0).all()
    assert not lung[..., np.abs(space.x) < 20].any()
    lowest = {  # they reach farther down at the back than in front
        part: space.z.ravel()[np.flatnonzero((lung & here).any((1, 2)))[0]]
        for part, here in (("back", space.y > 50), ("front", space.y < -50))
    }
    assert lowest["back"] < lowest["front"] - 15


def test_tissue_is_denser_at_the_back_and_at_the_fissure(space: Space, habitus: Habitus):
    hu = tissue(space, habitus, np.random.default_rng(0))
    front, back = (np.median(hu[:, here]) for here in (space.y.ravel() < -60, space.y.ravel() > 60))
    assert front < -860
    assert front + 40 < back < -760
    away = np.abs(space.z - (0.85 * space.y - 12 + 0.0016 * (np.abs(space.x) - 60) ** 2))
    assert hu[away < 0.5].mean() > hu[(away > 6) & (away < 12)].mean() + 20


def test_trees_grow_in_both_lungs_and_show_as_vessels_and_airways(space: Space, cover):
    lungs = plant(space, cover, np.random.default_rng(0))
    np.testing.assert_array_equal(lungs.mask, cover > 0.5)
    for points, _ in (lungs.vessels, lungs.bronchi):
        assert (points[:, 0] < -60).any()
        assert (points[:, 0] > 60).any()
    hu = np.full(space.shape, -850, np.float32)
    draw_trees(hu, space, lungs, 130)
    assert 0.01 < (hu[lungs.mask] > -500).mean() < 0.2
    assert (hu[lungs.mask] < -900).any()
    assert (hu[cover == 0] == -850).all()
