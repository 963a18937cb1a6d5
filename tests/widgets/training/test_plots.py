"""The curves of a training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt

from napari_alnt.events import EpochDone, LedgerRow, StepDone, Tested, TestedCase
from napari_alnt.session import History, Session
from napari_alnt.session.run_record import RunRecord
from napari_alnt.session.taken_up import TakenUp
from napari_alnt.widgets.training.plots import (
    MEANING,
    NO_TEST,
    NO_TRAINING,
    NOT_KEPT,
    POINTS,
    Curves,
    mark_text,
    smooth,
)
from napari_alnt.widgets.training.report_button import ReportButton


def result(step, *dice):
    cases = tuple(TestedCase(f"c{n}", one, 3.0) for n, one in enumerate(dice))
    return Tested(step, 1, float(np.mean(dice)), 3.0, cases)


def history(steps=60):
    made = History()
    for step in range(1, steps + 1):
        expert_loss = float("nan") if step < 5 else 1 / step
        made.apply(StepDone(step, 1, 2 / step, expert_loss, 1e-3, 1.0))
    made.apply(result(30, 0.3, 0.5))
    made.apply(result(60, 0.4, 0.8))
    return made


@pytest.fixture
def curves(qtbot):
    made = Curves()
    qtbot.addWidget(made)
    made.resize(450, 320)
    made.show()
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


def test_the_curves_show_the_history(curves):
    curves.redraw(history())
    x, y = curves._raw.getData()
    np.testing.assert_allclose(y, 2 / x)
    np.testing.assert_allclose(curves._dice.getData()[1], [0.4, 0.6])
    np.testing.assert_allclose(curves._low.getData()[1], [0.3, 0.4])
    np.testing.assert_allclose(curves._high.getData()[1], [0.5, 0.8])


def test_what_is_empty_says_why(curves):
    curves.redraw(History())
    assert not curves.loss.drawn
    assert not curves.dice.drawn
    assert curves.loss.sentence.text() == NO_TRAINING
    assert curves.dice.sentence.text() == NO_TEST
    made = History()
    made.apply(StepDone(1, 1, 0.5, 0.4, 1e-3, 1.0))
    curves.redraw(made)
    assert curves.loss.drawn
    assert not curves.dice.drawn
    old = History()
    old.apply(result(30, 0.3, 0.5))
    curves.redraw(old)
    assert curves.loss.sentence.text() == NOT_KEPT
    assert curves.dice.drawn


def test_a_single_test_has_axes_that_mean_something(curves, qtbot):
    made = History()
    made.apply(result(125, 0.4))
    curves.redraw(made)
    qtbot.wait(50)
    (left, right), (low, high) = curves.dice.plot.getViewBox().viewRange()
    assert (left, low, high) == pytest.approx((0, 0, 1))
    assert 125 <= right < 160
    assert not len(curves._low.getData()[0])


def test_a_long_training_is_thinned_out(curves):
    long = History()
    long.steps = [(step, 1.0, 1.0) for step in range(3 * POINTS)]
    curves.redraw(long)
    x, _ = curves._raw.getData()
    assert len(x) == POINTS
    assert x[-1] > 3 * POINTS - 10


def test_the_newest_test_dice_is_said_with_its_interval(curves):
    made = history()
    made.apply(Tested(90, 3, float("nan"), 7.0))
    curves.redraw(made)
    assert "0.600 (0.400 … 0.800) at step 60" in curves.dice.caption.text()


def test_where_nothing_is_known_of_the_spread_this_is_said(curves):
    made = History()
    for one, words in ((result(30, 0.4), "one case"), (Tested(60, 2, 0.5, 3.0), "mean alone")):
        made.apply(one)
        curves.redraw(made)
        assert f"({words}: no band)" in curves.dice.caption.text()


def test_a_single_step_is_a_dot(curves):
    made = History()
    made.apply(StepDone(1, 1, 0.5, 0.4, 1e-3, 1.0))
    curves.redraw(made)
    assert curves._mean.opts["symbol"] == "o"
    made.apply(StepDone(2, 1, 0.5, 0.4, 1e-3, 1.0))
    curves.redraw(made)
    assert curves._mean.opts["symbol"] is None


def test_a_mark_stands_where_a_correction_was_taken_up_and_says_which(curves, qtbot):
    made = history()
    for epoch, version in ((1, "teacher"), (2, "0001")):
        made.apply(EpochDone(epoch, 30 * epoch, 0.5, 0.4, (LedgerRow("a", "pool", version, 2),)))
    curves.redraw(made)
    qtbot.wait(50)
    assert [list(marks.xvals) for marks in curves._marks] == [[30], [30]]
    heights = curves.loss.height(), curves.dice.height(), curves.meaning.height()
    panel = curves.loss
    port = panel.view.viewport()
    at = {
        step: panel.view.mapFromScene(panel.plot.getViewBox().mapViewToScene(QPointF(step, 0.5)))
        for step in (30, 45)
    }
    for step, says in ((30, "From step 30 on the network learns from"), (45, MEANING)):
        qtbot.mouseMove(port, at[step])
        qtbot.wait(12)  # pyqtgraph passes over moves that come more often
        assert curves.meaning.text().startswith(says)
        now = curves.loss.height(), curves.dice.height(), curves.meaning.height()
        assert now == heights
    chosen = []
    curves.chosen.connect(chosen.append)
    for step in (45, 30):
        qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=at[step])
    assert chosen == ["a"]


def test_a_mark_names_a_few_cases():
    assert mark_text(TakenUp(25, ("a",))) == (
        "From step 25 on the network learns from the corrected mask of a."
    )
    assert mark_text(TakenUp(25, tuple("abcdef"))).endswith("masks of a, b, c, d and 2 more.")


def _train_two_epochs(folder):
    """What a training leaves in a project, without the training."""
    with Session.open(folder) as session:
        session.project.runs.start("train", session.project.settings)
        run = session.project.runs.all[-1]
        run.checkpoint.parent.mkdir(parents=True)
        run.checkpoint.touch()
        record = RunRecord(session.project, session.history, "train", run)
        for epoch, version in ((1, "teacher"), (2, "0001")):
            for step in range(10 * epoch - 9, 10 * epoch + 1):
                record.write(StepDone(step, epoch, 1 / step, 1 / step, 1e-3, 1.0))
            rows = (
                LedgerRow("ball_04", "pool" if epoch == 1 else "reference", version, 2, share=0.5),
                LedgerRow("ball_05", "pool", "teacher", 2, share=0.5),
            )
            record.write(EpochDone(epoch, 10 * epoch, 0.5, 0.4, rows))
            record.write(result(10 * epoch, 0.3 * epoch, 0.2 * epoch))
        record.end("done", 20)


def test_a_reopened_project_shows_its_training(window, balls, monkeypatch):
    opened = []
    monkeypatch.setattr(ReportButton, "show_page", lambda _, url: opened.append(url) or True)
    _train_two_epochs(balls.folder)
    window.dock.open_project(balls.folder)
    loop, qtbot = window.loop, window.qtbot
    window.rest()
    np.testing.assert_allclose(loop.curves._raw.getData()[0], range(1, 21))
    assert len(loop.curves._dice.getData()[0]) == 2
    assert [one.step for one in loop.curves.taken_up] == [10]

    loop.tabs.setCurrentWidget(loop.shares)
    window.rest()
    pool, experts = loop.shares.heat.strips
    assert pool.picture.epochs == (1, 2)
    assert experts.picture.cases == ("ball_04",)
    place = pool.place.topLeft() + QPoint(3, pool.place.height() - 3)
    case = pool.picture.cases[-1]
    qtbot.mouseClick(loop.shares.heat, Qt.MouseButton.LeftButton, pos=place)
    window.until(lambda: loop.correction.case == case)

    loop.scatter._set_selected((case,))
    assert [row.case for row in loop.queue.in_order()] == [case]
    loop.queue_panel.filter.clear()
    assert len(list(loop.queue.in_order())) == 4
    assert not loop.scatter.all.isVisible()

    qtbot.mouseClick(loop.report, Qt.MouseButton.LeftButton)
    window.until(lambda: opened)
    page = Path(opened[0].toLocalFile())
    assert page == loop.session.project.runs.all[-1].report
    assert "0.500" in page.read_text(encoding="utf-8")
