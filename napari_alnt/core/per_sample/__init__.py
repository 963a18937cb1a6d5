"""The gradient of every sample of a batch: a slow, obvious reference, and the fast way that is
tested against it.
"""

from napari_alnt.core.per_sample.gradients import SampleGradients, Whole
from napari_alnt.core.per_sample.recorder import HeadFirst, Recorded, sample_gradients

__all__ = ["HeadFirst", "Recorded", "SampleGradients", "Whole", "sample_gradients"]
