"""The case that is about to be left: nobody paints on it, and nobody takes it for the next one."""

from __future__ import annotations

import pytest
from cases_shown import bare_layers, opened
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget

from napari_alnt.widgets.picture import veil as module
from napari_alnt.widgets.picture.veil import Veil


@pytest.fixture
def veil(qtbot, monkeypatch):
    """A veil over a case on which a stroke was painted, in a window without pictures."""
    monkeypatch.setattr(module, "PATIENCE", 1)
    layers = bare_layers(monkeypatch)
    over, parent = QWidget(), QObject()
    over.resize(300, 200)
    qtbot.addWidget(over)
    over.show()
    made = Veil(layers, over, parent)
    made.cover("ball_01")  # there is nothing to cover yet
    layers.show(opened(), "lung")
    layers.correction.paint((2, 30, 30), 3)
    made.parent_of_it, made.layer, made.over = parent, layers.correction, over
    return made


def test_the_case_is_locked_at_once_and_veiled_after_a_while(veil, qtbot):
    assert veil.layer.editable
    veil.layer.mode = "erase"
    for name in ("ball_01", "ball_02"):
        veil.cover(name)
        veil.layer.mode = "paint"
        assert (veil.layer.editable, veil.layer.mode) == (False, "pan_zoom")
    assert not veil.curtain.isVisible()
    qtbot.waitUntil(veil.curtain.isVisible)
    assert veil.curtain.text() == "Opening ball_02 …"
    veil.over.resize(400, 250)
    assert veil.curtain.geometry() == veil.over.rect()
    veil.lift()
    assert not veil.curtain.isVisible()
    assert (veil.layer.editable, veil.layer.mode) == (True, "erase")
    veil.layer.undo()
    assert not veil.layer.data[2, 30, 30]


def test_the_next_case_is_as_it_is_shown(veil, qtbot):
    veil.cover("b")
    veil._layers.show(opened(name="b"), "lung")
    veil.end()
    assert veil._layers.case == "b"
    assert (veil.layer.editable, veil.layer.mode) == (True, "paint")
    veil._layers.lock()
    veil.lift()  # of a case that nobody has covered
    assert not veil.layer.editable
    qtbot.wait(20)
    assert not veil.curtain.isVisible()
    veil.leave()
    assert veil.over.children() == []
