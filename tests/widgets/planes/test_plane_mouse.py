"""The mouse in a plane does what it does on the canvas."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication

from napari_alnt.widgets.picture.corner_text import Spot
from napari_alnt.widgets.picture.window_level import WindowLevel
from napari_alnt.widgets.planes.plane import CORONAL
from napari_alnt.widgets.planes.plane_pane import PlanePane
from napari_alnt.widgets.planes.plane_sheet import Scene

RIGHT, MIDDLE = Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton


@pytest.fixture
def pane(qtbot):
    widget = PlanePane(CORONAL, lambda: None)
    qtbot.addWidget(widget)
    widget.resize(300, 240)
    widget.show()
    widget.went = []
    widget.view.set_scene(Scene(np.zeros((12, 40, 30), np.int16), (4.0, 1.0, 2.0), (0, 1000)))
    widget.view.set_voxel((3, 20, 15))
    widget.view.pointed.connect(widget.went.append)
    widget.view.pointed.connect(widget.view.set_voxel)
    return widget


def drag(qtbot, view, button, by):
    here = QPoint(100, 100)
    qtbot.mousePress(view, button, pos=here)
    for part in (3, 2, 1):
        qtbot.mouseMove(view, here + by / part)
        qtbot.wait(2)


def wheel(view, notches, keys=Qt.KeyboardModifier.NoModifier, at=(60, 80)):
    place, angle = QPointF(*at), QPoint(0, 120 * notches)
    held, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(place, place, QPoint(), angle, held, keys, phase, False)
    QApplication.sendEvent(view, event)


def test_a_right_drag_changes_the_one_window_and_shows_its_numbers(pane, qtbot):
    window = WindowLevel("lung", None, lambda _: None)
    drag(qtbot, pane.view, RIGHT, QPoint(60, 30))
    assert not pane.view.words.texts.get(Spot.MIDDLE)  # no window to change yet
    qtbot.mouseRelease(pane.view, RIGHT, pos=QPoint(160, 130))
    pane.mouse.window_level = window
    low, high = window.limits
    drag(qtbot, pane.view, RIGHT, QPoint(60, 30))
    assert window.dragged
    assert pane.view.words.texts[Spot.MIDDLE] == window.text
    qtbot.mouseRelease(pane.view, RIGHT, pos=QPoint(160, 130))
    assert not window.dragged
    assert Spot.MIDDLE not in pane.view.words.texts
    assert window.limits[1] - window.limits[0] > high - low
    assert sum(window.limits) > low + high
    assert not pane.went


def test_the_wheel_goes_through_slices_and_with_control_zooms(pane, qtbot):
    view = pane.view
    wheel(view, 1)
    wheel(view, -2)
    assert pane.went == [(3, 19, 15), (3, 21, 15)]
    before = view.fit
    wheel(view, 3, Qt.KeyboardModifier.ControlModifier)
    after = view.fit
    assert after.zoom > 1.4 * before.zoom
    assert after.place(60, 80, 21) == pytest.approx(before.place(60, 80, 21))
    drag(qtbot, view, MIDDLE, QPoint(40, -24))
    qtbot.mouseRelease(view, MIDDLE, pos=QPoint(140, 76))
    assert (view.fit.left, view.fit.top) == pytest.approx((after.left + 40, after.top - 24))
    assert len(pane.went) == 2
    wheel(view, -9, Qt.KeyboardModifier.ControlModifier)
    assert view.fit == before


def test_another_case_or_plane_is_seen_as_a_whole(pane):
    wheel(pane.view, 3, Qt.KeyboardModifier.ControlModifier)
    whole = Scene(np.zeros((12, 40, 30), np.int16), (4.0, 1.0, 2.0), (0, 1000))
    pane.view.set_scene(whole)
    assert pane.view.fit.size[1] == pytest.approx(min(240, pane.view.height()), abs=3)


def test_a_double_click_makes_the_plane_large(pane, qtbot):
    large = []
    pane.enlarged.connect(large.append)
    qtbot.mouseDClick(pane.view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert large == [CORONAL]
    # the button is still held, and the mouse moves on in what is there now
    pane.went.clear()
    qtbot.mouseMove(pane.view, QPoint(120, 90))
    qtbot.wait(2)
    assert not pane.went
