"""Three patients, drawn once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.simulation.anatomy import Chest, draw_chest
from napari_alnt.simulation.anatomy.habitus import Habitus
from napari_alnt.simulation.anatomy.space import Space

SHAPE, SPACING = (64, 76, 90), (3.75, 3.65, 3.6)


@pytest.fixture(scope="session")
def chests() -> list[Chest]:
    """Read them, never change them."""
    return [draw_chest(SHAPE, SPACING, np.random.default_rng(seed)) for seed in range(3)]


@pytest.fixture
def space() -> Space:
    return Space.new(SHAPE, SPACING)


@pytest.fixture
def habitus() -> Habitus:
    """The average patient, with contrast agent."""
    return Habitus(
        size=(1.0, 1.0, 1.0),
        fat=0.0,
        muscle=1.0,
        breasts=0.0,
        heart=1.0,
        domes=(-45.0, -55.0),
        contrast=100.0,
        air=-880.0,
        sway=0.0,
    )
