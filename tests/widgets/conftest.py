"""A napari window with the dock in it, and what tests do to it with the mouse and the keyboard."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_alnt.data import Project
from napari_alnt.errors import AlntError

FULL = "The disk is full."
HERE = Path(__file__).parent


def missing_screen() -> str:
    """What a window would need and is not there; '' if there is all."""
    if sys.platform in ("win32", "darwin"):
        return ""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or shutil.which("Xvfb"):
        return ""
    return "no display and no Xvfb: install xvfb to test the window"


MISSING = missing_screen()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a screen these tests are skipped, with one line that says why."""
    if MISSING and os.environ.get("ALNT_REQUIRE_GUI") != "1":
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=MISSING))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if MISSING and os.environ.get("ALNT_REQUIRE_GUI") == "1" and HERE in item.path.parents:
        pytest.fail(MISSING, pytrace=False)


class Window:
    """A napari window with the annotation loop in it."""

    def __init__(self, viewer: Any, qtbot: Any) -> None:
        from napari_alnt.widgets import dock

        self.viewer, self.qtbot = viewer, qtbot
        self.dock = dock(viewer)

    @property
    def loop(self) -> Any:
        assert self.dock.loop is not None
        return self.dock.loop

    @property
    def layer(self) -> Any:
        return self.loop.layers.correction

    @property
    def said(self) -> str:
        """The sentence below the buttons of the open case."""
        return str(self.loop.case_bar.sentence.text())

    @property
    def canvas(self) -> Any:
        return self.viewer.window._qt_viewer.canvas.native

    @staticmethod
    def draft(balls: Any, case: str) -> Any:
        """The draft of a case as it lies on the disk."""
        with Project.open(balls.folder, write=False) as project:
            return project.drafts.load(case)

    def until(self, what: Callable[[], Any], seconds: float = 120) -> None:
        self.qtbot.waitUntil(lambda: bool(what()), timeout=int(1000 * seconds))

    def click_row(self, place: int) -> str:
        """Click a row of the queue with the mouse; its case."""
        from qtpy.QtCore import Qt

        queue = self.loop.queue
        index = queue.source.index(place, 0)
        centre = queue.visualRect(index).center()
        self.qtbot.mouseClick(queue.viewport(), Qt.MouseButton.LeftButton, pos=centre)
        return str(index.data())

    def open_row(self, place: int) -> str:
        case = self.click_row(place)
        self.until(lambda: self.loop.correction.case == case and not self.loop.correction.loading)
        return case

    def act(self, name: str) -> None:
        """Do what a button of the open case does, and wait until it is done and shown."""
        from napari_alnt.widgets.actions import ACTIONS

        self.loop.act(ACTIONS[name])
        self.rest()

    def rest(self) -> None:
        """Wait until nothing is read or written any more, and draw what has changed."""
        loop = self.loop
        for _ in range(3):  # what is drawn may mark what is drawn next
            self.until(lambda: not (loop.correction.files.busy or loop.redraw.files.busy))
            loop.redraw.draw()

    def paint(self, voxel: tuple[int, int, int]) -> None:
        """One stroke of the brush at a voxel, with the mouse."""
        from qtpy.QtCore import QPoint, Qt

        self.viewer.dims.set_point(0, self.layer.data_to_world(voxel)[0])
        here = QPoint(*self.on_screen(voxel))
        self.qtbot.mouseMove(self.canvas, here)
        self.qtbot.mousePress(self.canvas, Qt.MouseButton.LeftButton, pos=here)
        self.qtbot.mouseMove(self.canvas, here + QPoint(6, 0))
        self.qtbot.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, pos=here + QPoint(6, 0))

    def on_screen(self, voxel: tuple[int, int, int]) -> tuple[int, int]:
        """Where a voxel of the shown slice lies on the canvas, in pixels."""
        _, y, x = self.layer.data_to_world(voxel)
        camera = self.viewer.scene.camera
        middle = np.array([self.canvas.width(), self.canvas.height()]) / 2
        shift = (np.array([x, y]) - np.array(camera.center)[[2, 1]]) * camera.zoom
        return tuple((middle + shift).astype(int).tolist())

    def press(self, key: Any, modifier: Any = None) -> None:
        """A key on the canvas."""
        from qtpy.QtCore import Qt

        self.qtbot.keyClick(self.canvas, key, modifier or Qt.KeyboardModifier.NoModifier)


@pytest.fixture
def make_window(make_napari_viewer: Any, qtbot: Any) -> Iterator[Callable[[], Window]]:
    """Opens a window of 1600 × 1000 pixels."""
    windows = []

    def make() -> Window:
        viewer = make_napari_viewer(show=True)
        viewer.window._qt_window.resize(1600, 1000)
        windows.append(Window(viewer, qtbot))
        qtbot.wait(50)
        return windows[-1]

    yield make
    for window in windows:
        # a window is hidden before it ends, here as in its use: what it still shows is not painted
        if (main := getattr(window.viewer.window, "_qt_window", None)) is not None:
            main.hide()
        window.dock.shutdown()
        # napari's fixture looks for viewers that somebody still holds
        window.viewer = window.dock = None
    qtbot.wait(50)


@pytest.fixture
def window(make_window: Callable[[], Window]) -> Window:
    return make_window()


@pytest.fixture
def painted(window: Window, balls: Any) -> Window:
    """A window with a stroke painted on the first case of the queue, not saved."""
    window.dock.open_project(balls.folder)
    window.case = window.open_row(0)
    window.before = window.layer.data.copy()
    window.paint((4, 6, 7))
    window.mask = window.layer.data.copy()
    assert (window.mask != window.before).any()
    return window


@pytest.fixture
def full_disk(painted: Window, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """No draft can be written; ``gate`` lets a write that has begun go on to its failure."""
    begun, gate = threading.Event(), threading.Event()

    def full(*_: object) -> None:
        begun.set()
        gate.wait(20)
        raise AlntError(FULL)

    gate.set()
    monkeypatch.setattr(painted.loop.session.project.drafts, "save", full)
    painted.begun, painted.gate, painted.error = begun, gate, FULL
    yield painted
    gate.set()
    monkeypatch.undo()
