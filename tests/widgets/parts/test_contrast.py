"""Contrast of a text and its ground."""

from __future__ import annotations

import pytest

from napari_alnt.widgets.parts.contrast import LEAST, contrast, luminance, readable


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#123456", "#123456", 1)],
)
def test_known_pairs(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(one, other) == contrast(other, one)


def test_green_is_the_lightest_of_the_three():
    assert luminance("#00ff00") > luminance("#ff0000") > luminance("#0000ff")


@pytest.mark.parametrize("colour", ["#ff8a80", "#ffb703", "#3366ff", "#808080", "#000000"])
@pytest.mark.parametrize("ground", ["#efebe9", "#262930", "#ffffff", "#000000", "#7f7f7f"])
def test_a_colour_is_changed_until_it_can_be_read(colour, ground):
    assert contrast(readable(colour, ground), ground) >= LEAST


def test_a_colour_that_can_be_read_stays():
    assert readable("#ffffff", "#262930", "#414851") == "#ffffff"


def test_on_grounds_that_differ_too_much_the_better_end_is_taken():
    assert readable("#808080", "#ffffff", "#000000", least=7) in ("#ffffff", "#000000")
