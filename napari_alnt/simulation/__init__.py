"""The only room that knows truth: synthetic CTs, simulated label noise, the cost of a correction,
and a radiologist who knows the true masks.
"""

from napari_alnt.simulation.correction_cost import (
    DEFAULT_COST,
    CorrectionCost,
    CostModel,
    cost_of_correction,
)
from napari_alnt.simulation.corruptions import CORRUPTIONS
from napari_alnt.simulation.demo import DEMO_PROJECT, Corrections, Demo, make_demo
from napari_alnt.simulation.label_noise import (
    CLEAN,
    Corruption,
    assign_corruptions,
    corrupt,
    corruptions_for,
    jitter_boundary,
)
from napari_alnt.simulation.phantom import PhantomCase, write_phantoms
from napari_alnt.simulation.radiologist import Radiologist

__all__ = [
    "CLEAN",
    "CORRUPTIONS",
    "DEFAULT_COST",
    "DEMO_PROJECT",
    "CorrectionCost",
    "Corrections",
    "Corruption",
    "CostModel",
    "Demo",
    "PhantomCase",
    "Radiologist",
    "assign_corruptions",
    "corrupt",
    "corruptions_for",
    "cost_of_correction",
    "jitter_boundary",
    "make_demo",
    "write_phantoms",
]
