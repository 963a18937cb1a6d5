import numpy as np
import pytest
from scipy import ndimage

from napari_alnt.simulation.anatomy.lesions import (
    CONSOLIDATION,
    GROUND_GLASS,
    draw_haze,
    draw_solid,
    sow,
)
from napari_alnt.simulation.anatomy.lungs import plant
from napari_alnt.simulation.anatomy.space import Space
from napari_alnt.simulation.anatomy.trunk import cage


@pytest.fixture
def scene(space: Space):
    inside = cage(space)
    cover = space.cover(np.minimum(inside, np.abs(space.x) - 25))
    rng = np.random.default_rng(3)
    lungs = plant(space, cover, rng)
    return lungs, inside, sow(space, lungs, inside, rng)


def test_lesions_lie_in_the_lungs_near_their_edge(scene):
    lungs, inside, lesions = scene
    marked = lesions.truth > 0
    assert set(np.unique(lesions.truth)) == {0, GROUND_GLASS, CONSOLIDATION}
    assert not (marked & ~lungs.mask).any()
    pieces, count = ndimage.label(marked)
    assert 1 <= count <= 40
    large = [piece for piece in range(1, count + 1) if (pieces == piece).sum() > 60]
    touching = [inside[pieces == piece].min() < 8 for piece in large]
    assert np.mean(touching) >= 0.5
    assert np.median(inside[marked]) < np.median(inside[lungs.mask])


def test_low_and_back_are_more_often_ill(space: Space, scene):
    lungs, inside, _ = scene
    total = np.zeros(space.shape)
    for seed in range(12):
        total += sow(space, lungs, inside, np.random.default_rng(seed)).truth > 0
    back, front = total[:, space.y.ravel() > 0].sum(), total[:, space.y.ravel() < 0].sum()
    low, high = total[space.z.ravel() < 0].sum(), total[space.z.ravel() > 0].sum()
    assert back > front
    assert low > high


def test_ground_glass_is_graded_and_lets_what_is_denser_show(scene):
    _, _, lesions = scene
    assert ((lesions.haze > 0.1) & (lesions.haze < 0.9)).sum() > 0.2 * (lesions.haze > 0).sum()
    hu = np.full(lesions.haze.shape, -850, np.float32)
    hu[:, ::7] = 30  # vessels
    draw_haze(hu, lesions, np.random.default_rng(0))
    assert (hu[:, ::7] == 30).all()
    assert -650 < np.median(hu[lesions.haze > 0.95]) < -450 or (hu[lesions.haze > 0.95] == 30).any()
    assert (hu[lesions.haze == 0] <= 30).all()


def test_consolidation_hides_vessels_but_keeps_its_airways(space: Space, scene):
    lungs, _, lesions = scene
    hu = np.full(space.shape, -850, np.float32)
    draw_solid(hu, space, lungs, lesions)
    inner = (lesions.solid > 0.99) & (lungs.cover > 0.99)
    assert np.median(hu[inner]) == pytest.approx(25, abs=5)
    assert 0.005 < (hu[inner] < -150).mean() < 0.5
    assert (hu[(lesions.solid == 0)] == -850).all()
