"""A tour through the window as a user would take it, with the events of a mouse and a keyboard."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEventLoop, QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from benchmark.gui_calls import FIRST
from napari_alnt.errors import AlntError
from napari_alnt.widgets.actions import ACTIONS

if TYPE_CHECKING:
    from benchmark.gui_calls import Call, GuiCalls

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier
PATIENCE = 300.0
"""Seconds after which the tour gives up what it waits for."""


def live(seconds: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def until(what: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Let the window live until something is true.

    Raises
    ------
    AlntError
        If it does not become true.
    """
    end = time.monotonic() + seconds
    while not what():
        live(0.005)
        if time.monotonic() > end:
            raise AlntError("The window did not do what the tour was waiting for.")


class Tour:
    """What is done with one open project, and how long a case takes until it is on the screen.

    Parameters
    ----------
    viewer, dock : the window
    calls : what measures its events

    Attributes
    ----------
    pictures : for each way to open a case, the seconds until its picture
    veiled : for each case that was not read ahead, whether the one before was veiled
    """

    def __init__(self, viewer: Any, dock: Any, calls: GuiCalls) -> None:
        self.viewer, self.dock, self.calls = viewer, dock, calls
        self.loop = dock.loop
        self.canvas = viewer.window._qt_viewer.canvas.native
        self.pictures: dict[str, list[float]] = {}
        self.veiled: list[bool] = []
        self._shown = ""  # the case that is in the viewer, not yet on the screen
        self._seen = ""
        self._seen_at = 0.0
        calls.ended = self._call_ended
        self.loop.layers.shown.connect(self._case_shown)

    # what is seen ---------------------------------------------------------------------------------

    def _case_shown(self, opened: Any) -> None:
        self._shown = opened.case.name
        self.calls.mark(FIRST)

    def _call_ended(self, call: Call) -> None:
        # the first painting after the layers have been exchanged
        if self._shown and call.painting > 0:
            self._seen, self._shown = self._shown, ""
            self._seen_at = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What is done meanwhile has a name, and is waited for."""
        self.calls.stage = name
        yield
        self.rest()
        self.calls.stage = ""

    def rest(self) -> None:
        """Wait until nothing is read or written any more."""
        live(0.1)
        loop = self.loop
        until(lambda: not (loop.correction.files.busy or loop.redraw.files.busy))

    # cases ----------------------------------------------------------------------------------------

    def open(self, case: str, ask: Callable[[], object]) -> None:
        """Open a case, and note how long it takes until it is painted."""
        kind = "read ahead" if self._is_ready(case) else "not read ahead"
        covered = self._wait_for_picture(ask, kind if case.startswith("large") else "small")
        if kind == "not read ahead" and case.startswith("large") and covered:
            self.veiled.append(any(covered))

    def decide(self, name: str) -> None:
        """Decide about the open case, and wait for the one that is shown then."""
        self._wait_for_picture(lambda: self.press(name), f"after {ACTIONS[name].title}")

    def _wait_for_picture(self, ask: Callable[[], object], kind: str) -> list[bool]:
        """Wait for the next case on the screen; at each look before, whether the old one hides."""
        before, covered = self.loop.correction.case, []
        self._seen = ""
        began = time.perf_counter()
        ask()

        def is_seen() -> bool:
            if before and not self._seen:
                covered.append(self._hides(before))
            return bool(self._seen)

        until(is_seen)
        self.pictures.setdefault(kind, []).append(self._seen_at - began)
        return covered

    def _hides(self, case: str) -> bool:
        """Whether the case before is veiled, and no longer named as the one that is open."""
        named = self.loop.case_bar._name.text() == case
        return self.loop.correction.veil.curtain.isVisible() and not named

    def _is_ready(self, case: str) -> bool:
        future = self.loop.correction.ahead._kept.get(case)
        return future is not None and future.done()

    def wait_for_reading(self) -> None:
        """Wait until the cases that come next have been read ahead."""
        ahead = self.loop.correction.ahead
        until(lambda: all(future.done() for future in list(ahead._kept.values())))

    def click(self, case: str) -> None:
        """Click a case's row of the queue."""
        queue = self.loop.queue
        index = queue.source.index(queue.source.table.where(case), 0)
        queue.scrollTo(index)
        centre = queue.visualRect(index).center()
        QTest.mouseClick(queue.viewport(), LEFT, NONE, centre)

    def press(self, name: str) -> None:
        """Press the button of an action, or its key where it has none."""
        button = self.loop.case_bar.buttons.get(name)
        if button is not None:
            QTest.mouseClick(button, LEFT, NONE, button.rect().center())
        else:
            self.loop.act(ACTIONS[name])

    def large_cases(self, ready: bool) -> list[str]:
        """The large cases that are not open, and were read ahead, or were not."""
        names = [row.case for row in self.loop.queue.in_order()]
        return [
            name
            for name in names
            if name.startswith("large")
            and name != self.loop.correction.case
            and self._is_ready(name) == ready
        ]

    # mouse and keys on the picture ----------------------------------------------------------------

    def key(self, key: Any, modifier: Any = NONE) -> None:
        """A key on the canvas."""
        QTest.keyClick(self.canvas, key, modifier)

    def wheel(self, notches: int) -> None:
        """Turn the wheel over the middle of the picture, notch by notch."""
        here = QPointF(self._middle)
        for _ in range(abs(notches)):
            event = QWheelEvent(
                here, QPointF(self.canvas.mapToGlobal(self._middle)), QPoint(),
                QPoint(0, 120 if notches > 0 else -120), Qt.MouseButton.NoButton, NONE,
                Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(self.canvas, event)
            live(0.02)

    def drag(self, button: Any, way: tuple[int, int], steps: int = 8) -> None:
        """Drag the mouse over the middle of the picture."""
        start = self._middle
        QTest.mouseMove(self.canvas, start)
        QTest.mousePress(self.canvas, button, NONE, start)
        for step in range(1, steps + 1):
            QTest.mouseMove(
                self.canvas, start + QPoint(way[0] * step // steps, way[1] * step // steps)
            )
            live(0.02)
        QTest.mouseRelease(self.canvas, button, NONE, start + QPoint(*way))
        live(0.05)

    @property
    def _middle(self) -> QPoint:
        return QPoint(self.canvas.width() // 2, self.canvas.height() // 2)
