"""Trust along the path: places among cases by how far their loss has come down."""

import numpy as np
import pytest

from napari_alnt.core import StepReport
from napari_alnt.engine.relative_loss import ALL, RelativeLoss

MASKS = {
    name: f"hash of {name}"
    for name in ("good", "fair", "bad", "new", "a", "b", *(f"c{i}" for i in range(6)))
}


def report(**losses: float) -> StepReport:
    return StepReport(0.0, 0.0, losses=tuple(losses.values()), cases=tuple(losses))


def test_a_case_whose_loss_stays_high_stands_last():
    relative_loss = RelativeLoss(MASKS)
    for _ in range(5):
        relative_loss.add(report(good=0.2, bad=1.5))
        relative_loss.add(report(fair=0.6, good=0.3))
    assert relative_loss.rank_of(["good", "fair", "bad", "new"]).tolist() == pytest.approx(
        [5 / 6, 1 / 2, 1 / 6, 0.5]
    )


def test_when_a_case_is_seen_says_nothing_while_all_losses_fall():
    rng, places = np.random.default_rng(0), []
    for _ in range(100):
        relative_loss = RelativeLoss(MASKS)
        for lap in range(12):
            for turn, index in enumerate(rng.permutation(6)):
                loss = 2 * 0.98 ** (6 * lap + turn) * rng.normal(1.15 if index == 5 else 1, 0.1)
                relative_loss.add(report(**{f"c{index}": loss}))
        places.append(relative_loss.rank_of([f"c{i}" for i in range(6)]).tolist())
    mean = np.mean(places, axis=0)
    assert mean.argmin() == 5
    assert np.ptp(mean[:5]) < 0.15 < mean[:5].min() - mean[5]


def test_a_loss_that_is_not_finite_says_nothing():
    relative_loss = RelativeLoss(MASKS)
    relative_loss.add(report(a=0.5, b=float("nan")))
    assert set(relative_loss.means) == {ALL, "a hash of a"}


def test_it_is_plain_values_and_goes_on_from_them_for_the_same_masks():
    masks = {"a": "1", "b": "2"}
    one, other = RelativeLoss(masks), RelativeLoss(masks)
    for step in range(4):
        one.add(report(a=1 / (step + 1), b=0.9))
        other.add(report(a=1 / (step + 1), b=0.9))
        other = RelativeLoss(masks, dict(other.means))
    assert one.means == other.means
    assert set(RelativeLoss({"b": "2"}, one.means).means) == {"b 2", ALL}
    assert set(RelativeLoss({"a": "1", "b": "3"}, one.means).means) == {"a 1", ALL}
