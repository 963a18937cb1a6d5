"""The legend says what can be seen, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from cases_shown import bare_layers, opened
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget

from napari_alnt.widgets.case.prediction import Prediction
from napari_alnt.widgets.picture.canvas_legend import ROLES, CanvasLegend, entries
from napari_alnt.widgets.picture.compared import Compared
from napari_alnt.widgets.picture.legend import Sample
from napari_alnt.widgets.picture.slice_marks import UNKNOWN_WORDS


def test_each_mask_has_its_line():
    lines = entries({role: role for role in ROLES}, "#4cc9f0", unknown=True, versions=[2])
    assert [line.text for line in lines] == [
        "correction", "teacher", "student", "version 2", "voxel trust", UNKNOWN_WORDS,
    ]  # fmt: skip
    assert len({line.sample for line in lines}) == 6
    assert entries({}, "#4cc9f0", unknown=False) == ()
    # what is not shown is not explained
    (line,) = entries({"teacher": "teacher"}, "#4cc9f0", unknown=True)
    assert line.text == "teacher"


@pytest.fixture
def shown(qtbot, monkeypatch):
    """A case without a window, and its legend."""
    canvas, parent = QWidget(), QObject()
    qtbot.addWidget(canvas)
    canvas.resize(600, 400)
    layers = bare_layers(monkeypatch)
    legend = CanvasLegend(canvas, layers, lambda: legend.unknown, parent)
    legend.unknown, legend.layers, legend.keep = False, layers, (canvas, parent)

    def texts():
        qtbot.waitUntil(lambda: not legend._soon.isActive())
        return [line.text for line in legend.widget.entries]

    legend.texts = texts
    return legend


def test_it_follows_the_case_and_what_is_shown_of_it(shown):
    assert shown.texts() == []
    shown.layers.show(opened(), "lung")
    assert shown.texts() == ["correction: your mask", "teacher"]
    shown.layers.kept.get("teacher").visible = False
    assert shown.texts() == ["correction: your mask"]
    mask = np.zeros_like(shown.layers.mask)
    shown.layers.add_prediction(Prediction(mask, mask.astype(np.float32), 0))
    assert shown.texts() == ["correction: your mask", "student"]
    shown.unknown = True
    shown.refresh()
    assert shown.texts()[-1] == UNKNOWN_WORDS
    shown.layers.clear()
    assert shown.texts() == []


def test_its_colour_is_that_of_the_painted_label(shown):
    shown.layers.show(opened(), "lung")
    for value, colour in shown.layers.colours.items():
        shown.layers.choose_label(value)
        shown.texts()
        assert shown.widget.entries[0].colours == (colour,)
        assert shown.widget.entries[0].sample is Sample.FILL


def test_it_tells_the_truth_of_a_locked_case_and_of_versions(shown):
    held_out = opened(teacher=None)
    held_out.case.role = "test"
    shown.layers.show(held_out, "lung")
    shown.layers.lock()
    assert shown.texts() == ["expert mask, locked"]
    shown.layers.show(opened(), "lung")
    shown.layers.lock()
    assert shown.texts() == ["mask, locked", "teacher"]
    compared = Compared(shown.layers.viewer, shown.layers)
    shown.compare(compared)
    compared.show(3, shown.layers.mask)
    assert shown.texts()[-1] == "version 3"
    shown.layers.viewer.layers["version 3"].visible = False
    assert "version 3" not in shown.texts()
    compared.layers[3].visible = True
    compared.hide(3)
    assert "version 3" not in shown.texts()


def test_after_its_end_it_hears_nothing(shown):
    shown.layers.show(opened(), "lung")
    shown.texts()
    shown.close()
    shown.layers.clear()
    assert not shown._soon.isActive()
