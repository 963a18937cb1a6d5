"""Teacher's masks with simulated label noise: the truth of each pool case, corrupted by a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmark.datasets import LabelledCase
from napari_alnt.data import Volume, mask_dice, read_labels, read_volume, write_labels
from napari_alnt.simulation import CLEAN, Corruption, assign_corruptions, corrupt, jitter_boundary

Array = npt.NDArray[Any]

CORRUPTED_SHARE = 0.3
WRONG_DICE = 0.75
"""A corrupted mask is wrong enough from here down."""


@dataclass(frozen=True)
class CorruptedMask:
    """The teacher's mask of a case, and what is wrong with it; CLEAN if nothing is."""

    file: Path
    corruption: str


def write_corrupted(
    cases: Sequence[LabelledCase], corruptions: Sequence[str], seed: int, folder: Path
) -> dict[str, CorruptedMask]:
    """Write a teacher's mask for every case into ``folder``.

    Three in ten are corrupted; the others have an edge that is mildly unsteady, as any good
    mask has.
    """
    folder.mkdir()
    truth = {case.name: read_labels(case.truth) for case in cases}
    # an empty mask has nothing that could be corrupted
    drawn = [name for name, mask in truth.items() if mask.voxels.any()]
    rng = np.random.default_rng([seed, 23])
    planned = assign_corruptions(drawn, CORRUPTED_SHARE, corruptions, rng)
    masks: dict[str, CorruptedMask] = {}
    for number, case in enumerate(cases):
        true = truth[case.name]
        # a generator for each case: an edge does not depend on the cases before it
        edge = np.random.default_rng([seed, 29, number])
        good = jitter_boundary(true.voxels, true.spacing, edge)
        mask, kind = _corrupted(case, true, good, planned.get(case.name), corruptions)
        masks[case.name] = CorruptedMask(folder / f"{case.name}.nii.gz", kind)
        write_labels(masks[case.name].file, mask, true.grid)
    return masks


def _corrupted(
    case: LabelledCase,
    truth: Volume,
    good: Array,
    planned: Corruption | None,
    corruptions: Sequence[str],
) -> tuple[Array, str]:
    """Corrupt a case's mask, and say how.

    Where the planned kind cannot make the mask wrong, another one does.
    """
    if planned is None or planned.kind == CLEAN:
        return good, CLEAN
    image = read_volume(case.image).voxels
    for kind in (planned.kind, *(kind for kind in corruptions if kind != planned.kind)):
        # one seed for several cases makes them err alike, as a scanner or a site would
        rng = np.random.default_rng(planned.seed)
        mask = corrupt(good, image, truth.spacing, kind, rng)
        if mask_dice(mask, truth.voxels) <= WRONG_DICE:
            return mask, kind
    return good, CLEAN
