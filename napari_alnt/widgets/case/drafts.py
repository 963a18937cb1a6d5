"""Unsaved work is kept: strokes at once, the mask every 20 seconds and before a case is left."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_alnt.data import Array
from napari_alnt.widgets.case.stepping import Stepper
from napari_alnt.widgets.case.strokes import Strokes
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from napari_alnt.data.strokes.journal_writer import Journal
    from napari_alnt.errors import AlntError
    from napari_alnt.session import Session
    from napari_alnt.widgets.case.clock import CaseClock
    from napari_alnt.widgets.case.open_case import OpenCase
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.worker import FileWorker

INTERVAL = 20_000
"""Milliseconds between two drafts of unsaved work."""


@dataclass
class _OnDisk:
    """The checksum of the mask that is on the disk; -1, which is none, where none is known."""

    checksum: int = -1


@dataclass(frozen=True, eq=False)
class Look:
    """Looks at the mask of the open case for another thread, so that the window need not wait.

    Attributes
    ----------
    mask : the mask itself ``(Z, Y, X)``, which may be painted on meanwhile
    disk : what is on the disk
    """

    mask: Array
    disk: _OnDisk

    @property
    def is_unsaved(self) -> bool:
        """Whether it differs from what is on the disk."""
        return checksum(self.mask) != self.disk.checksum

    def copy(self) -> tuple[Array, int]:
        """A copy ``(Z, Y, X)`` of it, and its checksum."""
        mask = self.mask.copy()
        return mask, checksum(mask)


def checksum(mask: Array) -> int:
    """What tells a mask (Z, Y, X) from others; of 80 million voxels it takes some 30 ms."""
    return zlib.crc32(np.ascontiguousarray(mask).data.cast("B"))


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
        self._disk = _OnDisk()
        self._newest: object = None  # of the attempts to save
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
        return opened is not None and not opened.is_fixed and self.look().is_unsaved

    def look(self) -> Look:
        """What looks at the mask in another thread; only while a case is open."""
        return Look(self._mask(), self._disk)

    def mark_kept(self, known: int | None = None) -> None:
        """Take the mask of this checksum, or the one that is shown, for what is on the disk."""
        self._disk.checksum = checksum(self._mask()) if known is None else known

    def keep(self) -> None:
        """Save unsaved work as the case's draft, in the background, where there is any."""
        opened = self.layers.opened
        if opened is None or opened.is_fixed or not self.session.project.writable:
            return
        case = self.layers.case
        attempt = self._newest = object()

        # a draft that was saved another way meanwhile, or written over, has no say any more
        def failed(error: AlntError) -> None:
            if self._newest is attempt:
                self.failed.emit(error)

        def done(written: bool) -> None:
            if written:
                self.kept.emit()
                self.message.emit(f"Draft of {case} kept {time.strftime('%H:%M')}.", "faint")

        save = partial(
            _save, self.session, case, self.look(), self.clock.seconds, self.strokes.journal
        )
        self.files.run(save, done=done, failed=failed)

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
        """Wait for the files; what a draft on its way has to say is not heard any more."""
        self.files.wait()
        self._newest = None

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
        self._disk = _OnDisk()  # another one, as a draft of the case before may be on its way
        writable = self.session.project.writable and not opened.is_fixed
        if writable and self.layers.correction is not None:
            self.strokes.begin(self.layers.correction, opened.resumed)

    def _stroke_failed(self, error: AlntError | None) -> None:
        if error is None:
            self.message.emit("All strokes are kept again.", "faint")
        else:
            self.message.emit(str(error), "error")

    def _mask(self) -> Array:
        return np.ascontiguousarray(self.layers.mask)


def _save(session: Session, case: str, look: Look, seconds: float, journal: Journal | None) -> bool:
    """Save a mask as the draft of its case if it is not on the disk; whether it was not.

    Raises
    ------
    AlntError
        If it cannot be written.
    """
    if not look.is_unsaved:
        return False
    if journal is not None:
        journal.compare()
    mask, known = look.copy()
    session.save_draft(case, mask, seconds)
    look.disk.checksum = known
    return True
