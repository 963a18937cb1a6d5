"""A synthetic chest: what an anatomist would draw in mm, and what a CT scanner makes of it."""

from napari_alnt.simulation.anatomy.chest import Chest, draw_chest
from napari_alnt.simulation.anatomy.habitus import Habitus
from napari_alnt.simulation.anatomy.lesions import CONSOLIDATION, GROUND_GLASS

__all__ = ["CONSOLIDATION", "GROUND_GLASS", "Chest", "Habitus", "draw_chest"]
