"""The gradient of every sample of a batch: a slow, obvious reference, and fast ways that are tested
against it.
"""

from napari_alnt.core.per_sample.gradients import ReferenceGradients, SampleGradients
from napari_alnt.core.per_sample.recorder import (
    HeadFirstGradients,
    LayerwiseGradients,
    sample_gradients,
)

__all__ = [
    "HeadFirstGradients",
    "LayerwiseGradients",
    "ReferenceGradients",
    "SampleGradients",
    "sample_gradients",
]
