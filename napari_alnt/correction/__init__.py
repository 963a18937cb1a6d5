"""Changing a mask by tools: each is a function of the mask that says what would change.

Needs numpy, scipy and scikit-image alone. A tool never changes the mask that it is given; the
:class:`Edit` that it returns does, when it is applied.
"""

from napari_alnt.correction.between_slices import fill_between
from napari_alnt.correction.boxes import Array, Box, Triple
from napari_alnt.correction.brush import stroke
from napari_alnt.correction.choosing import erase_here, take_all, take_here, take_structure
from napari_alnt.correction.copying import copy_slice
from napari_alnt.correction.cutting import cut
from napari_alnt.correction.differences import Difference, Kind, differences
from napari_alnt.correction.edit import Edit
from napari_alnt.correction.islands import fill_holes, keep_largest, remove_island, remove_small
from napari_alnt.correction.lasso import lasso
from napari_alnt.correction.limits import NO_LIMITS, Limits
from napari_alnt.correction.margins import grow, shrink, smooth
from napari_alnt.correction.region_growing import grow_region

__all__ = [
    "NO_LIMITS",
    "Array",
    "Box",
    "Difference",
    "Edit",
    "Kind",
    "Limits",
    "Triple",
    "copy_slice",
    "cut",
    "differences",
    "erase_here",
    "fill_between",
    "fill_holes",
    "grow",
    "grow_region",
    "keep_largest",
    "lasso",
    "remove_island",
    "remove_small",
    "shrink",
    "smooth",
    "stroke",
    "take_all",
    "take_here",
    "take_structure",
]
