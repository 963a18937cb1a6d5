"""The strip of heat: what it draws, says and chooses."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor

from napari_alnt.events import LedgerRow
from napari_alnt.session.shares import SharePicture, Shares
from napari_alnt.widgets.training.share_strip import DARK, MEANING, ShareStrip, heat_image


def pool(case, share):
    return LedgerRow(case, "pool", "teacher", 2, 0.1, 0.2, share)


def some_shares():
    made = Shares()
    expert = LedgerRow("x", "reference", "expert", 3)
    made.add(1, [pool("a", 0.25), pool("b", 0.75), expert])
    made.add(2, [pool("a", 1.0), expert])
    return made


@pytest.fixture
def strip(qtbot):
    made = ShareStrip()
    qtbot.addWidget(made)
    made.resize(450, 260)
    made.show()
    return made


def cell(strip, which, row, column):
    """The middle of a place of the pool's or the experts' strip."""
    found = strip.heat.strips[which]
    rows, columns = found.picture.values.shape
    place = found.place
    return QPoint(
        place.left() + round((column + 0.5) * place.width() / columns),
        place.top() + round((row + 0.5) * place.height() / rows),
    )


def colour_at(strip, place):
    return strip.heat.grab().toImage().pixelColor(place * strip.heat.devicePixelRatioF())


def test_the_mouse_on_a_place_names_case_epoch_and_share(strip, qtbot):
    strip.redraw(some_shares(), ("b", "a"))
    said = {}
    for name, where in {"b1": (0, 0, 0), "b2": (0, 0, 1), "a1": (0, 1, 0), "x2": (1, 0, 1)}.items():
        qtbot.mouseMove(strip.heat, cell(strip, *where))
        said[name] = strip.meaning.text()
    assert said == {
        "b1": "b · epoch 1 · 75 % of the pool's weight",
        "b2": "b · epoch 2 · not used",
        "a1": "a · epoch 1 · 25 % of the pool's weight",
        "x2": "x · epoch 2 · 100 % of the expert patches",
    }
    qtbot.mouseMove(strip.heat, QPoint(2, 2))
    assert strip.meaning.text() == MEANING


def test_a_click_chooses_the_case(strip, qtbot):
    strip.redraw(some_shares(), ("b", "a"))
    for where, case in (((0, 1, 0), "a"), ((1, 0, 0), "x")):
        with qtbot.waitSignal(strip.chosen) as told:
            qtbot.mouseClick(strip.heat, Qt.MouseButton.LeftButton, pos=cell(strip, *where))
        assert told.args == [case]


def test_brighter_is_more_and_what_was_not_used_is_empty(strip):
    strip.redraw(some_shares(), ("b", "a"))
    ground = colour_at(strip, QPoint(strip.heat.width() - 3, 3))
    assert colour_at(strip, cell(strip, 0, 0, 1)) == ground
    assert colour_at(strip, cell(strip, 0, 1, 0)) != ground


def test_the_colours_run_from_the_lowest_to_the_highest():
    values = np.array([[0.0, 0.2], [0.4, np.nan]], np.float32)
    image = heat_image(SharePicture(("a", "b"), (1, 2), values), is_dark=True)
    assert image.pixelColor(0, 0) == QColor(DARK[0])
    assert image.pixelColor(0, 1) == QColor(DARK[-1])
    assert image.pixelColor(1, 1).alpha() == 0
    light = [image.pixelColor(*at).lightness() for at in ((0, 0), (1, 0), (0, 1))]
    assert light == sorted(light)


def test_of_more_cases_than_pixels_each_line_is_a_mean_and_says_so(strip, qtbot):
    shares = Shares()
    names = [f"case_{n:05d}" for n in range(10_000)]
    for epoch in (1, 2):
        shares.add(epoch, (pool(name, 1e-4) for name in names))
    strip.redraw(shares, names)
    (only,) = strip.heat.strips
    assert only.picture.values.shape[0] <= strip.heat.height()
    assert "a line: mean of up to" in strip.heat.axis_text
    qtbot.mouseMove(strip.heat, cell(strip, 0, 0, 0))
    assert strip.meaning.text().startswith("case_00000 … case_000")
    assert "mean 0.01 % of the pool's weight" in strip.meaning.text()


@pytest.mark.parametrize("size", [(450, 120), (450, 200), (900, 500)])
def test_the_strips_stay_in_the_widget_and_apart(strip, size, qtbot):
    strip.redraw(some_shares(), ("b", "a"))
    strip.resize(*size)
    qtbot.wait(10)
    upper, lower = (one.place for one in strip.heat.strips)
    assert strip.heat.rect().contains(upper.united(lower))
    assert upper.bottom() < lower.top()


def test_before_the_first_epoch_a_sentence_stands_there(strip, qtbot):
    strip.redraw(Shares(), ("a",))
    assert strip.heat.strips == []
    qtbot.mouseClick(strip.heat, Qt.MouseButton.LeftButton, pos=QPoint(80, 20))
    assert not strip.heat.grab().isNull()


def test_the_open_case_has_a_mark(strip):
    marks = {}
    for opened in ("", "a"):
        strip.redraw(some_shares(), ("b", "a"), opened)
        place = cell(strip, 0, 1, 0)
        place.setX(strip.heat.strips[0].place.left() - 3)
        marks[opened] = colour_at(strip, place)
    assert marks["a"] != marks[""]
