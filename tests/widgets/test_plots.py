"""The curves and the scatter of a training."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt

from napari_alnt.events import SampleWeighed, StepDone, Tested
from napari_alnt.session import History, QueueRow
from napari_alnt.widgets.plots import POINTS, Curves, Scatter, smooth


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
    made.apply(Tested(30, 1, 0.4, 9.0))
    made.apply(Tested(60, 2, 0.6, 7.0))
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
    scene = scatter.plot.vb.mapViewToScene(QPointF(row.trust, row.informativeness))
    place = scatter.view.mapFromScene(scene)
    with qtbot.waitSignal(scatter.chosen) as told:
        qtbot.mouseMove(scatter.view.viewport(), QPoint(5, 5))
        qtbot.mouseClick(scatter.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told.args == [case]


def test_before_a_ranking_the_newest_patches_are_shown(qtbot):
    scatter = Scatter()
    qtbot.addWidget(scatter)
    scatter.redraw(history(3), (QueueRow("a", 1, "new"), QueueRow("b", 2, "new")), opened="")
    (point,) = scatter.points.points()
    assert (point.pos().x(), point.pos().y()) == (0.5, 0.1)


def test_the_scatter_shows_the_trust_of_the_table(qtbot):
    scatter = Scatter()
    qtbot.addWidget(scatter)
    axis = scatter.plot.getAxis("bottom")
    row = QueueRow("a", 1, "new", trust=0.25, informativeness=0.1)
    scatter.redraw(history(3), (row,), opened="")
    (point,) = scatter.points.points()
    assert (point.pos().x(), point.pos().y()) == (row.trust, row.informativeness)
    assert axis.labelText == "trust"
    scatter.redraw(history(3), (QueueRow("a", 1, "new"),), opened="")
    assert axis.labelText == "trust in training, newest patches"


def test_the_open_case_has_a_ring(qtbot):
    scatter = Scatter()
    qtbot.addWidget(scatter)
    rows = [QueueRow(name, 1, "new", trust=0.5, informativeness=0.1) for name in "ab"]
    scatter.redraw(History(), tuple(rows), opened="b")
    rings = {point.data(): point.pen().widthF() > 1 for point in scatter.points.points()}
    assert rings == {"a": False, "b": True}


def test_a_long_training_is_thinned_out(qtbot):
    curves = Curves()
    qtbot.addWidget(curves)
    long = History()
    long.steps = [(step, 1.0, 1.0) for step in range(3 * POINTS)]
    curves.redraw(long)
    x, _ = curves._raw.getData()
    assert len(x) == POINTS
    assert x[-1] > 3 * POINTS - 10


def test_the_newest_test_dice_is_said(qtbot):
    curves = Curves()
    qtbot.addWidget(curves)
    made = history()
    made.apply(Tested(90, 3, float("nan"), 7.0))
    curves.redraw(made)
    assert "0.600 at step 60" in curves.dice.titleLabel.text
