"""Scores that no student has given, and rows that no run has made."""

from __future__ import annotations

from napari_alnt.events import CaseScored, StructureCounts


def scored(
    case: str, step: int = 1, size: int = 100, overlap: int = 50, **scores: float
) -> CaseScored:
    """A score of a case: a mask of ``size`` voxels, of which the student marks ``overlap``."""
    dice = 2 * overlap / (size + overlap)
    counts = StructureCounts(mask_voxels=size, predicted_voxels=overlap, overlap_voxels=overlap)
    return CaseScored(
        case, step, scores={"dice": dice, "loss": 1 - dice, **scores}, structures=(counts,)
    )


def row(part: str, name: str, **values: object) -> dict[str, object]:
    """A row of the results, of dataset "a", planted noise and seed 0 unless said otherwise."""
    key = {"dataset": "a", "noise": "planted", "seed": 0, "part": part, "configuration": name}
    return {**key, **values}
