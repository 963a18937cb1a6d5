"""A plot, or a sentence in its place."""

from __future__ import annotations

import pytest

from napari_alnt.widgets.parts.contrast import LEAST, contrast
from napari_alnt.widgets.parts.style import (
    DICE,
    EXPERT_LOSS,
    LOSS,
    STATUS_COLOURS,
    style_sheet,
    theme_colours,
)
from napari_alnt.widgets.training.plot_panel import TIGHT, PlotPanel, RoomyAxis, WholeAxis, shade
from napari_alnt.widgets.training.plots import MARK


@pytest.fixture
def picture(qtbot):
    made = PlotPanel(WholeAxis("bottom"))
    qtbot.addWidget(made)
    made.resize(450, 120)
    made.show()
    return made


def ranges(picture):
    return picture.plot.getViewBox().viewRange()


def test_a_sentence_stands_where_nothing_is_drawn(picture):
    picture.say("Nothing yet.")
    assert not picture.drawn
    assert picture.sentence.isVisible()
    assert not picture.view.isVisible()
    picture.show_plot((0, 1), (0, 1))
    assert picture.drawn
    assert not picture.sentence.isVisible()


def test_a_single_point_has_a_range_that_means_something(picture, qtbot):
    picture.plot.setLimits(xMin=0, yMin=0, yMax=1)
    picture.plot.plot([125], [0.4], symbol="o")
    picture.show_plot((0, 125), (0, 1))
    qtbot.waitUntil(lambda: ranges(picture)[0][1] > 100)
    (left, right), (low, high) = ranges(picture)
    assert (left, low, high) == pytest.approx((0, 0, 1))
    assert 125 <= right < 160


@pytest.mark.parametrize(("low", "high"), [(124.6, 125.4), (0, 1), (0, 3), (0, 500), (0, 123_456)])
@pytest.mark.parametrize("size", [60, 450])
def test_an_axis_that_counts_has_whole_ticks(low, high, size, qtbot):
    axis = WholeAxis("bottom")
    for spacing, values in axis.tickValues(low, high, size):
        assert spacing == int(spacing) >= 1
        for value, text in zip(values, axis.tickStrings(values, 1, spacing), strict=True):
            assert float(text) == value


@pytest.mark.parametrize("size", [16, 30, 60, 200])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 2.6), (0, 0.067), (-3, 80)])
def test_numbers_of_a_short_axis_do_not_lie_on_each_other(low, high, size, qtbot):
    for spacing, _ in RoomyAxis("left").tickSpacing(low, high, size):
        assert spacing * size / (high - low) >= TIGHT or spacing >= high - low


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_lines_and_numbers_can_be_seen_in_both_themes(picture, qtbot, theme):
    told = []
    picture.themed.connect(lambda: told.append(1))
    picture.setStyleSheet(style_sheet(theme))
    ground = theme_colours(theme)["background"]
    assert picture.is_dark == (theme == "dark")
    assert contrast(picture.ink.name(), ground) >= LEAST
    assert picture.plot.getAxis("left").textPen().color() == picture.ink
    assert told
    for colour in (LOSS, EXPERT_LOSS, DICE, MARK, *STATUS_COLOURS.values()):
        assert contrast(shade(colour, picture.is_dark).name(), ground) >= LEAST
