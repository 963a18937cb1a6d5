"""The time spent on a case."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QObject

from napari_alnt.widgets.case import clock as module
from napari_alnt.widgets.case.clock import AWAY, CaseClock


@pytest.fixture
def now(monkeypatch):
    """The time of day, which a test may set."""
    moment = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: moment[0])
    return moment


@pytest.fixture
def clock(qtbot, now):
    parent = QObject()
    made = CaseClock(parent)
    yield made
    made.stop()


def test_it_goes_on_from_the_time_spent_before(clock, qtbot):
    ticks = []
    clock.ticked.connect(ticks.append)
    clock.start(83.0)
    clock.tick()
    clock.tick()
    assert clock.seconds == 85.0
    assert ticks == [83.0, 84.0, 85.0]


def test_it_stands_still_while_nobody_moves_the_mouse(clock, now):
    clock.start(0.0)
    now[0] += AWAY - 1
    clock.tick()
    assert clock.seconds == 1.0
    now[0] += 1
    clock.tick()
    assert clock.seconds == 1.0
    clock.touch()
    clock.tick()
    assert clock.seconds == 2.0


def test_it_ticks_by_itself_once_a_case_is_open(clock, qtbot):
    assert not clock._timer.isActive()
    clock.start(0.0)
    assert clock._timer.interval() == 1000
    clock._timer.setInterval(1)
    qtbot.waitUntil(lambda: clock.seconds > 1)
    clock.stop()
    assert not clock._timer.isActive()
