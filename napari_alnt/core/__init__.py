"""ALNT's mathematics: tensors in, tensors and numbers out; no files, no Qt."""

from napari_alnt.core.directions import Direction, Trust, expert_gradient, gradient, norm, trust
from napari_alnt.core.distributed import Together
from napari_alnt.core.inference import (
    predict,
    resample,
    resample_image,
    resample_labels,
    training_shape,
)
from napari_alnt.core.losses import IGNORE, per_sample_loss
from napari_alnt.core.metrics import dice, hd95, mean_known
from napari_alnt.core.networks import (
    NETWORKS,
    Builder,
    Head,
    build,
    check_patch,
    convert_batchnorm,
    couples_samples,
    head_layer,
)
from napari_alnt.core.per_sample.gradients import SampleGradients, Whole
from napari_alnt.core.per_sample.recorder import HeadFirst, Recorded, sample_gradients
from napari_alnt.core.scoring import (
    Agreement,
    Scores,
    VoxelTrust,
    agreement,
    expert_direction,
    score_case,
    voxel_trust,
)
from napari_alnt.core.train import Batch, StepReport, supervised, train, train_step
from napari_alnt.core.weights import Weighed, informativeness, sample_weights, weigh

__all__ = [
    "IGNORE",
    "NETWORKS",
    "Agreement",
    "Batch",
    "Builder",
    "Direction",
    "Head",
    "HeadFirst",
    "Recorded",
    "SampleGradients",
    "Scores",
    "StepReport",
    "Together",
    "Trust",
    "VoxelTrust",
    "Weighed",
    "Whole",
    "agreement",
    "build",
    "check_patch",
    "convert_batchnorm",
    "couples_samples",
    "dice",
    "expert_direction",
    "expert_gradient",
    "gradient",
    "hd95",
    "head_layer",
    "informativeness",
    "mean_known",
    "norm",
    "per_sample_loss",
    "predict",
    "resample",
    "resample_image",
    "resample_labels",
    "sample_gradients",
    "sample_weights",
    "score_case",
    "supervised",
    "train",
    "train_step",
    "training_shape",
    "trust",
    "voxel_trust",
    "weigh",
]
