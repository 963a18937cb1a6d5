"""A text that takes the same room whatever it says."""

from __future__ import annotations

import pytest
from qtpy.QtGui import QFont
from qtpy.QtWidgets import QLabel

from napari_alnt.widgets.parts.fixed_label import MIDDLE, FixedLabel, fit

LONG = "The disk is full, so the mask of chest_02 was not saved; make room and press Accept again."


@pytest.fixture
def label(qtbot):
    made = FixedLabel(lines=2)
    qtbot.addWidget(made)
    made.resize(200, made.sizeHint().height())
    return made


@pytest.mark.parametrize("text", ["", "Short.", LONG, LONG * 3, "One.\nTwo.\nThree.\nFour."])
def test_it_is_as_high_with_any_text(label, text):
    before = (label.sizeHint().height(), label.minimumSizeHint())
    label.setText(text)
    assert (label.sizeHint().height(), label.minimumSizeHint()) == before
    assert label.text() == text


def test_what_is_cut_stands_in_the_tip(label):
    label.setText("Short.")
    assert label.toolTip() == ""
    label.setText(LONG)
    assert label.toolTip() == LONG
    label.resize(2000, label.height())
    label.show()
    assert label.toolTip() == ""


def test_a_tip_of_its_own_takes_the_place(label):
    label.setToolTip("What it is about")
    label.setText(LONG)
    assert label.toolTip() == "What it is about"
    label.setToolTip("")
    assert label.toolTip() == LONG


@pytest.mark.parametrize("width", [60, 150, 400])
def test_every_line_fits_and_only_the_last_is_cut(qapp, width):
    font = QFont()
    lines, is_cut = fit(LONG, font, width, 3)
    assert len(lines) <= 3
    assert is_cut == lines[-1].endswith("…")
    whole, _ = fit(LONG, font, width, 99)
    assert " ".join(whole) == LONG
    assert lines[:-1] == whole[: len(lines) - 1]


def test_a_name_is_cut_in_its_middle(qapp):
    (shown,), is_cut = fit("coronacases_org_004_left_lung", QFont(), 90, 1, MIDDLE)
    assert is_cut
    assert shown.startswith("c")
    assert shown.endswith("g")


def test_several_lines_stand_in_one(qapp):
    assert fit("One.\nTwo.", QFont(), 900, 1) == (["One.  ·  Two."], False)


def test_a_rule_of_its_own_shortens_what_is_too_long(qtbot):
    made = FixedLabel(elide=MIDDLE)
    qtbot.addWidget(made)
    made.resize(90, 20)
    made.shorten_with(lambda text, room, measure: "short" if measure(text) > room else text)
    made.setText("a name that is far too long for this")
    assert (QLabel.text(made), made.toolTip()) == ("short", made.text())
    made.setText("a name")
    assert (QLabel.text(made), made.toolTip()) == ("a name", "")
    made.shorten_with(lambda *_: "")  # it knows none
    made.setText("another name that is too long")
    assert "…" in QLabel.text(made)
