"""A line drawn around points."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.widgets.training.lasso import within

SQUARE = np.array([[0, 0], [2, 0], [2, 2], [0, 2]], float)


def test_points_in_and_out_of_a_square():
    points = np.array([[1, 1], [3, 1], [-1, 1], [1, 3], [1, -1], [0.1, 1.9]])
    assert within(SQUARE, points).tolist() == [True, False, False, False, False, True]


def test_the_direction_of_the_line_does_not_matter():
    points = np.random.default_rng(0).uniform(-1, 3, (200, 2))
    np.testing.assert_array_equal(within(SQUARE, points), within(SQUARE[::-1], points))
    expected = ((points > 0) & (points < 2)).all(axis=1)
    np.testing.assert_array_equal(within(SQUARE, points), expected)


def test_a_hollow_is_outside():
    hollow = np.array([[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]], float)
    assert within(hollow, np.array([[2.0, 2.0], [0.5, 2.0], [3.5, 2.0]])).tolist() == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("corners", [np.zeros((0, 2)), np.array([[1.0, 1.0], [2.0, 1.0]])])
def test_a_line_without_an_inside_holds_nothing(corners):
    assert not within(corners, np.array([[1.0, 1.0], [1.5, 1.0]])).any()


def test_no_points_are_none():
    assert within(SQUARE, np.zeros((0, 2))).shape == (0,)
