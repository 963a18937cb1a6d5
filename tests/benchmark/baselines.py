"""Every way of sorting the queue that is compared: the product's rankings and the baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmark.metrics import Floats, mean_known
from napari_alnt.events import CaseScored
from napari_alnt.ranking import RANKINGS, CaseScores

Past = Mapping[str, Sequence[CaseScored]]
"""Per case, its scores of every ranking so far, oldest first."""

LOW = {
    "dot trust": "dot",
    "cosine trust": "cosine",
    "dot trust, head": "head_dot",
    "cosine trust, head": "head_cosine",
    "voxel trust": "voxel_trust",
    "soft dice": "soft_dice",
    "self-confidence (cleanlab)": "self_confidence",
    "smallest mask first": "mask_size",
}
"""Baselines that put a low value of a score first."""
HIGH = {
    "informativeness, teacher's label": "informativeness",
    "informativeness, own label (BADGE)": "self_informativeness",
    "label quality (MONAI)": "label_difference",
    "gradient norm": "norm",
}
"""Baselines that put a high value of a score first."""
LOW_MEANS = {
    "dot trust": "dot",
    "cosine trust": "cosine",
    "dot trust, head": "head_dot",
    "cosine trust, head": "head_cosine",
    "voxel trust": "voxel_trust",
    "soft dice": "soft_dice",
    "disagreement": "dice",
}
"""Baselines that put a low mean of a score over all past rankings first."""
HIGH_MEANS = {"loss": "loss"}
"""Baselines that put a high mean of a score over all past rankings first."""
AVERAGED = "{}, over past rankings"


def priorities(past: Past, seed: int) -> dict[str, Floats]:
    """Sort the queue in every way.

    Returns, for each ranking and baseline, the priority ``(n_cases,)``, higher first, of the
    cases in the order of their names.
    """
    # the product's own rankings see what they see in the window: all rankings so far
    scores = CaseScores.of(past, seed=seed)
    found = {name: rule(scores) for name, rule in RANKINGS.items()}
    for name, score in LOW.items():
        found[name] = _filled(-_column(past, score, _last))
    for name, score in HIGH.items():
        found[name] = _filled(_column(past, score, _last))
    for name, score in LOW_MEANS.items():
        found[AVERAGED.format(name)] = _filled(-_column(past, score, mean_known))
    for name, score in HIGH_MEANS.items():
        found[AVERAGED.format(name)] = _filled(_column(past, score, mean_known))
    return found


def mask_size(scored: CaseScored) -> int:
    """Voxels of all structures in the teacher's mask."""
    return sum(counts.mask_voxels for counts in scored.structures)


def until(past: Past, step: int) -> dict[str, list[CaseScored]]:
    """What was known when the student had made ``step`` steps."""
    return {
        case: [score for score in scores if score.step <= step] for case, scores in past.items()
    }


def _column(past: Past, score: str, take: Callable[[Sequence[float]], float]) -> Floats:
    """One number a case, taken of its values of a score."""
    return np.array([
        take([_value(scored, score) for scored in past[case]]) for case in sorted(past)
    ])  # fmt: skip


def _value(scored: CaseScored, score: str) -> float:
    return float(mask_size(scored)) if score == "mask_size" else scored.score(score)


def _last(values: Sequence[float]) -> float:
    return values[-1]


def _filled(values: Floats) -> Floats:
    """What could not be scored comes in the middle, where a gap neither gains nor costs much."""
    known = np.isfinite(values)
    middle = np.median(values[known]) if known.any() else 0.0
    return np.where(known, values, middle)
