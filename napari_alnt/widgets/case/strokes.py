"""Every stroke on the open case's mask goes into its journal when the mouse is released."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.strokes.journal_mirror import Change
from napari_alnt.data.strokes.journal_writer import Journal
from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.planes import planes_adapter
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari.layers import Labels

    from napari_alnt.correction import Edit
    from napari_alnt.data import Array
    from napari_alnt.data.strokes.journal import Resumed
    from napari_alnt.errors import AlntError
    from napari_alnt.widgets.case.clock import CaseClock

PAUSE = 40
"""Milliseconds without a new picture after which the whole mask is compared."""
_KINDS = {"paint": Kind.STROKE, "erase": Kind.STROKE, "polygon": Kind.STROKE, "fill": Kind.FILL}


class Strokes(QObject):
    """Hands what is changed in a layer to its journal, which writes it in a thread of its own.

    ``changed`` carries the changes of every step, undone ones too; ``failed`` the error of a stroke
    that could not be written, and None when all is on the disk again.
    """

    changed = Signal(object)
    failed = Signal(object)

    def __init__(self, clock: CaseClock, parent: QObject) -> None:
        super().__init__(parent)
        self.clock = clock
        self.journal: Journal | None = None
        self._layer: Labels | None = None
        self._look: _Look | None = None
        self._kind: Kind | None = None  # of what is being put into the layer
        self._leave: Callable[[], None] = lambda: None
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(self.compare)

    def begin(self, layer: Labels, found: Resumed) -> None:
        """Follow a layer from now on; its mask is that of ``found``, or a copy of it."""
        self.end()
        self._layer = layer
        self._look = look = _Look(layer)
        self.journal = Journal(found, look, self._tell)
        layer.events.paint.connect(self._painted)
        # a script that changes voxels tells nobody, but most have them drawn
        layer.events.data.connect(self._replaced)
        layer.events.set_data.connect(self._compare_soon)
        self._leave = viewer_adapter.follow_history(layer, self._moved)

    def end(self) -> None:
        """Follow the layer no more; what is still to be written is written without waiting."""
        if self._layer is None or self.journal is None or self._look is None:
            return
        self._pause.stop()
        self._layer.events.paint.disconnect(self._painted)
        self._layer.events.data.disconnect(self._replaced)
        self._layer.events.set_data.disconnect(self._compare_soon)
        self._leave()
        # the layer goes on with another mask, which is none of this journal's
        self._look.stay()
        self.journal.end()
        self._layer = self.journal = None

    def compare(self) -> None:
        """Find changes that nobody told of; this does not wait for it."""
        if self.journal is not None:
            self.journal.compare()

    def put(self, mask: Array, kind: Kind) -> None:
        """Make the mask of the layer another one (Z, Y, X), as one step that can be undone."""
        if self._layer is not None:
            with self._being(kind):
                planes_adapter.put_mask(self._layer, mask)

    def put_edit(self, edit: Edit) -> None:
        """Make what a tool would change in the mask, as one step that can be undone.

        Raises
        ------
        AlntError
            If the mask is no longer the one that the tool has seen.
        """
        if self._layer is not None:
            with self._being(Kind.TOOL):
                planes_adapter.put_edit(self._layer, edit)

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until every stroke is on the disk; whether it is."""
        return self.journal is None or self.journal.flush(timeout)

    @contextlib.contextmanager
    def _being(self, kind: Kind) -> Iterator[None]:
        """What is put into the layer meanwhile is a step of this kind."""
        self._kind = kind
        try:
            yield
        finally:
            self._kind = None

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
            self.changed.emit(changes)

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


class _Look:
    """The mask (Z, Y, X) of a layer, and whether it is not being changed."""

    def __init__(self, layer: Labels) -> None:
        self._layer: Labels | None = layer
        self._mask: Array = np.asarray(layer.data)

    def __call__(self) -> tuple[Array, bool]:
        layer = self._layer
        if layer is None:
            return self._mask, True
        return np.asarray(layer.data), not viewer_adapter.is_painting(layer)

    def stay(self) -> None:
        """Look at the mask that the layer has now, whatever comes into the layer."""
        assert self._layer is not None
        self._mask = np.asarray(self._layer.data)
        self._layer = None
