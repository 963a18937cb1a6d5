"""Where only the teacher or only the student marks something, filled on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject

from napari_alnt.widgets.picture.difference import difference
from napari_alnt.widgets.planes.planes_adapter import FilledSlice
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    import napari

    from napari_alnt.data import Array
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.planes.main_plane import MainPlane


class CanvasDifference(QObject):
    """Shows it while it is on; ``changed`` says that it was turned on or off.

    Parameters
    ----------
    viewer, layers : of the open case
    main : which slice the canvas shows
    """

    changed = Signal()

    def __init__(
        self, viewer: napari.Viewer, layers: CaseLayers, main: MainPlane, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.on = False
        self._wanted = False
        self._viewer = viewer
        self._layers = layers
        self._main = main
        self._filled: FilledSlice | None = None
        self._signals: tuple[Any, ...] = (
            layers.shown, layers.predicted, layers.cleared, main.moved, main.turned,
        )  # fmt: skip
        for signal in self._signals:
            signal.connect(self._draw)

    def turn(self) -> None:
        """Show it, or not."""
        self._wanted = not self._wanted
        self._set(self._wanted)

    def pause(self, on: bool) -> None:
        """Show the image without it for a moment."""
        self._set(self._wanted and not on)

    def _set(self, on: bool) -> None:
        if on is not self.on:
            self.on = on
            self._draw()
            self.changed.emit()

    def close(self) -> None:
        """Take it off the canvas."""
        for signal in self._signals:
            signal.disconnect(self._draw)
        if self._filled is not None:
            self._filled.remove()
            self._filled = None

    @property
    def masks(self) -> tuple[Array, Array] | None:
        """The teacher's and the student's mask (Z, Y, X), while they are compared."""
        opened, layers = self._layers.opened, self._layers
        student = layers.kept.get("student")
        if not self.on or opened is None or opened.teacher is None or student is None:
            return None
        # a student that has not been asked yet says nothing
        if student.name != "student" or student.data.shape != opened.teacher.shape:
            return None
        return opened.teacher, np.asarray(student.data)

    def _draw(self, _: object = None) -> None:
        masks, plane, voxel = self.masks, self._main.plane, self._main.voxel
        if masks is None or plane is None or voxel is None:
            if self._filled is not None:
                self._filled.hide()
            return
        if self._filled is None:
            self._filled = FilledSlice(self._viewer)
        shown = [axis - (self._viewer.dims.ndim - 3) for axis in self._viewer.dims.displayed]
        where = (slice(None),) * plane.axis + (voxel[plane.axis],)
        teacher, student = (mask[where] if shown[0] < shown[1] else mask[where].T for mask in masks)
        layer = self._layers.kept.get("student")
        step, start = np.array(layer.scale)[shown], np.array(layer.translate)[shown]
        colours = difference(teacher, student, self._layers.ignore_label)
        self._filled.draw(colours, start - step / 2, step)
