"""The whole chest is one: what lies in what, and how dense it is."""

import numpy as np
import pytest
from scipy import ndimage
from simulation.anatomy.conftest import SHAPE, SPACING

from napari_alnt.simulation.anatomy import Chest, Habitus, draw_chest


def test_lungs_fill_the_ribs_cage_and_do_not_leave_it(chests: list[Chest]):
    for chest in chests:
        assert not (chest.lungs & ~chest.inside_ribs).any()
        assert not (chest.inside_ribs & ~chest.body).any()
        assert 0.15 < chest.lungs.sum() / chest.body.sum() < 0.4
        middle = slice(SHAPE[0] // 2 - 3, SHAPE[0] // 2 + 3)
        assert chest.lungs[middle].sum() > 0.55 * chest.inside_ribs[middle].sum()


def test_there_are_two_lungs_and_the_heart_takes_room_from_the_left_one(chests: list[Chest]):
    for chest in chests:
        left = chest.lungs & (chest.space.x > 0)
        right = chest.lungs & (chest.space.x < 0)
        heart = (chest.space.z > -35) & (chest.space.z < 10)
        assert (right & heart).sum() > 1.1 * (left & heart).sum()
        pieces, count = ndimage.label(ndimage.binary_erosion(chest.lungs))
        sizes = np.sort(np.bincount(pieces.ravel())[1:])
        assert count >= 2
        assert sizes[-2] > 0.5 * sizes[-1]


def test_tissues_have_their_hounsfield_units(chests: list[Chest]):
    for chest in chests:
        image, healthy = chest.image, chest.lungs & (chest.truth == 0)
        assert image.dtype == np.int16
        assert -910 < np.median(image[healthy]) < -780
        far = ~ndimage.binary_dilation(chest.body, iterations=2)
        assert np.median(image[far]) < -980
        wall = ndimage.binary_erosion(chest.body, iterations=2) & ~chest.inside_ribs
        assert 0.2 < ((image[wall] > -140) & (image[wall] < -50)).mean() < 0.7  # fat
        assert 0.15 < ((image[wall] > 0) & (image[wall] < 110)).mean() < 0.7  # muscle
        assert 0.05 < (image[wall] > 180).mean() < 0.25  # bone
        assert image.max() < 1200


def test_lesions_lie_in_the_lungs_and_are_denser(chests: list[Chest]):
    for chest in chests:
        lesion = chest.truth > 0
        assert set(np.unique(chest.truth)) == {0, 1, 2}
        assert not (lesion & ~chest.lungs).any()
        assert 0.003 < lesion.sum() / chest.lungs.sum() < 0.2
        healthy, glass, solid = (
            np.median(chest.image[chest.lungs & (chest.truth == value)]) for value in (0, 1, 2)
        )
        assert healthy + 120 < glass < -380
        assert -150 < solid < 80


def test_a_seed_gives_the_same_voxels_and_another_one_another_patient(chests: list[Chest]):
    again = draw_chest(SHAPE, SPACING, np.random.default_rng(1))
    np.testing.assert_array_equal(again.image, chests[1].image)
    np.testing.assert_array_equal(again.truth, chests[1].truth)
    bodies = [chest.body for chest in chests]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert (bodies[one] != bodies[other]).mean() > 0.005


@pytest.mark.parametrize("shape", [(8, 16, 16), (24, 28, 32)])
def test_few_voxels_are_enough(shape: tuple[int, int, int], habitus: Habitus):
    spacing = tuple(mm / n for mm, n in zip((240, 278, 325), shape, strict=True))
    chest = draw_chest(shape, spacing, np.random.default_rng(0), habitus)
    assert chest.image.shape == chest.truth.shape == shape
    assert not (chest.lungs & ~chest.inside_ribs).any()
    assert (chest.truth > 0).any()
