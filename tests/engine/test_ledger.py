"""What an epoch says of each case."""

from __future__ import annotations

import json
import math

import pytest

from napari_alnt.core import StepReport
from napari_alnt.engine.ledger import EpochAccumulator, check_interrupted

CASES = {"a": ("pool", "teacher"), "b": ("pool", "teacher"), "x": ("reference", "0002")}


def report(loss=1.0, expert_loss=0.5, **samples) -> StepReport:
    """A step with, of each case, trust, informativeness and weight."""
    trust, informativeness, weights = zip(*samples.values(), strict=True)
    return StepReport(
        loss,
        expert_loss,
        trust=trust,
        informativeness=informativeness,
        weights=weights,
        losses=(0.0,) * len(samples),
        cases=tuple(samples),
    )


def rows(accumulator: EpochAccumulator) -> dict:
    return {row.case: row for row in accumulator.close(3, 12).rows}


def test_a_row_is_the_mean_of_the_cases_samples_and_its_share_of_the_weights():
    accumulator = EpochAccumulator(CASES)
    accumulator.add(report(a=(0.2, 1.0, 0.75), b=(0.6, 3.0, 0.25)), ("x",))
    accumulator.add(report(a=(0.4, 2.0, 1.0)), ("x", "x"))
    found = rows(accumulator)
    assert (found["a"].seen, found["b"].seen, found["x"].seen) == (2, 1, 3)
    assert found["a"].trust == pytest.approx(0.3)
    assert found["a"].informativeness == pytest.approx(1.5)
    assert found["a"].share == pytest.approx(1.75 / 2)
    assert found["b"].share == pytest.approx(0.25 / 2)


def test_experts_have_no_trust_and_keep_their_label_version():
    accumulator = EpochAccumulator(CASES)
    accumulator.add(report(a=(0.2, 1.0, 1.0)), ("x",))
    row = rows(accumulator)["x"]
    assert (row.role, row.label_version) == ("reference", "0002")
    assert all(math.isnan(value) for value in (row.trust, row.informativeness, row.share))


def test_a_dropped_sample_was_not_seen():
    accumulator = EpochAccumulator(CASES)
    accumulator.add(report(a=(math.nan, 1.0, 0.0), b=(0.5, 1.0, 1.0)), ())
    accumulator.add(report(a=(0.5, 1.0, 1.0)), ())
    found = rows(accumulator)
    assert (found["a"].seen, found["a"].trust) == (1, 0.5)


def test_losses_are_means_over_the_steps():
    accumulator = EpochAccumulator(CASES)
    accumulator.add(report(loss=1.0, expert_loss=0.2, a=(0.5, 1.0, 1.0)), ())
    accumulator.add(report(loss=3.0, expert_loss=math.nan, a=(0.5, 1.0, 1.0)), ())
    epoch = accumulator.close(3, 12)
    assert (epoch.epoch, epoch.step, epoch.loss) == (3, 12, 2.0)
    assert epoch.expert_loss == pytest.approx(0.1)


def test_weights_that_are_all_0_give_no_share():
    accumulator = EpochAccumulator(CASES)
    accumulator.add(report(a=(0.5, 1.0, 0.0)), ())
    assert rows(accumulator)["a"].share == 0


def test_an_interrupted_epoch_goes_on_from_plain_values():
    whole = EpochAccumulator(CASES)
    first = EpochAccumulator(CASES)
    for accumulator in (whole, first):
        accumulator.add(report(a=(0.2, 1.0, 0.75), b=(0.6, 3.0, 0.25)), ("x",))
    second = EpochAccumulator(CASES, json.loads(json.dumps(first.to_dict())))
    for accumulator in (whole, second):
        accumulator.add(report(a=(0.4, 2.0, 1.0)), ("x",))
    assert repr(second.close(3, 12)) == repr(whole.close(3, 12))


def test_what_was_seen_before_an_interruption_keeps_the_role_it_had_then():
    first = EpochAccumulator(CASES)
    first.add(report(b=(0.6, 3.0, 1.0)), ("x",))
    # meanwhile x was reverted, and b accepted
    changed = {"a": ("pool", "teacher"), "b": ("reference", "0001"), "x": ("pool", "teacher")}
    found = rows(EpochAccumulator(changed, first.to_dict()))
    assert (found["b"].role, found["x"].role) == ("pool", "reference")


def test_an_epoch_interrupted_under_an_earlier_name_is_read():
    first = EpochAccumulator(CASES)
    first.add(report(a=(0.2, 1.0, 1.0)), ())
    old = first.to_dict()
    old["roster"] = old.pop("cases")
    assert rows(EpochAccumulator(CASES, old))["a"].seen == 1


def test_an_interrupted_epoch_can_be_taken_up_under_its_former_names():
    accumulator = EpochAccumulator(CASES)
    accumulator.add(report(a=(0.2, 1.0, 1.0)), ("x",))
    values = json.loads(json.dumps(accumulator.to_dict()))
    check_interrupted(values)
    check_interrupted(json.loads(json.dumps(EpochAccumulator(CASES).to_dict())))
    values["roster"] = values.pop("cases")
    check_interrupted(values)
    values["sums"]["b"] = values["sums"]["a"] | {"weight": None}
    with pytest.raises(ValueError, match="none"):
        check_interrupted(values)
