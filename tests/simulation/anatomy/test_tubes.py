import numpy as np
import pytest

from napari_alnt.simulation.anatomy.space import Space
from napari_alnt.simulation.anatomy.tubes import joined, stamp, tube

SPACE = Space.new((40, 40, 40), (2.5, 2.0, 2.0))


def volume(cover: np.ndarray) -> float:
    return float(cover.sum() * np.prod(SPACE.step))


@pytest.mark.parametrize("radius", [4.0, 7.0])
def test_a_thick_tube_has_its_volume(radius: float):
    cover = stamp(SPACE, tube([(-25, 3, 0), (25, 3, 0)], (radius, radius)))
    whole = np.pi * radius**2 * 50 + 4 / 3 * np.pi * radius**3
    assert volume(cover) == pytest.approx(whole, rel=0.12)


def test_a_thread_thinner_than_a_voxel_is_fainter_the_thinner_it_is():
    faint, fainter = (
        stamp(SPACE, tube([(-25, 0, -9), (20, 5, 20)], (size, size))) for size in (1.0, 0.5)
    )
    assert 0 < fainter.max() < faint.max() < 1


def test_a_tube_goes_through_its_ends_and_tapers():
    line, radii = tube([(0, 0, -30), (10, 0, 0), (0, 5, 30)], (6, 4, 2))
    np.testing.assert_allclose(line[[0, -1]], [(0, 0, -30), (0, 5, 30)], atol=2.5)
    assert (np.diff(radii) <= 0).all()
    assert np.linalg.norm(np.diff(line, axis=0), axis=1).max() < 2  # without gaps


def test_what_leaves_the_grid_is_left_out():
    cover = stamp(SPACE, tube([(0, 0, 0), (300, 0, 0)], (5, 5)))
    assert cover[20, 20, -1] > 0.5
    assert stamp(SPACE, tube([(200, 0, 0), (300, 0, 0)], (5, 5))).sum() == 0


def test_joined_tubes_cover_both_and_can_be_wider():
    one, other = tube([(0, -20, 0), (0, -20, 30)], (3, 3)), tube([(0, 20, 0), (0, 20, 30)], (3, 3))
    both = stamp(SPACE, joined([one, other]))
    np.testing.assert_allclose(both, np.maximum(stamp(SPACE, one), stamp(SPACE, other)))
    assert stamp(SPACE, joined([one], wider=2)).sum() > 1.5 * stamp(SPACE, one).sum()
