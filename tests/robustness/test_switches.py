"""What is asked of the layers after a switch of the case, without a window."""

from __future__ import annotations

import numpy as np
import pytest
from cases_shown import bare_layers, opened

from napari_alnt.widgets.case.prediction import Prediction
from robustness import switches


@pytest.fixture
def layers(monkeypatch):
    """The layers of a case of which a student says something, and points of the user's own."""
    made = bare_layers(monkeypatch)
    made.viewer.add_points(np.zeros((2, 3)), name="mine")
    mask = opened().start
    made.show(opened(prediction=Prediction(mask, mask.astype(np.float32), 2)), "lung")
    return made


def kinds(layers, is_predicted=True, **own):
    mine = layers.viewer.layers["mine"]
    found = switches.faults(layers, {mine: own.get("data", np.zeros((2, 3)))}, is_predicted)
    return [kind for kind, _ in found]


def test_layers_as_they_are_to_be_have_no_fault(layers):
    assert kinds(layers) == []


def test_each_fault_is_noticed(layers):
    start = layers.opened.start
    assert kinds(layers, data=np.ones((2, 3))) == [switches.CHANGED]
    assert kinds(layers, is_predicted=False) == [switches.MIXED, switches.MIXED]
    layers.viewer.add_labels(np.zeros_like(start), name="correction")
    assert kinds(layers) == [switches.DOUBLED]
    layers.viewer.layers.remove("correction [1]")
    layers.correction.data = np.zeros_like(start)
    assert kinds(layers) == [switches.MIXED]
    layers.correction.data = start.copy()
    layers.correction.paint((0, 5, 5), 255)
    assert kinds(layers) == [switches.MIXED, switches.UNDONE]
    layers.kept.get("student").translate = (0, 0, 1)
    assert kinds(layers) == [switches.MIXED]
    layers.kept.get("student").translate = layers.correction.translate
    layers.viewer.layers.remove("student")
    assert kinds(layers) == []
    layers.viewer.layers.remove("teacher")
    assert kinds(layers) == [switches.LOST]
