"""Every stroke on the open case's mask goes into its journal when the mouse is released."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_alnt.data.journal_file import Kind
from napari_alnt.data.journal_mirror import Change
from napari_alnt.data.journal_writer import Journal
from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Labels

    from napari_alnt.data import Array
    from napari_alnt.data.journal import Resumed
    from napari_alnt.errors import AlntError
    from napari_alnt.widgets.clock import CaseClock

PAUSE = 40
"""Milliseconds without a new picture after which the whole mask is compared."""
_KINDS = {"paint": Kind.STROKE, "erase": Kind.STROKE, "polygon": Kind.STROKE, "fill": Kind.FILL}


class Strokes(QObject):
    """Hands what is changed in a layer to its journal, which writes it in a thread of its own.

    ``failed`` carries the error of a stroke that could not be written, and None when all is on the
    disk again.
    """

    failed = Signal(object)

    def __init__(self, clock: CaseClock, parent: QObject) -> None:
        super().__init__(parent)
        self.clock = clock
        self.journal: Journal | None = None
        self._layer: Labels | None = None
        self._kind: Kind | None = None  # of what is being put into the layer
        self._leave: Callable[[], None] = lambda: None
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(self.compare)

    def begin(self, layer: Labels, found: Resumed) -> None:
        """Follow a layer from now on; its mask is that of ``found``, or a copy of it."""
        self.end()
        self._layer = layer
        self.journal = Journal(found, lambda: _look(layer), self._tell)
        layer.events.paint.connect(self._painted)
        # a script that changes voxels tells nobody, but most have them drawn
        layer.events.data.connect(self._replaced)
        layer.events.set_data.connect(self._compare_soon)
        self._leave = viewer_adapter.follow_history(layer, self._moved)

    def end(self) -> None:
        """Follow the layer no more; what is still to be written is written without waiting."""
        if self._layer is None or self.journal is None:
            return
        self._pause.stop()
        self._layer.events.paint.disconnect(self._painted)
        self._layer.events.data.disconnect(self._replaced)
        self._layer.events.set_data.disconnect(self._compare_soon)
        self._leave()
        self.journal.end()
        self._layer = self.journal = None

    def compare(self) -> None:
        """Find changes that nobody told of; this does not wait for it."""
        if self.journal is not None:
            self.journal.compare()

    def put(self, mask: Array, kind: Kind) -> None:
        """Make the mask of the layer another one (Z, Y, X), as one step that can be undone."""
        if self._layer is None:
            return
        where = np.nonzero(np.asarray(self._layer.data) != mask)
        self._kind = kind
        try:
            self._layer.data_setitem(where, mask[where])
        finally:
            self._kind = None

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until every stroke is on the disk; whether it is."""
        return self.journal is None or self.journal.flush(timeout)

    def _painted(self, event: Any) -> None:
        if self._layer is not None:
            kind = self._kind or _KINDS.get(str(self._layer.mode), Kind.TOOL)
            self._append(kind, changes_of(event.value))

    def _moved(self, undone: bool, step: Sequence[Any]) -> None:
        if step:
            self._append(Kind.UNDO if undone else Kind.REDO, changes_of(step, undone))

    def _append(self, kind: Kind, changes: list[Change]) -> None:
        if self.journal is not None:
            self.journal.append(kind, changes, self.clock.seconds)

    def _replaced(self, _: object = None) -> None:
        self.compare()

    def _compare_soon(self, _: object = None) -> None:
        self._pause.start()

    def _tell(self, error: AlntError | None) -> None:
        # the window, and this object with it, may be gone before the thread is
        with contextlib.suppress(RuntimeError):
            self.failed.emit(error)


def changes_of(step: Sequence[Any], undone: bool = False) -> list[Change]:
    """The changes of one step of napari's history, or those that take it back.

    napari keeps a region, the voxels in it, their old values and the new one; of voxels that were
    set by a program their indices, old and new values. It never changes these arrays again.
    """
    changes = []
    for part in step:
        if hasattr(part, "slice_key"):
            values = part.old_values if undone else part.new_value
            changes.append(Change(part.slice_key, part.mask, values))
        else:
            indices, old, new = part
            changes.append(Change(tuple(indices), None, old if undone else new))
    return changes


def _look(layer: Labels) -> tuple[Array, bool]:
    return np.asarray(layer.data), not viewer_adapter.is_painting(layer)
