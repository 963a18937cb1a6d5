"""Colours and small pieces."""

from __future__ import annotations

import math
import re
from typing import get_args

import pytest
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QWidget

from napari_alnt.data import Status
from napari_alnt.widgets.parts.contrast import contrast
from napari_alnt.widgets.parts.style import (
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
    theme_colours,
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


RULE = re.compile(r"([^{}]+)\{([^}]*)\}")
WORDS = {"white": "#ffffff", "transparent": None}


def rules(theme):
    """Every rule of the style sheet: what it is about, and its properties."""
    for who, body in RULE.findall(style_sheet(theme)):
        pairs = (line.split(":", 1) for line in body.split(";") if ":" in line)
        yield who.strip(), {name.strip(): value.strip() for name, value in pairs}


def grounds(who, body, colours):
    """What a text of a rule may stand on."""
    own = body.get("background", "transparent")
    own = WORDS.get(own, own)
    if own is not None:
        return [own]
    page = [colours["background"], colours["stripe"]]
    # buttons and fields are napari's, on a ground that is raised
    raised = any(kind in who for kind in ("Button", "Edit", "Combo", "Spin", "faint"))
    return [*page, colours["foreground"]] if raised else page[:1]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_text_can_be_read(theme):
    colours = theme_colours(theme)
    seen = 0
    for who, body in rules(theme):
        for name in ("color", "placeholder-text-color"):
            if name in body:
                text = WORDS.get(body[name], body[name])
                for ground in grounds(who, body, colours):
                    assert contrast(text, ground) >= 4.5, (who, text, ground)
                    seen += 1
    assert seen > 15
    for ground in ("background", "foreground", "stripe", "selected"):
        assert contrast(colours["text"], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("kind", ["", "faint", "warn", "error"])
def test_a_sentence_is_painted_in_a_colour_that_can_be_read(theme, kind, qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    sentence = label("The disk is full.", "faint", parent=page)
    page.setStyleSheet(f"QWidget {{ color: {theme_colours(theme)['text']}; }}" + style_sheet(theme))
    say(sentence, "The disk is full.", kind)
    page.show()
    shown = sentence.palette().color(sentence.foregroundRole()).name()
    assert contrast(shown, theme_colours(theme)["background"]) >= 4.5
