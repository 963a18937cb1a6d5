"""Progress with an estimate of what is left."""

from __future__ import annotations

import math

import pytest

from napari_alnt.engine import stopwatch
from napari_alnt.engine.stopwatch import Stopwatch
from napari_alnt.events import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands where a test sets it."""
    times = {"now": 100.0}
    monkeypatch.setattr(stopwatch.time, "monotonic", lambda: times["now"])
    return times


def test_the_rest_takes_as_long_a_piece_as_what_is_done(clock):
    watch = Stopwatch("testing", 10, start=100.0)
    clock["now"] = 106.0
    assert watch.seconds_left(4) == pytest.approx(6 / 4 * 6)


def test_pieces_of_an_earlier_run_are_not_counted_as_quick_ones(clock):
    watch = Stopwatch("training", 100, first=60, start=100.0)
    clock["now"] = 110.0
    assert watch.seconds_left(80) == pytest.approx(10)


def test_nothing_is_known_at_first_and_nothing_is_left_at_the_end(clock):
    watch = Stopwatch("ranking", 3, start=100.0)
    assert math.isnan(watch.seconds_left(0))
    assert watch.progress(3) == Progress("ranking", 3, 3, 0.0)
    assert Stopwatch("ranking", 0).progress(0) == Progress("ranking", 0, 0, 0.0)
