"""Which plane and which place of the open case the canvas shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject

from napari_alnt.widgets.parts.style import CROSSHAIR
from napari_alnt.widgets.planes.plane import AXIAL, CORONAL, SAGITTAL
from napari_alnt.widgets.planes.planes_adapter import CrosshairLines
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    import napari

    from napari_alnt.data import Array
    from napari_alnt.widgets.case.open_case import OpenCase
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.planes.plane import Plane, Voxel

PLANES = (AXIAL, CORONAL, SAGITTAL)
GAP = 14
"""Pixels around the place that the crosshair leaves free."""


class MainPlane(QObject):
    """The canvas of napari as one of the planes: head or front up, with a crosshair if wanted.

    ``moved`` when it shows another place, ``turned`` when it shows another plane.
    """

    moved = Signal()
    turned = Signal()

    def __init__(self, viewer: napari.Viewer, layers: CaseLayers, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layers = layers
        self._lines: CrosshairLines | None = None
        self._before: tuple[OpenCase | None, Voxel | None] = (None, None)
        self._orientation = viewer.scene.camera.orientation
        self._events = (
            (viewer.dims.events.point, self._moved),
            (viewer.dims.events.order, self._turned),
            (viewer.dims.events.ndisplay, self._turned),
            (viewer.scene.camera.events.zoom, self._draw),
            (layers.shown, self._begin),
            (viewer.layers.events.removing, self._remember),
            (viewer.layers.events.removed, self._return),
        )
        for event, slot in self._events:
            event.connect(slot)
        viewer.mouse_move_callbacks.append(self._follow_mouse)

    def close(self) -> None:
        """Leave the canvas as it was."""
        for event, slot in self._events:
            event.disconnect(slot)
        if self._follow_mouse in self._viewer.mouse_move_callbacks:
            self._viewer.mouse_move_callbacks.remove(self._follow_mouse)
        if self._lines is not None:
            self._lines.remove()
        self._viewer.scene.camera.orientation = self._orientation

    @property
    def plane(self) -> Plane | None:
        """The plane on the canvas; None where it shows a volume, or axes of the user's own."""
        dims = self._viewer.dims
        shown = {axis - (dims.ndim - 3) for axis in dims.displayed}
        if dims.ndisplay != 2:
            return None
        return next((one for one in PLANES if {one.vertical, one.horizontal} == shown), None)

    @property
    def voxel(self) -> Voxel | None:
        """The voxel (z, y, x) that the crosshair is in; None while no case is open."""
        opened = self._layers.opened
        if opened is None or self._viewer.dims.ndim < 3:
            return None
        image = opened.image
        place = (np.array(self._viewer.dims.point[-3:]) - image.translate) / image.spacing
        z, y, x = np.clip(np.floor(place + 0.5 + 1e-6), 0, np.array(image.voxels.shape) - 1)
        return int(z), int(y), int(x)

    def go(self, voxel: Voxel) -> None:
        """Move the crosshair, and the canvas with it."""
        opened = self._layers.opened
        if opened is not None:
            image = opened.image
            place = np.array(image.translate) + np.array(voxel) * image.spacing
            first = self._viewer.dims.ndim - 3
            self._viewer.dims.set_point(
                [first, first + 1, first + 2], [float(one) for one in place]
            )

    def show_plane(self, plane: Plane) -> None:
        """Show another plane on the canvas, through the same place."""
        dims, before = self._viewer.dims, self.voxel
        first = dims.ndim - 3
        dims.ndisplay = 2
        own = (plane.axis, plane.vertical, plane.horizontal)
        dims.order = (*range(first), *(axis + first for axis in own))
        self._viewer.fit_to_view()
        if before is not None:
            self.go(before)

    def set_crosshair(self, on: bool) -> None:
        """Show the crosshair on the canvas, or not."""
        if on and self._lines is None:
            self._lines = CrosshairLines(self._viewer, CROSSHAIR)
        elif not on and self._lines is not None:
            self._lines.remove()
            self._lines = None
        self._draw()

    def _begin(self, opened: OpenCase) -> None:
        """Let the crosshair begin where there is something to see, in the slice that is shown."""
        voxel = self.voxel
        if voxel is not None:
            self.go((voxel[0], *_middle(opened.start[voxel[0]])))

    def _remember(self, _: object) -> None:
        self._before = (self._layers.opened, self.voxel)

    def _return(self, _: object) -> None:
        """Stay in the slice where a layer has gone: napari's slider else goes to its end."""
        opened, voxel = self._before
        if voxel is not None and opened is self._layers.opened:
            self.go(voxel)

    def _moved(self, _: object = None) -> None:
        self._draw()
        self.moved.emit()

    def _turned(self, _: object = None) -> None:
        # z grows to the head, and napari lets the vertical axis grow downwards
        dims = self._viewer.dims
        is_up = dims.ndisplay == 2 and dims.ndim >= 3 and dims.displayed[0] == dims.ndim - 3
        depth, vertical, horizontal = self._orientation
        wanted = (depth, "up" if is_up else vertical, horizontal)
        if tuple(self._viewer.scene.camera.orientation) != wanted:
            self._viewer.scene.camera.orientation = wanted
        self._draw()
        self.turned.emit()

    def _follow_mouse(self, _: object, event: Any) -> None:
        if self._lines is None or "Shift" not in event.modifiers or self.plane is None:
            return
        axes = list(self._viewer.dims.displayed)
        self._viewer.dims.set_point(axes, [float(event.position[axis]) for axis in axes])

    def _draw(self, _: object = None) -> None:
        if self._lines is None:
            return
        opened, plane = self._layers.opened, self.plane
        if opened is None or plane is None or (voxel := self.voxel) is None:
            self._lines.hide()
            return
        image = opened.image
        axes = [axis - (self._viewer.dims.ndim - 3) for axis in self._viewer.dims.displayed]
        start, step = np.array(image.translate)[axes], np.array(image.spacing)[axes]
        count = np.array(image.voxels.shape)[axes]
        y, x = start + np.array(voxel)[axes] * step
        gap = GAP / self._viewer.scene.camera.zoom
        self._lines.move((y, x), start - step / 2, start + (count - 0.5) * step, gap)


def _middle(cut: Array) -> tuple[int, int]:
    """The middle of what is marked in a slice (Y, X), or of the slice where nothing is."""
    rows, columns = (np.flatnonzero(cut.any(axis)) for axis in (1, 0))
    if not len(rows):
        return cut.shape[0] // 2, cut.shape[1] // 2
    return int(rows[0] + rows[-1]) // 2, int(columns[0] + columns[-1]) // 2
