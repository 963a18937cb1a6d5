"""The strip of slices: what it draws, where a click goes, and what its tooltip says."""

from __future__ import annotations

import numpy as np
import pytest
from napari.utils.theme import get_theme
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor

from napari_alnt.widgets.parts.style import SLICE_COLOURS
from napari_alnt.widgets.picture.slice_marks import MEANINGS, SliceMarks
from napari_alnt.widgets.picture.slice_strip import HEIGHT, ROWS, SliceStrip, picture


def marks(count=10, **where):
    found = {name: np.zeros(count, int) for name in MEANINGS}
    for name, slices in where.items():
        found[name][slices] = 5
    return SliceMarks(
        found["structure"] > 0, found["unknown"], found["differing"], found["corrected"] > 0
    )


@pytest.fixture
def strip(qtbot):
    """200 pixels wide, of which the slices take 20 to 180."""
    widget = SliceStrip(lambda: (20, 180))
    qtbot.addWidget(widget)
    widget.resize(200, widget.sizeHint().height())
    widget.chosen.connect(widget.set_shown)
    widget.went = []
    widget.chosen.connect(widget.went.append)
    widget.show()
    return widget


@pytest.mark.parametrize("name", list(MEANINGS))
def test_each_mark_has_its_row_and_its_colour(name):
    drawn = picture(marks(**{name: [3]}), 100)
    assert drawn.shape == (HEIGHT, 100, 4)
    rows, columns = np.nonzero(drawn[..., 3])
    assert set(columns) <= set(range(30, 40))
    assert (rows.min(), rows.max() + 1) == ROWS[name]
    colour = QColor(SLICE_COLOURS[name])
    pixel = drawn[rows[0], columns[0]]
    assert tuple(pixel) == (colour.red(), colour.green(), colour.blue(), 255)


def test_unknown_is_hatched_over_labelled():
    drawn = picture(marks(unknown=[3], structure=[3]), 100)
    inside = drawn[slice(*ROWS["unknown"]), 30:40].reshape(-1, 4)
    assert {tuple(pixel) for pixel in inside} == {
        (*QColor(SLICE_COLOURS[name]).getRgb()[:3], 255) for name in ("unknown", "structure")
    }


def test_a_click_and_a_drag_go_to_a_slice(strip, qtbot):
    def at(slice_):
        return QPoint(strip.cell(slice_).center().x(), 8)

    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=at(4))
    assert strip.went == []  # no case is open
    strip.set_marks(marks())
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=at(4))
    qtbot.mouseClick(strip, Qt.MouseButton.RightButton, pos=at(7))
    assert strip.went == [4]
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=at(2))
    for place in (at(3), at(6), QPoint(500, 8)):
        qtbot.mouseMove(strip, place)
    qtbot.waitUntil(lambda: strip.went[-1] == 9)
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=at(9))
    assert strip.shown == 9


def test_the_slice_on_the_screen_is_framed(strip):
    strip.set_theme("dark")
    strip.set_marks(marks(unknown=[5]))
    frame = QColor(get_theme("dark").text.as_hex())

    def framed():
        image = strip.grab().toImage()
        return {x for x in range(200) if image.pixelColor(x, 0) == frame}

    strip.set_shown(None)
    assert not framed()
    strip.set_shown(5)
    cell = strip.cell(5)
    assert set(range(cell.left(), cell.right())) <= framed()
    strip.set_marks(None)
    assert not framed()


def test_the_tooltip_has_the_slice_and_the_legend(strip):
    strip.set_marks(marks(unknown=[5]))
    tip = strip.tip(5)
    assert "Slice 6 of 10: 5 voxels unknown" in tip
    for name, meaning in MEANINGS.items():
        assert meaning in tip
        assert SLICE_COLOURS[name] in tip


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", list(SLICE_COLOURS))
def test_marks_are_seen_in_every_theme(theme, name):
    ground = QColor(get_theme(theme).background.as_hex())
    lighter, darker = sorted((brightness(ground), brightness(QColor(SLICE_COLOURS[name]))))[::-1]
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def brightness(colour):
    """The relative luminance of WCAG 2."""
    parts = np.array(colour.getRgbF()[:3])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
