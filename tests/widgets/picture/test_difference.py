"""What only one of two masks marks, as colours."""

from __future__ import annotations

import numpy as np

from napari_alnt.widgets.parts.style import CLASS_COLOURS, VERSION_COLOUR
from napari_alnt.widgets.picture.difference import MEANINGS, STUDENT_ONLY, TEACHER_ONLY, difference


def colours(shown):
    return [["#" + bytes(pixel[:3]).hex() if pixel[3] else "" for pixel in row] for row in shown]


def test_each_voxel_is_told_whose_it_is():
    teacher = np.array([[0, 1, 1, 0, 255, 1, 2]], np.uint8)
    student = np.array([[0, 1, 0, 1, 1, 255, 2]], np.uint8)
    shown = difference(teacher, student, 255)
    assert shown.dtype == np.uint8
    assert colours(shown) == [["", "", TEACHER_ONLY, STUDENT_ONLY, "", "", ""]]


def test_two_labels_for_one_voxel_are_both_told():
    shown = difference(np.full((4, 4), 1), np.full((4, 4), 2), 255)
    found = [colour for row in colours(shown) for colour in row]
    assert sorted(found) == sorted([TEACHER_ONLY, STUDENT_ONLY] * 8)


def test_its_colours_are_nobody_elses():
    assert not set(MEANINGS) & {*CLASS_COLOURS, VERSION_COLOUR}
