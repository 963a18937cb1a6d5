"""Colours and small pieces."""

from __future__ import annotations

import math
from typing import get_args

import pytest
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QWidget

from napari_alnt.data import Status
from napari_alnt.widgets.style import (
    CLASS_COLOURS,
    STATUS_COLOURS,
    button,
    class_colour,
    dot,
    duration,
    label,
    pale,
    rule,
    say,
    style_sheet,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (45, "45 s"), (59.4, "59 s"), (180, "3 min"), (4800, "1 h 20 min"),
        (3601, "1 h 00 min"), (-3, "0 s"), (math.nan, ""), (math.inf, ""),
    ],
)  # fmt: skip
def test_a_duration_is_short(seconds, text):
    assert duration(seconds) == text


def test_every_status_has_a_colour():
    assert set(get_args(Status)) <= set(STATUS_COLOURS)


def test_labels_beyond_the_colours_begin_again():
    assert len(set(CLASS_COLOURS)) == len(CLASS_COLOURS)
    assert class_colour(len(CLASS_COLOURS)) == class_colour(0)


def test_pale_is_nearer_to_white():
    assert pale("#000000", part=0.5) == "#7f7f7f"
    assert pale("#ffffff") == "#ffffff"
    before, after = QColor("#4cc9f0"), QColor(pale("#4cc9f0"))
    assert after.lightness() > before.lightness()
    assert after.blue() >= after.green() >= after.red()


def test_a_dot_has_its_colour(qapp):
    pixmap = dot("#ff0000", 9).pixmap(9, 9)
    assert pixmap.toImage().pixelColor(4, 4) == QColor("#ff0000")
    assert pixmap.toImage().pixelColor(0, 0).alpha() == 0


def test_the_key_stands_in_the_tip(qtbot):
    for widget, tip in ((button("A", "Accept", "K"), "Accept  [K]"), (button("B", "B."), "B.")):
        qtbot.addWidget(widget)
        assert widget.toolTip() == tip


def test_a_sentence_shows_and_hides_its_label(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    widget = label("", "faint", wrap=True, parent=parent)
    parent.show()
    say(widget, "Something is wrong.", "error")
    assert widget.isVisible()
    assert widget.objectName() == "error"
    say(widget, "")
    assert not widget.isVisible()


def test_a_rule_is_one_pixel_high(qtbot):
    widget = rule()
    qtbot.addWidget(widget)
    assert widget.maximumHeight() == 1


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_theme_has_a_style_sheet(theme, qtbot):
    sheet = style_sheet(theme)
    assert "{" in sheet
    assert "{{" not in sheet
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.setStyleSheet(sheet)
    assert widget.styleSheet() == sheet
    assert style_sheet("dark") != style_sheet("light")
