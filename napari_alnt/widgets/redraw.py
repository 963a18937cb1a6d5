"""What has changed is drawn at most twice a second, and only where it can be seen."""

from __future__ import annotations

from collections.abc import Callable
from enum import Flag, auto
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from psygnal import SignalInstance
    from qtpy.QtWidgets import QWidget

INTERVAL = 500
"""Milliseconds between two looks at whether something is to be drawn anew."""


class Part(Flag):
    """The parts of an open project's window that show something that changes."""

    QUEUE = auto()
    HEADER = auto()
    NOISE = auto()
    TRAINING = auto()
    CURVES = auto()
    SCATTER = auto()


class Redraw(QObject):
    """Remembers which parts are out of date, and draws them when it is their time."""

    _marked = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._stale = ~Part(0)  # nothing has been drawn yet
        self._painters: list[tuple[Part, Callable[[], None], QWidget | None]] = []
        self._followed: list[tuple[SignalInstance, Callable[..., None]]] = []
        # through a signal, since marks may come from any thread and drawing belongs to this one
        self._marked.connect(self._mark)
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self.draw)

    def add(self, part: Part, paint: Callable[[], None], seen: QWidget | None = None) -> None:
        """Say how a part is drawn, in this order; with ``seen``, only while that is shown."""
        self._painters.append((part, paint, seen))

    def follow(self, signal: SignalInstance, parts: Part) -> None:
        """Mark parts as out of date whenever a signal is emitted, until :meth:`stop`."""

        def mark(*_: object) -> None:
            self.mark(parts)

        signal.connect(mark)
        self._followed.append((signal, mark))

    def start(self) -> None:
        """Draw all, and from now on what has changed."""
        self.draw()
        self._timer.start()

    def stop(self) -> None:
        """Draw no more, and let go of the signals."""
        self._timer.stop()
        for signal, mark in self._followed:
            signal.disconnect(mark)
        self._followed = []

    def mark(self, parts: Part) -> None:
        """Note from any thread that parts are out of date."""
        self._marked.emit(parts)

    def draw(self) -> None:
        """Draw now what is out of date and can be seen."""
        for part, paint, seen in self._painters:
            if part in self._stale and (seen is None or seen.isVisible()):
                # before it is painted, so that what changes meanwhile is drawn the next time
                self._stale &= ~part
                paint()

    def _mark(self, parts: Part) -> None:
        self._stale |= parts
