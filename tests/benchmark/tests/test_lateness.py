"""How late a timer comes is counted from when it was due."""

import pytest
from benchmark.lateness import Lateness


@pytest.mark.parametrize(
    ("ticks", "late"),
    [
        ([5, 10, 15], [0, 0, 0]),
        ([6, 10, 17], [1, 0, 2]),
        # 30 takes the place of those due at 10, 15, 20 and 25; the next one is due at 30
        ([5, 28, 30], [0, 18, 0]),
        ([4, 10], [0, 0]),  # a timer that comes a little too early
    ],
)
def test_a_late_tick_takes_the_place_of_those_it_has_missed(ticks, late):
    times = iter([0, *ticks])
    lateness = Lateness(5, lambda: next(times))
    for _ in ticks:
        lateness.tick()
    assert lateness.seconds == late
