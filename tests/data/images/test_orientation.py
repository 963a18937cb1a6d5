"""The letters and places of a picture are those of the patient, whatever the file's axes are."""

from __future__ import annotations

import itertools

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from napari_alnt.data import Grid
from napari_alnt.data.images.orientation import (
    Edges,
    axis_letters,
    edge_letters,
    opposite,
    place_text,
    slice_place,
)

CODES = [
    "".join(letters)
    for order in itertools.permutations(("RL", "AP", "SI"))
    for letters in itertools.product(*order)
]
SHAPE, SPACING = (5, 6, 7), (3.0, 2.0, 1.5)


def turned(axis: str, degrees: float) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    return affine


def test_there_are_48_codes():
    assert len(set(CODES)) == 48


@pytest.mark.parametrize("code", CODES)
def test_every_axis_code_is_that_of_nibabel(code):
    # any affine with such axes, not only those in which volumes are kept
    affine = np.eye(4)
    for column, letter in enumerate(code):
        axis = max("RAS".find(letter), "LPI".find(letter))
        affine[:3, column] = (1.5 + column) * np.eye(3)[axis] * (1 if letter in "RAS" else -1)
    assert axis_letters(affine)[::-1] == nib.aff2axcodes(affine) == tuple(code)


@pytest.mark.parametrize("code", CODES)
def test_a_volume_is_shown_with_front_up_and_right_on_the_left(code):
    affine = Grid.new(SHAPE, SPACING, axes=code).affine
    assert edge_letters(affine, vertical=1, horizontal=2) == Edges("R", "L", "A", "P")
    assert edge_letters(affine, vertical=0, horizontal=2) == Edges("R", "L", "I", "S")
    assert edge_letters(affine, 0, 1, down=False) == Edges("A", "P", "S", "I")
    assert edge_letters(affine, 1, 2, down=False, right=False) == Edges("L", "R", "P", "A")


def test_letters_of_oblique_axes_begin_with_those_of_nibabel():
    same = 0
    for rotation in Rotation.random(2000, random_state=0).as_matrix():
        affine = np.eye(4)
        affine[:3, :3] = rotation * [1.0, 2.5, 0.7]
        letters = axis_letters(affine)[::-1]
        for one, direction in zip(letters, rotation.T, strict=True):
            strength = {
                "RAS"[axis] if part > 0 else "LPI"[axis]: abs(part)
                for axis, part in enumerate(direction)
            }
            assert list(one) == sorted(strength, key=strength.get)[::-1][: len(one)]
        # nibabel names each side once; where two axes lean to the same one, it has to choose
        if len({*np.abs(rotation).argmax(axis=0)}) == 3:
            same += 1
            assert tuple(one[0] for one in letters) == nib.aff2axcodes(affine)
    assert same > 1000


@pytest.mark.parametrize(
    ("degrees", "letters"),
    [(0, "R"), (15, "R"), (22, "R"), (23, "RA"), (44, "RA"), (46, "AR"), (67, "AR"), (68, "A"),
     (112, "A"), (113, "AL"), (158, "L"), (200, "L"), (225.1, "PL"), (-30, "RP")],
)  # fmt: skip
def test_a_second_letter_is_named_where_an_axis_leans_to_it(degrees, letters):
    assert axis_letters(turned("z", degrees))[2] == letters


def test_a_tilted_gantry_is_still_axial():
    affine = turned("x", 18) @ Grid.new(SHAPE, SPACING).affine
    assert edge_letters(affine, 1, 2) == Edges("R", "L", "A", "P")
    oblique = turned("x", 40) @ Grid.new(SHAPE, SPACING).affine
    assert len(edge_letters(oblique, 1, 2).top) == 2


def test_the_other_side():
    assert [opposite(letters) for letters in ("AL", "S", "")] == ["PR", "I", ""]


def test_an_axis_without_a_direction_has_no_letter():
    assert axis_letters(np.diag([1.0, 1, 0, 1])) == ("", "A", "R")


def test_places_have_their_sides():
    affine = Grid.new(SHAPE, SPACING, axes="PIR", origin=(10.0, -4.0, -1.0)).affine
    assert place_text(affine, np.array([0, 0, 0])) == "R 10.0  P 4.0  I 1.0 mm"
    assert place_text(affine, np.array([1, 0, 8])) == "L 2.0  P 4.0  S 2.0 mm"
    assert place_text(np.eye(4), np.array([0, 0, -0.01])) == "R 0.0  A 0.0  S 0.0 mm"


def test_slices_lie_where_their_middle_does():
    affine = Grid.new(SHAPE, SPACING, origin=(10.0, -4.0, -1.0)).affine
    assert slice_place(affine, SHAPE, axis=0, index=2) == pytest.approx(-1 + 2 * 3)
    assert slice_place(affine, SHAPE, axis=1, index=3) == pytest.approx(-4 - 3 * 2)
    assert slice_place(affine, SHAPE, axis=2, index=0) == pytest.approx(10)
    tilted = turned("x", 10) @ affine
    apart = slice_place(tilted, SHAPE, 0, 1) - slice_place(tilted, SHAPE, 0, 0)
    assert apart == pytest.approx(3 * np.cos(np.radians(10)))
