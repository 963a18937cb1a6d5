"""What has changed is drawn at most twice a second, and only where it can be seen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QWidget

from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.worker import FileWorker

if TYPE_CHECKING:
    from psygnal import SignalInstance

    from napari_alnt.errors import AlntError

INTERVAL = 500
"""Milliseconds between two looks at whether something is to be drawn anew."""
RETRY = 5000
"""Milliseconds after which what could not be read is read again."""


class Part(Flag):
    """The parts of an open project's window that show something that changes."""

    QUEUE = auto()
    HEADER = auto()
    NOISE = auto()
    STUDENT = auto()
    TRAINING = auto()
    CURVES = auto()
    SCATTER = auto()
    SHARES = auto()
    FLAGS = auto()


@dataclass(frozen=True)
class _Painter:
    part: Part
    paint: Callable[..., None]
    read: Callable[[], Any] | None
    seen: QWidget | None


class Redraw(QObject):
    """Remembers which parts are out of date, and draws them when it is their time.

    ``failed`` carries why a part could not be read; it is read again after a while, and
    ``recovered`` when there is none such any more.
    """

    failed = Signal(str)
    recovered = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.files = FileWorker(self)
        self._stale = ~Part(0)  # nothing has been drawn yet
        self._reading = Part(0)
        self._failed = Part(0)  # and not read again since
        self._painters: list[_Painter] = []
        self._followed: list[tuple[SignalInstance, Callable[..., None]]] = []
        self._lock = threading.Lock()  # marks may come from any thread
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self.draw)
        self._retry = QTimer(self, interval=RETRY, singleShot=True)
        self._retry.timeout.connect(self._try_again)
        self._stopped = False

    def add(
        self,
        part: Part,
        paint: Callable[..., None],
        read: Callable[[], Any] | None = None,
        seen: QWidget | None = None,
    ) -> None:
        """Say how a part is drawn, in this order.

        Parameters
        ----------
        part : which part it is
        paint : draws it; with ``read``, it is given what that returns
        read : reads what is drawn; it may wait for a disk, and is called in another thread
        seen : the part is drawn only while this is shown
        """
        self._painters.append(_Painter(part, paint, read, seen))

    def follow(self, signal: SignalInstance, parts: Part) -> None:
        """Mark parts as out of date whenever a signal is emitted, until :meth:`stop`."""

        def mark(*_: object) -> None:
            self.mark(parts)

        signal.connect(mark)
        self._followed.append((signal, mark))

    def start(self, first: Mapping[Part, Any] | None = None) -> None:
        """Draw all, and from now on what has changed; ``first`` is what was read already."""
        for painter in self._painters:
            if first and painter.part in first:
                self._stale &= ~painter.part
                painter.paint(first[painter.part])
        self.draw()
        self._timer.start()

    def stop(self) -> None:
        """Draw no more, and let go of the signals."""
        self._stopped = True
        self._timer.stop()
        self._retry.stop()
        for signal, mark in self._followed:
            signal.disconnect(mark)
        self._followed = []

    def mark(self, parts: Part) -> None:
        """Note from any thread that parts are out of date."""
        with self._lock:
            self._stale |= parts

    def draw(self) -> None:
        """Draw now what is out of date and can be seen; what has to be read is drawn later."""
        for painter in self._painters:
            if painter.part not in self._stale or painter.part in self._reading:
                continue
            if painter.seen is not None and not painter.seen.isVisible():
                continue
            # before it is painted, so that what changes meanwhile is drawn the next time
            with self._lock:
                self._stale &= ~painter.part
            if painter.read is None:
                painter.paint()
            else:
                self._read(painter, painter.read)

    def _read(self, painter: _Painter, read: Callable[[], Any]) -> None:
        self._reading |= painter.part
        self.files.run(
            read, done=partial(self._paint, painter), failed=partial(self._put_off, painter.part)
        )

    def _paint(self, painter: _Painter, result: Any) -> None:
        self._reading &= ~painter.part
        if self._stopped:
            return
        painter.paint(result)
        if painter.part in self._failed:
            self._failed &= ~painter.part
            if not self._failed:
                self.recovered.emit()

    def _put_off(self, part: Part, error: AlntError) -> None:
        self._reading &= ~part
        if not self._stopped:
            self._failed |= part
            self._retry.start()
            self.failed.emit(str(error))

    def _try_again(self) -> None:
        self.mark(self._failed)
