"""Signed distances to outlines, and the known slices around a position."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.core.slice_shapes import REACH, between_slices, outline_distances


def test_distances_are_in_mm_and_positive_inside():
    slices = np.zeros((2, 9, 9), np.int16)
    slices[0, 2:7, 3:6] = 1
    found = outline_distances(slices, 2, (2.0, 2.0))
    assert found.shape == (2, 2, 9, 9)
    assert found[1, 0, 4, 4] == 3.0
    assert found[1, 0, 4, 6] == -1.0
    np.testing.assert_allclose(found[0, 0], -found[1, 0])
    assert (found[1, 1] == -REACH).all()
    assert (found[0, 1] == REACH).all()


def test_a_position_lies_between_its_neighbours():
    wanted = np.array([0.0, 2.0, 3.0, 4.0, 9.0])
    below, above, share, far = between_slices((2, 6), wanted)
    assert below.tolist() == [0, 0, 0, 0, 1]
    assert above.tolist() == [0, 1, 1, 1, 1]
    assert share == pytest.approx([0, 0, 0.25, 0.5, 0])
    assert far.tolist() == [2, 0, 1, 2, 3]
