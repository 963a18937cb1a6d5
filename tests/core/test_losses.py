from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.losses import DiceCELoss

from napari_alnt.core import IGNORE, per_sample_loss


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(2, 5), st.integers(0, 10_000))
def test_equals_monai_on_each_sample_alone(batch: int, classes: int, seed: int) -> None:
    torch.manual_seed(seed)
    logits, targets = (
        torch.randn(batch, classes, 5, 6, 7),
        torch.randint(0, classes, (batch, 5, 6, 7)),
    )
    monai = DiceCELoss(to_onehot_y=True, softmax=True)
    alone = [monai(z[None], y[None, None]) for z, y in zip(logits, targets, strict=True)]
    torch.testing.assert_close(per_sample_loss(logits, targets), torch.stack(alone))


def test_unknown_voxels_have_no_part() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(2, 3, 4, 4, 8), torch.randint(0, 3, (2, 4, 4, 8))
    masked = targets.clone()
    masked[..., 4:] = IGNORE
    expected = per_sample_loss(logits[..., :4], targets[..., :4])
    torch.testing.assert_close(per_sample_loss(logits, masked), expected)
    logits.requires_grad_()
    (slope,) = torch.autograd.grad(per_sample_loss(logits, masked).sum(), logits)
    assert slope[..., 4:].eq(0).all()
    assert slope[..., :4].ne(0).any()


def test_a_sample_without_a_known_voxel_has_loss_0_and_a_graph() -> None:
    logits = torch.randn(2, 2, 4, 4, 4, requires_grad=True)
    targets = torch.zeros(2, 4, 4, 4, dtype=torch.int64)
    targets[1] = IGNORE
    losses = per_sample_loss(logits, targets)
    assert losses[1] == 0
    (slope,) = torch.autograd.grad(losses.sum(), logits)
    assert slope.isfinite().all()
    assert slope[1].eq(0).all()
