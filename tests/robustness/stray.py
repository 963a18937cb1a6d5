"""No mask changes while no button is held: 1,000 moves of the mouse after every kind of press.

An attempt is one press and its release in a napari window, and the moves after it; the mask must be
to the bit as it was at the release. A run is one window, in a process of its own. Every move is an
event that the canvas gets from Qt; the picture is not drawn meanwhile.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from conftest import make_balls

from napari_alnt.errors import AlntError
from robustness import window
from robustness.result import Result, Tally
from robustness.work import folder, without

KINDS = ("painted with no button", "painted with another button", "left paints nothing",
         "stopped early")  # fmt: skip
MOVES = 1000
TAKEN, RESTED = 10, 100
"""Moves from one that napari is to take at once to the next, and to a moment for its timers.

Of moves that follow each other within 5 ms, napari's own handler gets the newest one only; all else
in the window gets each.
"""
BUTTONS = ("left", "right", "middle")
MODES = ("paint", "erase", "fill", "polygon", "pick", "pan_zoom")
KEYS = tuple(
    keys for size in range(4) for keys in itertools.combinations(("Control", "Shift", "Alt"), size)
)
PLACES = ("inside", "outside")
HOWS = ("click", "drag", "double click", "lost release", "second button", "other layer")
ALL = list(itertools.product(HOWS, MODES, BUTTONS, KEYS, PLACES))
"""Every kind of press and release once."""
SERVER = "from robustness.stray import serve; serve()"


@dataclass(frozen=True)
class Press:
    """One kind of press and release.

    Attributes
    ----------
    how : what is done between the press and the release, or instead of the release
    mode : the tool of the layer that is painted on
    button, keys : what is held
    place : inside the picture, or on the empty canvas beside it
    """

    how: str
    mode: str
    button: str
    keys: tuple[str, ...]
    place: str

    @classmethod
    def of(cls, index: int) -> Press:
        """The kind of an attempt."""
        # a step that has no divisor in common with the length goes through all of them, mixed
        return cls(*ALL[index * 1009 % len(ALL)])


@dataclass(frozen=True)
class Seen:
    """How many voxels changed in an attempt: between press and release, and in the moves after."""

    held: int
    loose: int


def run(count: int, seed: int, first: int = 0) -> Result:
    """Make ``count`` attempts in one window."""
    tally = Tally(seed, KINDS)
    with folder() as work, mock.patch.dict(os.environ, window.settings(work)):
        project = make_balls(work / "balls").folder
        said = window.hear(f"stray-{first}", SERVER, (str(project), seed, first, count), count)
        for index, row in enumerate(said.rows, start=first):
            tally.tried()
            judge(Press.of(index), Seen(**row), index, tally)
        if len(said.rows) < count:
            tally.fail(
                "stopped early", first + len(said.rows), without(work, AlntError(said.error))
            )
    return tally.result()


def judge(press: Press, seen: Seen, index: int, tally: Tally) -> None:
    """Count what an attempt has shown."""
    words = f"{press}: {seen.held} voxels while held, {seen.loose} afterwards"
    tally.count("painted while held", seen.held > 0)
    if seen.loose:
        tally.fail("painted with no button", index, words)
    if seen.held and press.button != "left" and press.how != "second button":
        tally.fail("painted with another button", index, words)
    plain = press.mode == "paint" and press.button == "left" and press.place == "inside"
    if plain and press.how == "drag" and not press.keys and not seen.held:
        tally.fail("left paints nothing", index, words)


# the process of the window ------------------------------------------------------------------------


def serve() -> None:
    """Make attempts in a window, and say after each what has changed."""
    project, seed, first, count = json.loads(sys.argv[1])
    for seen in _attempts(Path(project), seed, range(first, first + count)):
        window.say(asdict(seen))


def _attempts(project: Path, seed: int, indices: range) -> Iterator[Seen]:
    import napari

    from napari_alnt.widgets import dock

    viewer = napari.Viewer()
    viewer.window._qt_window.resize(1200, 800)
    # it writes the status line in a thread of its own, and both would wait for each other
    viewer.window._qt_window.status_thread.close_terminate()
    widget = dock(viewer)
    assert widget.open_project(project)
    loop = widget.loop
    assert loop is not None
    case = next(iter(loop.queue.in_order())).case
    loop.open_case(case)
    window.until(lambda: loop.correction.case == case and not loop.correction.loading)
    for index in indices:
        hand = Hand(loop, np.random.default_rng([seed, index]))
        yield hand.attempt(Press.of(index))
    assert widget.close_project()
    viewer.close()


class Hand:
    """A hand on the mouse, over the canvas of a window with an open case.

    Parameters
    ----------
    loop : the open project
    rng : where the mouse goes
    """

    def __init__(self, loop: Any, rng: np.random.Generator) -> None:
        self.viewer = loop.viewer
        self.layer = loop.layers.correction
        self.native = loop.viewer.window._qt_viewer.canvas.native
        moved = loop.viewer.window._qt_viewer.canvas._scene_canvas.events.mouse_move
        # what holds the moves back that napari's handler is to get
        (self._put_off,) = [one for one in moved.callbacks if hasattr(one, "flush")]
        self.rng = rng

    def attempt(self, press: Press, moves: int = MOVES) -> Seen:
        """Press, let go, move about, and look at the mask in between."""
        from napari_alnt.widgets import viewer_adapter

        self._prepare(press.mode)
        before = self.mask
        self._press(press)
        self._rest()
        released = self.mask
        # a picture paints no mask, and would take most of the time
        with viewer_adapter.unpainted(self.viewer):
            self._wander(moves)
        self._rest()
        return Seen(_differ(before, released), _differ(released, self.mask))

    def _wander(self, moves: int) -> None:
        """Move over the whole canvas with no button held; every move goes the way of a real one."""
        from qtpy.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
        from qtpy.QtGui import QMouseEvent

        size = (self.native.width(), self.native.height())
        corner = QPointF(self.native.mapToGlobal(QPoint(0, 0)))
        kind, button = QEvent.Type.MouseMove, Qt.MouseButton.NoButton
        key = Qt.KeyboardModifier.NoModifier
        for number, (x, y) in enumerate(self.rng.integers((0, 0), size, (moves, 2)).tolist()):
            here = QPointF(x, y)
            self.native._last_time = 0.0  # vispy passes over moves that follow each other closely
            event = QMouseEvent(kind, here, corner + here, button, button, key)
            QCoreApplication.sendEvent(self.native, event)
            if number % TAKEN == 0:
                self._put_off.flush()
            if number % RESTED == 0:
                self._rest(1)

    @property
    def mask(self) -> np.ndarray:
        return np.array(self.layer.data)

    def _prepare(self, mode: str) -> None:
        self.viewer.layers.selection.active = self.layer
        self.layer.mode = "pan_zoom"
        self.layer._overlays["polygon"].points = []
        self.layer.data[...] = 0
        self.layer.data[:, ::2, ::2] = 1  # something to erase, to pick and to fill
        self.layer.refresh()
        self.layer.selected_label = 1
        self.layer.brush_size = 6
        self.layer.mode = mode
        self.viewer.reset_view()
        self._rest()

    def _press(self, press: Press) -> None:
        at = self._place(press.place)
        button, keys = press.button, press.keys
        self._send("MouseMove", at, None, (), keys)
        self._rest()
        self._send("MouseButtonPress", at, button, (button,), keys)
        if press.how == "double click":
            self._send("MouseButtonRelease", at, button, (), keys)
            self._send("MouseButtonDblClick", at, button, (button,), keys)
        if press.how == "second button":
            other = "right" if button == "left" else "left"
            self._send("MouseButtonPress", at, other, (button, other), keys)
            at = self._drag(at, (button, other), keys)
            self._send("MouseButtonRelease", at, other, (button,), keys)
        if press.how in ("drag", "lost release", "other layer"):
            at = self._drag(at, (button,), keys)
        if press.how == "lost release":
            return
        if press.how == "other layer":
            self.viewer.layers.selection.active = self.viewer.layers["teacher"]
        self._send("MouseButtonRelease", at, button, (), keys)
        if press.how == "other layer":
            self.viewer.layers.selection.active = self.layer

    def _drag(self, at: np.ndarray, held: tuple[str, ...], keys: tuple[str, ...]) -> np.ndarray:
        for _ in range(6):
            at = at + self.rng.integers(3, 12, 2)
            self._send("MouseMove", at, None, held, keys)
            self._rest(2)
        return at

    def _place(self, place: str) -> np.ndarray:
        width, height = self.native.width(), self.native.height()
        middle = np.array([width, height]) // 2
        if place == "inside":
            return np.asarray(middle + self.rng.integers(-40, 40, 2))
        return np.array([4, height // 2 + int(self.rng.integers(-20, 20))])

    def _send(
        self, kind: str, at: Any, button: str | None, held: tuple[str, ...], keys: tuple[str, ...]
    ) -> None:
        """One event, as a window system would send it."""
        from qtpy.QtCore import QCoreApplication, QEvent, QPointF, Qt
        from qtpy.QtGui import QMouseEvent

        buttons = {name: getattr(Qt.MouseButton, f"{name.title()}Button") for name in BUTTONS}
        none, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        all_held, modifiers = none, no_key
        for name in held:
            all_held |= buttons[name]
        for key in keys:
            modifiers |= getattr(Qt.KeyboardModifier, f"{key}Modifier")
        here = QPointF(*map(float, at))
        screen = QPointF(self.native.mapToGlobal(here.toPoint()))
        one = none if button is None else buttons[button]
        event = QMouseEvent(getattr(QEvent.Type, kind), here, screen, one, all_held, modifiers)
        self.native._last_time = 0.0  # vispy passes over moves that follow each other closely
        QCoreApplication.sendEvent(self.native, event)
        self._put_off.flush()

    def _rest(self, milliseconds: int = 5) -> None:
        """Let napari make the moves that it has put off."""
        from qtpy.QtTest import QTest

        QTest.qWait(milliseconds)


def _differ(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.count_nonzero(one != other))
