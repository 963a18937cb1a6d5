"""Trust along the path: places among cases by how far their loss has come down."""

import pytest

from napari_alnt.core import StepReport
from napari_alnt.engine.standing import ALL, Standing

NAMES = ("good", "fair", "bad", "a", "b", *(f"c{i}" for i in range(6)))


def report(**losses: float) -> StepReport:
    return StepReport(0.0, 0.0, losses=tuple(losses.values()), cases=tuple(losses))


def test_a_case_whose_loss_stays_high_stands_last():
    standing = Standing(NAMES)
    for _ in range(5):
        standing.add(report(good=0.2, bad=1.5))
        standing.add(report(fair=0.6, good=0.3))
    assert standing.of(["good", "fair", "bad", "new"]).tolist() == pytest.approx([5 / 6, 1 / 2, 1 / 6, 0.5])


def test_who_is_seen_later_in_a_falling_loss_does_not_stand_better():
    standing = Standing(NAMES)
    for step in range(60):
        fall = 2 * 0.95**step
        standing.add(report(**{f"c{step % 6}": fall * (1.4 if step % 6 == 5 else 1.0)}))
    places = standing.of([f"c{i}" for i in range(6)]).tolist()
    assert places[5] == min(places)


def test_a_loss_that_is_not_finite_says_nothing():
    standing = Standing(NAMES)
    standing.add(report(a=0.5, b=float("nan")))
    assert "b" not in standing.means


def test_it_is_plain_values_and_goes_on_from_them():
    one, other = Standing("ab"), Standing("ab")
    for step in range(4):
        one.add(report(a=1 / (step + 1), b=0.9))
    for step in range(4):
        other.add(report(a=1 / (step + 1), b=0.9))
        other = Standing("ab", dict(other.means))
    assert one.means == other.means
    assert set(Standing("b", one.means).means) == {"b", ALL}
