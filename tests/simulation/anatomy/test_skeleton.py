"""Ribs fall to the front and are cut as short pieces; bones have a shell."""

import numpy as np
import pytest
from scipy import ndimage

from napari_alnt.simulation.anatomy.skeleton import MARROW, SPINE, draw_bones
from napari_alnt.simulation.anatomy.space import Space
from napari_alnt.simulation.anatomy.trunk import cage


@pytest.fixture(scope="module")
def scene():
    space = Space.new((80, 96, 112), (3.0, 2.9, 2.9))
    inside = cage(space)
    hu = np.zeros(space.shape, np.float32)
    draw_bones(hu, space, inside, np.random.default_rng(0))
    return space, inside, hu


def test_a_slice_cuts_several_ribs_on_either_side(scene):
    space, _, hu = scene
    for level in (30, 40, 50):
        for side in (-1, 1):
            lateral = side * space.x > 45
            _, count = ndimage.label((hu[level] > 100) & lateral)
            assert 3 <= count <= 9


def test_a_rib_falls_to_the_front(scene):
    space, _, hu = scene
    pieces, count = ndimage.label((hu > 250) & (np.abs(space.x) > 100) & (space.z < 0))
    falls = []
    for piece in range(1, count + 1):
        z, y, _ = np.nonzero(pieces == piece)
        if len(z) > 60:
            falls.append(np.corrcoef(z, y)[0, 1])
    assert len(falls) >= 4
    assert np.median(falls) > 0.6  # y grows to the back, z to the head


def test_no_bone_lies_within_the_cage_but_the_spine_and_the_breast_bone(scene):
    space, inside, hu = scene
    middle = np.abs(space.x) < 45
    low = space.z < 60
    assert not ((hu > 250) & (inside > 3) & ~middle & low).any()
    assert ((hu > 250) & (inside > 3) & middle).any()


def test_the_spine_stands_behind_with_marrow_discs_and_a_canal(scene):
    space, _, hu = scene
    x = len(space.x) // 2
    body = int(np.argmin(np.abs(space.y.ravel() - SPINE)))
    canal = int(np.argmin(np.abs(space.y.ravel() - SPINE - 23)))
    column = hu[:, body, x - 1 : x + 1].mean(1)
    assert (column > 0.8 * MARROW).mean() > 0.5
    assert (column < 110).mean() > 0.1  # discs
    assert np.median(hu[:, canal, x]) < 60
    # every vertebra once in 24 mm
    top = np.diff((column > 150).astype(int)) == 1
    assert np.median(np.diff(np.flatnonzero(top))) * space.step[0] == pytest.approx(24, abs=3)


def test_another_patient_has_his_ribs_at_other_levels(scene):
    space, inside, hu = scene
    other = np.zeros_like(hu)
    draw_bones(other, space, inside, np.random.default_rng(5))
    assert (other != hu).mean() > 0.01
