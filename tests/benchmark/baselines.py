"""Every way of sorting the queue that is compared: the product's rankings and what others would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmark.metrics import Floats
from napari_alnt.events import CaseScored
from napari_alnt.ranking import RANKINGS, CaseScores

Past = Mapping[str, Sequence[CaseScored]]
"""Per case, its scores of every ranking so far, oldest first."""

LOW = {
    "dot trust": "trust",
    "cosine trust": "cosine",
    "dot trust, head": "head_trust",
    "cosine trust, head": "head_cosine",
    "voxel trust": "voxel_trust",
    "soft dice": "soft_dice",
    "self-confidence (cleanlab)": "self_confidence",
    "smallest mask first": "labelled",
}
"""Scores of which a low value comes first."""
HIGH = {
    "informativeness, teacher's label": "informativeness",
    "informativeness, own label (BADGE)": "self_informativeness",
    "label quality (MONAI)": "label_difference",
    "gradient norm": "norm",
}
"""Scores of which a high value comes first."""
AVERAGED = ("dot trust", "cosine trust", "dot trust, head", "cosine trust, head", "voxel trust", "soft dice")
"""Scores that are also looked at as their mean over the ledger."""


def priorities(past: Past, seed: int) -> dict[str, Floats]:
    """The priority ``(n_cases,)`` that each rival gives, cases in the order of their names."""
    newest = CaseScores.of([scores[-1] for scores in past.values()], past, seed=seed)
    found = {name: rule(newest) for name, rule in RANKINGS.items()}
    last, mean = _columns(past, lambda values: values[-1]), _columns(past, _mean)
    for name, score in LOW.items():
        found[name] = _known(-last[score])
        if name in AVERAGED:
            found[f"{name}, ledger"] = _known(-mean[score])
    for name, score in HIGH.items():
        found[name] = _known(last[score])
    found["disagreement, ledger"] = _known(1 - mean["dice"])
    found["loss, ledger"] = _known(mean["loss"])
    return found


def until(past: Past, step: int) -> dict[str, list[CaseScored]]:
    """What was known when the student had made ``step`` steps."""
    return {case: [score for score in scores if score.step <= step] for case, scores in past.items()}


def _columns(past: Past, take: Callable[[Floats], float]) -> dict[str, Floats]:
    names = {*LOW.values(), *HIGH.values(), "dice", "loss"}
    return {
        name: np.array([take(np.array([getattr(s, name) for s in past[case]], dtype=float)) for case in sorted(past)])
        for name in names
    }


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _known(values: Floats) -> Floats:
    """What could not be scored comes in the middle."""
    middle = np.nanmedian(values) if np.isfinite(values).any() else 0.0
    return np.where(np.isfinite(values), values, middle)
