"""One mapping of colours, which all that is drawn of a label follows."""

from __future__ import annotations

from cases_shown import bare_layers, opened
from qtpy.QtGui import QColor

from napari_alnt.widgets.parts.style import CLASS_COLOURS
from napari_alnt.widgets.picture.label_colours import LabelColours
from napari_alnt.widgets.picture.mask_styles import colour_of


def test_labels_have_the_colours_of_their_places_until_others_are_chosen():
    colours, told = LabelColours({3: "lung", 7: "tumour"}), []
    colours.changed.connect(lambda: told.append(colours.all))
    assert colours.all == {3: CLASS_COLOURS[0], 7: CLASS_COLOURS[1]}
    colours.choose({7: "#123456"})
    assert colours.all == {3: CLASS_COLOURS[0], 7: "#123456"} == told[0]
    colours.choose({7: "#123456"})
    assert len(told) == 1


def test_the_layers_follow_at_once_and_with_the_next_case(monkeypatch):
    layers = bare_layers(monkeypatch)
    layers.palette.choose({1: "#ff8800"})
    layers.show(opened(), "lung")
    for wanted in ("#ff8800", "#00aa55"):
        layers.palette.choose({1: wanted})
        assert layers.colours[1] == wanted
        for role in ("correction", "teacher"):
            shown = layers.kept.get(role).colormap.color_dict[1]
            assert QColor.fromRgbF(*map(float, shown[:3])).name() == colour_of(role, wanted)
