"""From scores to an order: trust, the rules that sort the queue, and the label-noise estimate.

Needs numpy and scipy alone, so that the window's process and the engine's child can both use it.
"""

from napari_alnt.ranking.noise_estimate import NoiseEstimate, Reviews
from napari_alnt.ranking.rules import (
    RANKINGS,
    CaseScores,
    gain,
    informativeness,
    names,
    place,
    rule,
    trust,
)

__all__ = [
    "RANKINGS",
    "CaseScores",
    "NoiseEstimate",
    "Reviews",
    "gain",
    "informativeness",
    "names",
    "place",
    "rule",
    "trust",
]
