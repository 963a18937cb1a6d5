from itertools import pairwise

import numpy as np
import pytest

from napari_alnt.correction.lines import mark, run_through


@pytest.mark.parametrize("seed", range(10))
def test_a_line_runs_through_pixels_without_a_gap(seed):
    line = np.random.default_rng(seed).uniform(-5, 9, (4, 2 + seed % 2))
    places = run_through(line)
    assert np.abs(np.diff(places, axis=0)).max() <= 1
    for point in line:
        assert (places == np.floor(point + 0.5)).all(axis=1).any()
    # none is farther from the line than half a pixel along an axis
    fine = np.concatenate(
        [a + np.linspace(0, 1, 500)[:, None] * (b - a) for a, b in pairwise(line)]
    )
    for place in places:
        assert np.abs(fine - place).max(axis=1).min() <= 0.55


def test_a_point_is_a_line_too_and_places_outside_are_passed_over():
    where = np.zeros((2, 3), bool)
    assert run_through(np.array([[0.5, 1.4]])).tolist() == [[1, 1]]
    mark(where, np.array([[1, 1], [-1, 0], [0, 3]]))
    assert where.tolist() == [[False, False, False], [False, True, False]]
