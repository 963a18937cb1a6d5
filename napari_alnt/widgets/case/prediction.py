"""What the student says of a case, as it is read from its files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_alnt.data import Array, Project, Volume, read_labels, read_volume

if TYPE_CHECKING:
    from napari_alnt.events import Predicted

SENSIBLE = 0.2
"""Part of a volume above which a student's mask is not shown at first."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the student says of a case.

    Attributes
    ----------
    labels : its mask ``(Z, Y, X)``
    trust_map : the voxel trust ``(Z, Y, X)``
    slice : the axial slice in which its mask differs most from the teacher's
    """

    labels: Array
    trust_map: Array
    slice: int

    @cached_property
    def highest_trust(self) -> float:
        """The trust at which the colour scale ends."""
        # a few voxels at the border of a structure would take the whole scale
        return float(np.percentile(np.abs(self.trust_map), 99.9)) or 1.0

    @cached_property
    def is_sensible(self) -> bool:
        """Whether the mask is small enough to be one: a student begins with most of the volume."""
        return bool(np.count_nonzero(self.labels) < SENSIBLE * self.labels.size)


def load_prediction(project: Project, predicted: Predicted, image: Volume) -> Prediction:
    """Read the student's mask and the voxel trust of a case.

    Raises
    ------
    AlntError
        If a file is missing or broken.
    """
    labels = read_labels(
        project.folder / predicted.student, like=image, ignore_label=project.settings.ignore_label
    )
    trust_map = read_volume(project.folder / predicted.trust_map)
    student = as_type(labels.voxels, mask_type(project))
    prediction = Prediction(student, trust_map.voxels, predicted.slice)
    # found out here, as that takes long and the window would wait for it
    _ = prediction.highest_trust, prediction.is_sensible
    return prediction


def mask_type(project: Project) -> np.dtype[Any]:
    """The type of the masks in the window: it holds all labels that can be painted."""
    highest = max([*project.label_names, project.settings.ignore_label])
    return np.dtype(np.min_scalar_type(highest))


def as_type(mask: Array, dtype: np.dtype[Any]) -> Array:
    """A mask ``(Z, Y, X)`` as another type, unless that cannot hold its labels."""
    fits = mask.size == 0 or (mask.min() >= 0 and mask.max() <= np.iinfo(dtype).max)
    return mask.astype(dtype, copy=False) if fits else mask
