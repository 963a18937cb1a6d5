"""From scores to an order: trust, the rules that sort the queue, and how noisy the teacher is.
Knows numpy alone.
"""

from napari_alnt.ranking.noise_estimate import Looks, NoiseAudit
from napari_alnt.ranking.rules import RANKINGS, CaseScores

__all__ = ["RANKINGS", "CaseScores", "Looks", "NoiseAudit"]
