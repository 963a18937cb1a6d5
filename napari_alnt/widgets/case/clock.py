"""The time a human has spent on the open case."""

from __future__ import annotations

import time

from qtpy.QtCore import QObject, QTimer

from napari_alnt.widgets.qt import Signal

AWAY = 60.0
"""Seconds without a move of the mouse after which the clock stands still."""


class CaseClock(QObject):
    """Counts seconds while somebody looks at a case; ``ticked`` carries their number."""

    ticked = Signal(float)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.seconds = 0.0
        self._seen = time.monotonic()  # the time of day may be set back
        # a second at a time, and not a difference of two times: a pause in between is not counted
        self._timer = QTimer(self, interval=1000)
        self._timer.timeout.connect(self.tick)

    def start(self, seconds: float) -> None:
        """Count for a case on which so many seconds were spent before."""
        self.seconds = seconds
        self.touch()
        self.ticked.emit(seconds)
        self._timer.start()

    def stop(self) -> None:
        """Count no more."""
        self._timer.stop()

    def touch(self) -> None:
        """Note that somebody is looking at the case."""
        self._seen = time.monotonic()

    def tick(self) -> None:
        """Count one second, if somebody was here in the last minute."""
        if time.monotonic() - self._seen < AWAY:
            self.seconds += 1
            self.ticked.emit(self.seconds)
