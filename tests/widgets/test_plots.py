from __future__ import annotations

import time

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt, QTimer

from napari_alnt.events import EpochDone, SampleWeighed, StepDone, Validated
from napari_alnt.session import History, QueueRow
from napari_alnt.widgets.plots import Curves, Scatter, smooth


def history(steps=60):
    made = History()
    for step in range(1, steps + 1):
        samples = (SampleWeighed("a", 0.5, 0.1, 1.0, 1.0),)
        made.apply(
            StepDone(
                step,
                1,
                2 / step,
                float("nan") if step < 5 else 1 / step,
                1e-3,
                1.0,
                samples=samples,
            )
        )
    made.apply(Validated(30, 1, 0.4, 9.0))
    made.apply(Validated(60, 2, 0.6, 7.0))
    return made


def test_the_moving_mean_is_a_mean_and_passes_over_what_is_unknown():
    values = np.random.default_rng(0).normal(size=200)
    values[[0, 50, 51]] = np.nan
    half = int(0.06 * 200 / 2)
    for place, mean in enumerate(smooth(values)):
        expected = (
            np.nan
            if np.isnan(values[place])
            else np.nanmean(values[max(place - half, 0) : place + half + 1])
        )
        np.testing.assert_allclose(mean, expected)
    assert len(smooth(np.array([]))) == 0


def test_the_curves_show_the_history(qtbot):
    curves = Curves()
    qtbot.addWidget(curves)
    curves.redraw(History())
    curves.redraw(history())
    x, y = curves._raw.getData()
    np.testing.assert_allclose(y, 2 / x)
    np.testing.assert_allclose(curves._dice.getData()[1], [0.4, 0.6])


@pytest.mark.parametrize("case", ["a", "b"])
def test_a_click_on_a_point_chooses_its_case(qtbot, case):
    scatter = Scatter()
    qtbot.addWidget(scatter)
    scatter.resize(420, 300)
    scatter.show()
    rows = (
        QueueRow("a", 1, "new", trust=-0.5, informativeness=0.1),
        QueueRow("b", 2, "flagged", trust=0.7, informativeness=0.4),
        QueueRow("c", 3, "new"),
    )
    scatter.redraw(History(), rows, opened="b")
    qtbot.wait(50)
    assert len(scatter.points.points()) == 2
    row = rows["ab".index(case)]
    scene = scatter.plot.vb.mapViewToScene(_point(row.trust, row.informativeness))
    place = scatter.view.mapFromScene(scene)
    with qtbot.waitSignal(scatter.chosen) as told:
        qtbot.mouseMove(scatter.view.viewport(), QPoint(5, 5))
        qtbot.mouseClick(scatter.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told.args == [case]


def _point(x, y):
    from qtpy.QtCore import QPointF

    return QPointF(x, y)


def test_before_a_ranking_the_newest_patches_are_shown(qtbot):
    scatter = Scatter()
    qtbot.addWidget(scatter)
    scatter.redraw(history(3), (QueueRow("a", 1, "new"), QueueRow("b", 2, "new")), opened="")
    (point,) = scatter.points.points()
    assert (point.pos().x(), point.pos().y()) == (0.5, 0.1)


def test_a_point_clicked_in_the_window_opens_the_case(window, balls):
    window.dock.open_project(balls.folder)
    for place, case in enumerate(["ball_04", "ball_05"]):
        window.loop.session.history.samples[case] = SampleWeighed(
            case, place, 0.1 * place, 1.0, 1.0
        )
    window.loop.tabs.setCurrentWidget(window.loop.scatter)
    window.loop._stale.add("scatter")
    window.loop._refresh()
    window.qtbot.wait(100)
    scatter = window.loop.scatter
    place = scatter.view.mapFromScene(scatter.plot.vb.mapViewToScene(_point(1, 0.1)))
    window.qtbot.mouseClick(scatter.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    window.until(lambda: window.loop.correction.case == "ball_05")
    assert window.loop.queue.selected == "ball_05"


def test_the_window_stays_live_while_events_pour_in(window, balls, capsys):
    """Measured and printed, not judged: other programs share this machine."""
    window.dock.open_project(balls.folder)
    loop, late, last = window.loop, [], [time.perf_counter()]

    def tick():
        now = time.perf_counter()
        late.append(1000 * (now - last[0]) - 10)
        last[0] = now

    timer = QTimer(interval=10)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start()
    for event in _events(300):
        loop.jobs._hear(event)
        window.qtbot.wait(5)
    timer.stop()
    with capsys.disabled():
        print(
            f"\n  event loop late by: median {np.median(late):.1f} ms, p99"
            f" {np.percentile(late, 99):.1f} ms",
            end=" ",
        )
    assert len(loop.session.history.steps) == 300


def _events(count):
    for step in range(1, count + 1):
        sample = SampleWeighed(f"ball_0{4 + step % 4}", 0.1 * step, 0.2, 0.5, 1.0)
        yield StepDone(step, step // 10, 1 / step, 1.0, 1e-3, 60.0, samples=(sample,))
        if step % 100 == 0:
            yield EpochDone(step // 10, step, 1.0, 1.0)
