"""The view of the mask from outside follows the mask."""

from __future__ import annotations

import pytest
from cases_shown import bare_layers, opened
from qtpy.QtCore import QObject

from napari_alnt.widgets.planes.mask_watch import MaskWatch


@pytest.fixture
def watch(monkeypatch, qtbot):
    parent = QObject()
    layers = bare_layers(monkeypatch)
    made = MaskWatch(layers, parent)
    qtbot.addWidget(made.view)
    made.layers, made.keep = layers, parent
    made.settle = lambda: qtbot.waitUntil(
        lambda: not made.files.busy and not made._pause.isActive()
    )
    yield made
    made.stop()


def test_it_shows_what_is_marked_now(watch):
    watch.look()
    assert watch.view._surface is None
    watch.layers.show(opened(), "lung")
    watch.look()
    watch.settle()
    labels = set(watch.view._surface.labels.tolist())
    assert labels == {1}
    watch.layers.mask[4, 20:30, 20:30] = 3
    watch.look()
    watch.look()  # while the one before is under way
    watch.settle()
    assert set(watch.view._surface.labels.tolist()) == {1, 3}
    watch.clear()
    assert watch.view._surface is None


def test_a_case_that_has_gone_is_not_shown(watch):
    watch.layers.show(opened(), "lung")
    watch.look()
    watch.layers.clear()
    watch.clear()
    watch.settle()
    assert watch.view._surface is None
