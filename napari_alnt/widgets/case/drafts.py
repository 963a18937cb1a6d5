"""Unsaved work is kept: strokes at once, the mask every 20 seconds and before a case is left."""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_alnt.widgets.case.stepping import Stepper
from napari_alnt.widgets.case.strokes import Strokes
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_alnt.errors import AlntError
    from napari_alnt.session import Session
    from napari_alnt.widgets.case.clock import CaseClock
    from napari_alnt.widgets.case.open_case import OpenCase
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.worker import FileWorker

INTERVAL = 20_000
"""Milliseconds between two drafts of unsaved work."""


class Drafts(QObject):
    """Saves the mask of the open case as its draft whenever it differs from what is on the disk.

    ``kept`` when the work is safe, ``message`` with a sentence about it, and ``failed`` with the
    error of a draft in the background that could not be written.
    """

    kept = Signal()
    message = Signal(str, str)
    failed = Signal(object)

    def __init__(
        self,
        session: Session,
        layers: CaseLayers,
        clock: CaseClock,
        files: FileWorker,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.layers = layers
        self.clock = clock
        self.files = files
        self._kept = 0  # checksum of the mask that is on the disk
        self._writing: int | None = None  # and of the one on its way there
        self.strokes = Strokes(clock, self)
        self.strokes.failed.connect(self._stroke_failed)
        self.stepper = Stepper(self.strokes, layers, files, self)
        self.stepper.message.connect(self.message)
        layers.shown.connect(self._begin)
        layers.cleared.connect(self.strokes.end)
        self.timer = QTimer(self, interval=INTERVAL)
        self.timer.timeout.connect(self.keep)
        self.timer.start()

    @property
    def dirty(self) -> bool:
        """Whether the mask differs from what was last kept.

        Its voxels are compared and not the events of its layer: napari announces neither undo nor
        what a script changes.
        """
        opened = self.layers.opened
        return opened is not None and not opened.is_fixed and self._checksum() != self._kept

    def mark_kept(self) -> None:
        """Take the mask as it is for one that is on the disk."""
        self._kept = self._checksum()

    def keep(self) -> None:
        """Save unsaved work as the case's draft, in the background."""
        opened = self.layers.opened
        if opened is None or opened.is_fixed or not self.session.project.writable:
            return
        checksum = self._checksum()
        if checksum in (self._kept, self._writing):
            return
        case = self.layers.case
        self._writing = checksum
        self.strokes.compare()

        # a draft that was saved another way meanwhile, or written over, has no say any more
        def failed(error: AlntError) -> None:
            if self._writing == checksum:
                self._writing = None
                self.failed.emit(error)

        def done(_: Any) -> None:
            if self._writing == checksum:
                self._writing = None
                self._kept = checksum
                self.kept.emit()
                self.message.emit(f"Draft of {case} kept {time.strftime('%H:%M')}.", "faint")

        labels = self._mask().copy()
        self.files.run(
            self.session.save_draft, case, labels, self.clock.seconds, done=done, failed=failed
        )

    def keep_now(self) -> None:
        """Save unsaved work and return when it is on the disk.

        Raises
        ------
        AlntError
            If it cannot be written.
        """
        self.settle()
        if self.dirty and self.session.project.writable:
            self.session.save_draft(self.layers.case, self._mask(), self.clock.seconds)
            self.mark_kept()
            self.kept.emit()

    def settle(self) -> None:
        """Wait for the files; a draft on its way counts as unsaved, since it may have failed."""
        self.files.wait()
        self._writing = None

    def step(self, by: int) -> None:
        """Show the mask as it was a step earlier (-1), or later (1) again."""
        layer = self.layers.correction
        # not while another case is read
        if self.layers.opened is not None and layer is not None and layer.editable:
            self.stepper.go(self.layers.opened.resumed.path, by)

    def stop(self) -> None:
        """Save no more by the clock, and have the strokes on the disk before the project closes."""
        self.timer.stop()
        self.strokes.flush(2.0)

    def _begin(self, opened: OpenCase) -> None:
        self._kept = -1  # no checksum
        writable = self.session.project.writable and not opened.is_fixed
        if writable and self.layers.correction is not None:
            self.strokes.begin(self.layers.correction, opened.resumed)

    def _stroke_failed(self, error: AlntError | None) -> None:
        if error is None:
            self.message.emit("All strokes are kept again.", "faint")
        else:
            self.message.emit(str(error), "error")

    def _mask(self) -> npt.NDArray[Any]:
        return np.ascontiguousarray(self.layers.mask)

    def _checksum(self) -> int:
        if self.layers.opened is None:
            return 0
        return zlib.crc32(self._mask().data.cast("B"))
