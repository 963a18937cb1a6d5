"""What is asked of the engine to propagate corrected slices, and whether its answer still holds."""

from __future__ import annotations

from collections.abc import Sequence

from napari_alnt.data import Project
from napari_alnt.data.corrected_slices import check_slices, present_sha256
from napari_alnt.events import Command, Propagated


def propagate_command(project: Project, case: str, slices: Sequence[int], axis: int = 0) -> Command:
    """The command to propagate a case's corrected slices, numbered along an axis of the turned
    volume: 0 for z, 1 for y, 2 for x.

    Raises
    ------
    AlntError
        If there is no such case, axis or slice, if none is corrected, or if no other is left.
    """
    numbers = check_slices(project.case(case), axis, slices)
    return Command("propagate", (case,), axis, numbers)


def is_current(project: Project, proposal: Propagated) -> bool:
    """Whether a proposal was made from the mask that its case has now."""
    return proposal.mask_sha256 == present_sha256(project, project.case(proposal.case))
