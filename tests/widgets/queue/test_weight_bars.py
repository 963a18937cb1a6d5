"""The bars of trust, informativeness and weight."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QRectF
from qtpy.QtGui import QColor

from napari_alnt.events import SampleWeighed, StepDone
from napari_alnt.session import QueueRow
from napari_alnt.session.newest_weights import NewestWeight
from napari_alnt.widgets.parts.style import WEIGHT_COLOURS
from napari_alnt.widgets.queue.queue_columns import BARS
from napari_alnt.widgets.queue.queue_panel import REDRAW, QueuePanel
from napari_alnt.widgets.queue.weight_bars import MARGIN, bars

CELL = QRectF(0, 0, 60, 22)


def test_the_mean_is_in_the_middle_and_twice_the_mean_is_the_end():
    (trust, *_), (inform, *_), (weight, *_) = bars(NewestWeight(1, 1.0, 2.0, 5.0, 0, 1), CELL)
    assert trust.right() == CELL.width() / 2
    assert inform.right() == weight.right() == CELL.width() - MARGIN
    assert trust.bottom() < inform.top() < inform.bottom() < weight.top()
    assert CELL.contains(trust)
    assert CELL.contains(weight)


def test_the_mark_of_a_case_that_was_left_out_is_hollow_and_seen():
    made = bars(NewestWeight(1, 0.0, 1.0, 0.0, 2, 2), CELL)
    assert [is_hollow for *_, is_hollow in made] == [False, False, True]
    assert made[2][0].width() > 4
    # one of two patches counted
    assert not any(one[2] for one in bars(NewestWeight(1, 0.5, 1.0, 0.5, 1, 2), CELL))


def step(number, *weights):
    samples = tuple(
        SampleWeighed(f"c{n}", 0.5, 1.0, weight, 0.5) for n, weight in enumerate(weights)
    )
    return StepDone(number, 1, 0.5, 0.5, 1e-3, 10.0, samples=samples)


@pytest.fixture
def panel(qtbot):
    made = QueuePanel()
    qtbot.addWidget(made)
    made.show_queue([QueueRow(f"c{n}", n, "new", priority=-n) for n in range(300)])
    made.resize(800, 300)
    made.show()
    return made


def colours(panel):
    view = panel.view
    left, width = view.columnViewportPosition(BARS), view.columnWidth(BARS)
    image = view.viewport().grab().toImage()
    seen = {image.pixelColor(left + x, y).name() for x in range(width) for y in range(22)}
    return {name for name, colour in WEIGHT_COLOURS.items() if QColor(colour).name() in seen}


def test_the_column_comes_with_the_training(panel, qtbot):
    assert panel.view.isColumnHidden(BARS)
    panel.take_event(step(1, 0.5, 0.0))
    qtbot.waitUntil(lambda: not panel.view.isColumnHidden(BARS))
    assert colours(panel) == set(WEIGHT_COLOURS)
    tip = panel.view.source.index(1, BARS)
    panel.view.source.method = "RGSM_AL"
    from qtpy.QtCore import Qt

    assert "RGSM_AL left it out" in tip.data(Qt.ItemDataRole.ToolTipRole)
    assert panel.view.source.index(2, BARS).data(Qt.ItemDataRole.ToolTipRole) is None


def test_many_steps_are_drawn_at_once_and_only_where_they_are_seen(panel, qtbot, monkeypatch):
    panel.take_event(step(0, 0.5))
    qtbot.waitUntil(lambda: not panel.view.isColumnHidden(BARS))
    drawn, rows = [], set()
    monkeypatch.setattr(panel.view, "show_live", lambda: drawn.append(1))
    real = type(panel.view.source).data

    def data(model, index, role=0):
        rows.add(index.row())
        return real(model, index, role)

    monkeypatch.setattr(type(panel.view.source), "data", data)
    for number in range(200):
        panel.take_event(step(number, 0.5, 0.5))
    qtbot.wait(2 * REDRAW)
    assert len(drawn) == 1
    assert len(rows) < 30


def test_sorting_by_it_puts_the_largest_weight_first(panel):
    panel.take_event(step(1, 0.1, 0.6, 0.3))
    from qtpy.QtCore import Qt

    panel.view.sortByColumn(BARS, Qt.SortOrder.DescendingOrder)
    first = [row.case for row, _ in zip(panel.view.in_order(), range(4), strict=False)]
    assert first == ["c1", "c2", "c0", "c3"]


def test_the_hues_can_be_told_apart():
    hues = np.array([QColor(colour).hue() for colour in WEIGHT_COLOURS.values()])
    apart = np.abs(hues[:, None] - hues[None])
    assert np.minimum(apart, 360 - apart)[np.triu_indices(3, 1)].min() > 40
