"""How each mask is drawn and what it is called: the same on the canvas, in planes and legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_alnt.widgets.parts.style import VERSION_COLOUR, pale

if TYPE_CHECKING:
    from napari_alnt.widgets.case.open_case import OpenCase

STYLES = {"correction": "fill", "teacher": "solid", "student": "dashed", "version": "dotted"}
"""What is drawn of a mask: its fill, or an outline of one of three kinds."""
DASHES = {"solid": 0.0, "dashed": 6.0, "dotted": 2.4}
"""Pixels of a dash of each kind of outline, and of the gap after it; 0 for a whole line."""
DISAGREES, AGREES = "#f25926", "#2e5cff"
"""The ends of the colours of the voxel trust: of no label."""
LOCKED = {"test": "expert mask, locked", "teacher_training": "expert mask, locked"}
"""What stands where the correction is, by the role of a case that is only looked at."""


def colour_of(role: str, label: str) -> str:
    """The colour of a role's mask, from that of the label.

    The student's lines are paler than the teacher's, as well as dashed, so that they can be told
    apart without seeing colours; a version has one of its own, whatever the label.
    """
    if role == "version":
        return VERSION_COLOUR
    return pale(label) if role == "student" else label


def correction_words(opened: OpenCase, editable: bool) -> str:
    """What the filled mask of a case is."""
    if opened.is_fixed:
        return LOCKED[opened.case.role]
    if opened.origin == "the expert's mask":
        return "expert mask"
    if not editable:
        return "mask, locked"
    if opened.origin.startswith("version"):
        return f"correction: your mask, from {opened.origin}"
    return "correction: your mask"
