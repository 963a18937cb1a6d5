"""What lies between the lungs lies where the book has it."""

import dataclasses

import numpy as np
import pytest

from napari_alnt.simulation.anatomy import Habitus
from napari_alnt.simulation.anatomy.mediastinum import (
    FAT,
    Mediastinum,
    between_lungs,
    draw_airways,
    draw_mediastinum,
)
from napari_alnt.simulation.anatomy.space import Space


@pytest.fixture
def scene(space: Space, habitus: Habitus):
    organs = Mediastinum.new(habitus, np.random.default_rng(0))
    hu = np.full(space.shape, FAT, np.float32)
    draw_mediastinum(hu, space, organs, habitus, np.ones(space.shape, np.float32))
    draw_airways(hu, space, organs)
    return organs, hu


def at(space: Space, hu: np.ndarray, x: float, y: float, z: float) -> float:
    """The median around a place in mm."""
    near = [int(np.argmin(np.abs(axis - mm))) for axis, mm in (
        (space.z.ravel(), z), (space.y.ravel(), y), (space.x, x))]  # fmt: skip
    return float(np.median(hu[tuple(slice(index - 1, index + 2) for index in near)]))


def test_the_windpipe_divides_and_holds_air(space: Space, scene):
    _, hu = scene
    assert at(space, hu, -1, 4, 60) < -850
    assert at(space, hu, -22, 14, 12) < -600  # right main bronchus
    assert at(space, hu, 22, 17, 10) < -600  # and left
    assert at(space, hu, 0, 14, -8) > -300  # nothing between them below


def test_the_aorta_rises_right_of_the_middle_and_runs_down_left_of_the_spine(space, scene, habitus):
    _, hu = scene
    for place in ((-14, -33, 30), (27, 42, 0), (22, 40, -45)):
        assert at(space, hu, *place) == pytest.approx(habitus.blood(), abs=25)
    assert at(space, hu, -27, 42, -10) < 0


def test_the_heart_lies_left_of_the_middle_with_muscle_round_bright_chambers(space, scene, habitus):
    organs, hu = scene
    tissue = (hu > 20) & (space.z < -15) & (space.z > -60) & (space.y < 0)
    assert (tissue & (space.x > 0)).sum() > 1.4 * (tissue & (space.x < 0)).sum()
    x, y, z = organs.heart
    left_chamber = at(space, hu, x + 16, y + 2, z - 6)
    assert left_chamber == pytest.approx(habitus.blood(0.95), abs=15)
    muscle = 48 + 0.35 * habitus.contrast
    assert ((hu > muscle - 8) & (hu < muscle + 8) & tissue).sum() > 0.1 * tissue.sum()


def test_without_contrast_agent_blood_and_muscle_are_alike(space: Space, habitus: Habitus):
    plain = dataclasses.replace(habitus, contrast=0.0)
    hu = np.full(space.shape, FAT, np.float32)
    organs = Mediastinum.new(plain, np.random.default_rng(0))
    draw_mediastinum(hu, space, organs, plain, np.ones(space.shape, np.float32))
    assert hu.max() < 60


def test_lungs_have_no_room_where_organs_and_spine_are(space: Space, scene, habitus: Habitus):
    organs, hu = scene
    taken = between_lungs(space, organs, habitus)
    assert taken.min() >= 0
    assert taken.max() <= 1
    near = (np.abs(space.x) < 75) & (space.z > -70) & (space.z < 70)
    organ = (hu > 30) & near
    assert taken[organ].mean() > 0.85
    assert taken[np.broadcast_to(np.abs(space.x) > 95, taken.shape) & (space.z < 80)].max() < 0.5
