"""The view of the mask from outside: what a drag does, and what it says of an empty mask."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from napari_alnt.widgets.picture.corner_text import Spot
from napari_alnt.widgets.planes.mask_surface import surface_of
from napari_alnt.widgets.planes.mask_view import FIRST, MaskView

RED = {1: (255, 0, 0, 255)}


@pytest.fixture
def view(qtbot):
    widget = MaskView()
    qtbot.addWidget(widget)
    widget.resize(200, 160)
    widget.show()
    return widget


def shown(view):
    image = view.grab().toImage().convertToFormat(view.grab().toImage().Format.Format_RGBA8888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return pixels[..., 0] > pixels[..., 1] + 30


def test_a_drag_turns_it_and_a_double_click_turns_it_back(view, qtbot):
    mask = np.zeros((20, 20, 20), np.uint8)
    mask[8:12, 4:8, 2:18] = 1
    assert not shown(view).any()
    view.set_surface(surface_of(mask, (1, 1, 1), [1]), RED)
    before = shown(view)
    assert before.any()
    assert view.side == FIRST
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 80))
    qtbot.mouseMove(view, QPoint(160, 90))
    qtbot.waitUntil(lambda: view.side != FIRST)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(160, 90))
    assert (shown(view) != before).any()
    side = view.side
    qtbot.mouseMove(view, QPoint(20, 20))
    assert view.side == side
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 80))
    assert view.side == (0, 0)


def test_a_mask_without_structures_is_said(view):
    view.set_surface(surface_of(np.zeros((4, 4, 4), np.uint8), (1, 1, 1), [1]), RED)
    assert "nothing is marked" in view.words.texts[Spot.TOP_LEFT]
    view.set_surface(None, {})
    assert view.words.texts[Spot.TOP_LEFT] == "3D"
    view.grab()
