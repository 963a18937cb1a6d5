"""An image as its file has it, and the types of its voxels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""Voxels, or values for voxels, of any type."""
Floats = npt.NDArray[np.float64]
"""An affine (4, 4), corners, directions."""
Shape = tuple[int, int, int]
"""Numbers of voxels along three axes."""


@dataclass(frozen=True, eq=False)
class OnDisk:
    """An image as its file has it.

    Attributes
    ----------
    shape : voxels along the disk's axes (i, j, k)
    affine : (4, 4), from a voxel's index (i, j, k) to mm in RAS+
    header : for the format's writer, or None
    load : reads the voxels (i, j, k), of ``shape``
    """

    shape: Shape
    affine: Floats
    header: Any
    load: Callable[[], Array]
