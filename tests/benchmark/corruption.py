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
from napari_alnt.simulation.label_noise import Planned, plan, plant, wobble

Array = npt.NDArray[Any]

CORRUPTED_SHARE = 0.3
WRONG_DICE = 0.75
"""A corrupted mask is wrong enough from here down."""


@dataclass(frozen=True)
class CorruptedMask:
    """The teacher's mask of a case, and what is wrong with it; "none" if nothing is."""

    file: Path
    corruption: str


def write_corrupted(
    cases: Sequence[LabelledCase], corruptions: Sequence[str], seed: int, folder: Path
) -> dict[str, CorruptedMask]:
    """Write a mask for every case into ``folder``: three in ten corrupted, the others with an edge
    that is mildly unsteady, as any good mask has.
    """
    folder.mkdir()
    truth = {case.name: read_labels(case.truth) for case in cases}
    drawn = [name for name, mask in truth.items() if mask.voxels.any()]
    rng = np.random.default_rng([seed, 23])
    planned = plan(drawn, CORRUPTED_SHARE, corruptions, rng)
    masks: dict[str, CorruptedMask] = {}
    for number, case in enumerate(cases):
        true = truth[case.name]
        edge = np.random.default_rng([seed, 29, number])
        good = wobble(true.voxels, true.spacing, edge)
        mask, kind = _corrupted(case, true, good, planned.get(case.name), corruptions)
        masks[case.name] = CorruptedMask(folder / f"{case.name}.nii.gz", kind)
        write_labels(masks[case.name].file, mask, true.grid)
    return masks


def _corrupted(
    case: LabelledCase,
    truth: Volume,
    good: Array,
    planned: Planned | None,
    corruptions: Sequence[str],
) -> tuple[Array, str]:
    """The case's mask and what is wrong with it; where the planned kind cannot make the mask wrong,
    another one does.
    """
    if planned is None or planned.kind == "none":
        return good, "none"
    image = read_volume(case.image).voxels
    for kind in (planned.kind, *(kind for kind in corruptions if kind != planned.kind)):
        rng = np.random.default_rng(planned.seed)
        mask = plant(good, image, truth.spacing, kind, rng)
        if mask_dice(mask, truth.voxels) <= WRONG_DICE:
            return mask, kind
    return good, "none"
