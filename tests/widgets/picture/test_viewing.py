"""How a case is looked at: gestures, words, window and masks, in a real window."""

from __future__ import annotations

import json

import numpy as np
import pytest
from qtpy.QtCore import QCoreApplication, QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from robustness.stray import ALL, Hand, Press

from napari_alnt.data import local
from napari_alnt.settings import WINDOWS
from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.picture import window_level
from napari_alnt.widgets.picture.corner_text import CornerText, Spot

KEY = Qt.KeyboardModifier


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A folder of its own for what is kept for the user."""
    monkeypatch.setenv(local.FOLDER, str(tmp_path / "config"))
    return tmp_path / "config" / "user.json"


@pytest.fixture
def opened(window, balls, config):
    window_level.save(local.key(balls.folder), "bone")
    window.dock.open_project(balls.folder)
    window.case = window.open_row(0)
    return window


def turn_wheel(window, turned: int, keys=KEY.NoModifier) -> None:
    here = QPointF(window.canvas.rect().center())
    none = Qt.MouseButton.NoButton
    event = QWheelEvent(
        here, QPointF(window.canvas.mapToGlobal(here.toPoint())), QPoint(), QPoint(0, turned), none,
        keys, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QCoreApplication.sendEvent(window.canvas, event)


def drag(window, button, x: int, y: int) -> None:
    middle = window.canvas.rect().center()
    hand = Hand(window.loop, np.random.default_rng(0))
    hand._send("MouseButtonPress", (middle.x(), middle.y()), button, (button,), ())
    for part in (1, 2):
        at = (middle.x() + x * part // 2, middle.y() + y * part // 2)
        hand._send("MouseMove", at, None, (button,), ())
    hand._send("MouseButtonRelease", at, button, (), ())


def nothing_is_painted_without_a_button(window, config) -> None:
    hand = Hand(window.loop, np.random.default_rng(0))
    for how, button in (("drag", "right"), ("lost release", "left")):
        press = Press(how, "paint", button, (), "inside")
        assert tuple(vars(press).values()) in ALL
        seen = hand.attempt(press, moves=25)
        assert (seen.held > 0, seen.loose) == (button == "left", 0)
    # with napari's own gestures it is: this test can fail
    window.loop.act(ACTIONS["gestures"])
    assert "napari" in window.said
    assert hand.attempt(Press("drag", "paint", "right", (), "inside"), moves=25).loose
    window.loop.act(ACTIONS["gestures"])
    window.rest()
    assert json.loads(config.read_text())["gestures"] == "pacs"
    hand.layer.mode = "paint"


def test_a_case_is_looked_at_as_at_a_pacs_and_napari_has_its_own_back(opened, balls, config):
    viewing, viewer = opened.loop.viewing, opened.viewer
    image, texts = viewer.layers[opened.case], viewing.corner.texts
    buttons = opened.loop.case_bar.buttons
    assert texts[Spot.TOP_LEFT].startswith(f"{opened.case}\nslice ")
    assert texts[Spot.TOP_RIGHT] == "W 1800  L 400"  # as it was left the last time
    assert [buttons[name].isChecked() for name in WINDOWS] == [False, False, True]
    assert [texts[spot] for spot in (Spot.LEFT, Spot.RIGHT, Spot.TOP, Spot.BOTTOM)] == list("RLAP")
    assert viewer.canvas.overlays.scale_bar.visible
    assert tuple(viewer.canvas.background_color) == (0, 0, 0, 1)

    # a click on a preset marks it, a drag marks none, and what was chosen stays for the next case
    opened.qtbot.mouseClick(buttons["default_window"], Qt.MouseButton.LeftButton)
    assert tuple(image.contrast_limits) == WINDOWS["lung"]
    assert [buttons[name].isChecked() for name in WINDOWS] == [True, False, False]
    opened.press(Qt.Key.Key_3, KEY.AltModifier)
    mask = opened.layer.data.copy()
    drag(opened, "right", 60, 0)
    low, high = image.contrast_limits
    assert (high - low, high + low) == (1800 + 60 * 6, 800)
    assert not any(buttons[name].isChecked() for name in WINDOWS)
    assert texts[Spot.TOP_RIGHT] == "W 2160  L 400"
    assert Spot.MIDDLE not in texts
    opened.open_row(1)
    assert tuple(image.contrast_limits) == (low, high)
    opened.open_row(0)

    # slices, zoom and place
    point, zoom, centre = viewer.dims.point[0], viewer.scene.camera.zoom, viewer.scene.camera.center
    turn_wheel(opened, 120)
    assert viewer.dims.point[0] == point + 3
    turn_wheel(opened, 120, KEY.ControlModifier)
    assert viewer.scene.camera.zoom > zoom
    drag(opened, "middle", 50, 20)
    assert viewer.scene.camera.center != centre
    np.testing.assert_array_equal(opened.layer.data, mask)

    nothing_is_painted_without_a_button(opened, config)

    # masks
    before = {layer.name: layer.visible for layer in viewer.layers}
    opened.qtbot.keyPress(opened.canvas, Qt.Key.Key_Q)
    assert [layer.name for layer in viewer.layers if layer.visible] == [opened.case]
    opened.qtbot.keyRelease(opened.canvas, Qt.Key.Key_Q)
    assert {layer.name: layer.visible for layer in viewer.layers} == before
    for key, name in ((Qt.Key.Key_T, "teacher"), (Qt.Key.Key_C, "correction")):
        opened.press(key, KEY.ShiftModifier)
        assert viewer.layers[name].visible is not before[name]
    opened.press(Qt.Key.Key_I, KEY.ShiftModifier)
    assert image.interpolation2d == "nearest"
    opened.open_row(1)
    assert image.interpolation2d == "nearest"

    # what was chosen is kept, and napari has all of its own back
    low, high = map(float, image.contrast_limits)
    opened.dock.close_project()
    kept = json.loads(config.read_text())["windows"]
    assert kept == {local.key(balls.folder): [low, high]}
    assert not viewer.canvas.overlays.scale_bar.visible
    assert viewer.canvas.background_color_override is None
    assert not viewing.gestures.on
    opened.until(lambda: not opened.canvas.findChildren(CornerText))
