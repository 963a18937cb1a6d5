"""How each mask is drawn and what it is called."""

from __future__ import annotations

import colorsys
from types import SimpleNamespace

import pytest
from qtpy.QtGui import QColor

from napari_alnt.widgets.case.open_case import FIXED
from napari_alnt.widgets.parts.style import CLASS_COLOURS
from napari_alnt.widgets.picture.layers import TRUST
from napari_alnt.widgets.picture.mask_styles import (
    AGREES,
    DASHES,
    DISAGREES,
    STYLES,
    colour_of,
    correction_words,
)


def test_each_mask_is_drawn_in_its_own_way():
    assert len(set(STYLES.values())) == len(STYLES)
    lines = [DASHES[style] for style in STYLES.values() if style != "fill"]
    assert len(set(lines)) == len(lines)
    for label in CLASS_COLOURS:
        colours = {colour_of(role, label) for role in ("teacher", "student", "version")}
        assert len(colours) == 3
    assert len({colour_of("version", label) for label in CLASS_COLOURS}) == 1


def hue(colour):
    red, green, blue = (part / 255 for part in bytes.fromhex(colour[1:]))
    return 360 * colorsys.rgb_to_hsv(red, green, blue)[0]


@pytest.mark.parametrize("own", [DISAGREES, AGREES])
def test_the_voxel_trust_has_a_hue_of_its_own(own):
    apart = [abs((hue(own) - hue(label) + 180) % 360 - 180) for label in CLASS_COLOURS]
    assert min(apart) > 20
    # and it is the one on the picture
    ends = [QColor.fromRgbF(*TRUST.colors[end][:3]).name() for end in (0, -1)]
    assert min(abs(hue(own) - hue(end)) for end in ends) < 3


@pytest.mark.parametrize(
    ("role", "origin", "editable", "words"),
    [
        ("pool", "teacher", True, "correction: your mask"),
        ("pool", "version 2", True, "correction: your mask, from version 2"),
        ("pool", "teacher", False, "mask, locked"),
        ("reference", "the expert's mask", True, "expert mask"),
        *((role, "the expert's mask", False, "expert mask, locked") for role in FIXED),
    ],
)
def test_the_filled_mask_is_called_what_it_is(role, origin, editable, words):
    opened = SimpleNamespace(case=SimpleNamespace(role=role), is_fixed=role in FIXED, origin=origin)
    assert correction_words(opened, editable) == words
