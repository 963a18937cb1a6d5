"""ALNT's mathematics: tensors in, tensors and numbers out; no files, no window.

Letters, the same in every docstring:

    B  pseudo-labelled patches of a step (K patches of one case, N or n any samples)
    V  expert patches of a step
    C  classes, background included; class 0 is the background, 1…C−1 are the structures
    D H W  voxels along z, y, x
    z  logits (B, C, D, H, W);  ż their derivative along g
    θ  trained parameters;  W the weight of the head, the network's last convolution
    ℓ_i  loss of sample i;  g = ∇θ mean_v ℓ_v, the expert gradient
    u_i = ⟨∇θ ℓ_i, g⟩;  m_i = mean |∂ℓ_i/∂W|, informativeness;  w_i the weight
    λ  share of trust in a weight;  μ weight of the experts' own loss

Images are ``(B, 1, D, H, W)`` floating point in −1…1, targets ``(B, D, H, W)`` int64 with classes
0…C−1 or :data:`IGNORE`, masks ``(D, H, W)`` of the same values. Wherever a ``loss`` is taken, it is
any callable from logits and targets to one number per sample, ``(B,)``. What has another shape is
an :class:`~napari_alnt.errors.AlntError` of one sentence.

A training loop of one's own needs :func:`head_layer`, :func:`gradient`, :func:`sample_gradients`
and :func:`weigh`; ``tests/core/test_own_loop.py`` has one.
"""

from napari_alnt.core.agreement import agreement
from napari_alnt.core.directions import Direction, directional_derivative, gradient
from napari_alnt.core.inference import (
    predict,
    resample,
    resample_image,
    resample_labels,
    training_shape,
)
from napari_alnt.core.losses import IGNORE, per_sample_loss
from napari_alnt.core.mask_scores import rank, score_masks
from napari_alnt.core.metrics import dice, hd95, mean_known
from napari_alnt.core.networks import (
    NETWORKS,
    Builder,
    Head,
    build,
    check_patch,
    convert_batchnorm,
    head_layer,
    was_converted,
)
from napari_alnt.core.per_sample import sample_gradients
from napari_alnt.core.scoring import case_scored, expert_direction, score_case, voxel_trust
from napari_alnt.core.train import Batch, StepReport, supervised, train_step
from napari_alnt.core.weights import weigh
from napari_alnt.settings import Weighting

__all__ = [
    "IGNORE",
    "NETWORKS",
    "Batch",
    "Builder",
    "Direction",
    "Head",
    "StepReport",
    "Weighting",
    "agreement",
    "build",
    "case_scored",
    "check_patch",
    "convert_batchnorm",
    "dice",
    "directional_derivative",
    "expert_direction",
    "gradient",
    "hd95",
    "head_layer",
    "mean_known",
    "per_sample_loss",
    "predict",
    "rank",
    "resample",
    "resample_image",
    "resample_labels",
    "sample_gradients",
    "score_case",
    "score_masks",
    "supervised",
    "train_step",
    "training_shape",
    "voxel_trust",
    "was_converted",
    "weigh",
]
