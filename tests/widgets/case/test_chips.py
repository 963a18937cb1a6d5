"""What is painted, as chips."""

from __future__ import annotations

import pytest

from napari_alnt.widgets.case.chips import Chips

LABELS = {1: "lung", 2: "tumour & oedema of the left upper lobe and more"}


@pytest.fixture
def chips(qtbot):
    made = Chips()
    qtbot.addWidget(made)
    made.set_labels(LABELS, dict.fromkeys(LABELS, "#ff0000"), 255)
    return made


def checked(chips):
    return [value for value, chip in chips.chips.items() if chip.isChecked()]


def test_background_and_unknown_stand_beside_the_labels(chips):
    assert list(chips.chips) == [1, 2, 0, 255]
    assert chips.chips[0].text() == "erase"
    assert "label 0" in chips.chips[0].toolTip()
    assert "label 255" in chips.chips[255].toolTip()


def test_the_chip_shows_what_is_painted_and_none_shows_another(chips):
    for value in (1, 0, 255, 2):
        chips.check(value)
        assert checked(chips) == [value]
    chips.check(9)
    assert checked(chips) == []
    chips.check(1)
    assert checked(chips) == [1]


def test_a_long_name_is_shortened_and_stands_in_the_tip(chips):
    assert "…" in chips.chips[2].text()
    assert LABELS[2] in chips.chips[2].toolTip()


def test_a_press_chooses_it(chips, qtbot):
    chips.chips[255].setEnabled(True)
    with qtbot.waitSignal(chips.chosen) as told:
        chips.chips[255].click()
    assert told.args == [255]
