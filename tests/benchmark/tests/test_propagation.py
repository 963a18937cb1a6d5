"""Which slices are corrected, the rival's interpolation, and the table."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmark.propagation import evenly, interpolated, measure, score, table, with_truth

from napari_alnt.errors import AlntError


def cone() -> np.ndarray:
    """A square that shrinks from slice to slice, from slice 2 to slice 8."""
    truth = np.zeros((11, 24, 24), np.int16)
    for k in range(2, 9):
        truth[k, k : 24 - k, k : 24 - k] = 1
    return truth


def test_slices_are_evenly_spaced_inside_the_structures():
    assert evenly(cone(), 1) == (5,)
    assert evenly(cone(), 3) == (4, 5, 6)  # 3.5 and 6.5 to the even number
    assert set(evenly(cone(), 50)) <= set(range(2, 9))


def test_shapes_are_interpolated_between_the_slices_and_kept_beyond():
    truth, wrong = cone(), np.zeros((11, 24, 24), np.int16)
    wrong[1, :3, :3] = 1
    draft = with_truth(wrong, truth, (3, 7))
    found = interpolated(draft, (3, 7), 2, (1.0, 1.0))
    # corners apart, where the nearest point of the outline lies aslant
    np.testing.assert_array_equal(found[3:8, 12], truth[3:8, 12])
    np.testing.assert_array_equal(found[[1, 2, 8]], wrong[[1, 2, 8]])
    np.testing.assert_array_equal(interpolated(draft, (3,), 2, (1.0, 1.0)), draft)


def test_corrected_slices_do_not_count():
    truth = cone()
    mask = with_truth(np.zeros_like(truth), truth, (3,))
    assert score(mask, truth, (3,), 2) == 0
    assert 0 < score(mask, truth, (), 2) < 1


def test_gains_are_over_the_students_mask():
    dice = {"student": (0.5, 0.7), "propagation": (0.7, 0.69)}
    rows = [
        {"case": str(case), "corrected": 1, "way": way, "dice": values[case]}
        for way, values in dice.items()
        for case in (0, 1)
    ]
    student, propagation = table(rows)
    assert (student["gain"], student["worse"]) == (0, 0)
    assert math.isclose(propagation["gain"], 0.095)
    assert (propagation["cases"], propagation["worse"]) == (2, 1)


def test_without_the_volumes_it_says_so(tmp_path):
    with pytest.raises(AlntError, match="openkbp_hn_ct"):
        measure(tmp_path, tmp_path / "out", 2)
