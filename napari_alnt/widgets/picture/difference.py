"""Where only the teacher or only the student marks something, in a slice."""

from __future__ import annotations

import numpy as np

from napari_alnt.data import Array

TEACHER_ONLY, STUDENT_ONLY = "#e040fb", "#a6ff00"
"""Of no label, and told apart whichever colours one sees: they differ in blue and in lightness."""
OPACITY = 0.6
MEANINGS = {TEACHER_ONLY: "teacher only", STUDENT_ONLY: "student only"}


def difference(teacher: Array, student: Array, ignore_label: int) -> Array:
    """What each marks that the other does not, as colours.

    Parameters
    ----------
    teacher, student : labels (rows, columns)
    ignore_label : what nobody has labelled differs from nothing

    Returns
    -------
    colours : uint8 (rows, columns, 4), RGBA; where both mark something, but different labels, their
        colours take turns
    """
    known = (teacher != ignore_label) & (student != ignore_label) & (teacher != student)
    rows, columns = (np.arange(size) for size in teacher.shape)
    turn = np.add.outer(rows, columns) % 2 == 0
    by_teacher, by_student = known & (teacher != 0), known & (student != 0)
    shown = np.zeros((*teacher.shape, 4), np.uint8)
    shown[by_teacher & (~by_student | turn)] = _rgba(TEACHER_ONLY)
    shown[by_student & (~by_teacher | ~turn)] = _rgba(STUDENT_ONLY)
    return shown


def _rgba(colour: str) -> tuple[int, int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue, round(255 * OPACITY)
