"""The teacher's and the student's masks, and versions of it, as thin outlines on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject
from qtpy.QtGui import QColor

from napari_alnt.widgets.picture.mask_styles import DASHES, STYLES, colour_of
from napari_alnt.widgets.picture.outlines import outlines, segments
from napari_alnt.widgets.planes.planes_adapter import OutlineLines

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari

    from napari_alnt.data import Array
    from napari_alnt.widgets.case.open_case import OpenCase
    from napari_alnt.widgets.picture.compared import Compared
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.planes.main_plane import MainPlane

ROLES = ("teacher", "student")
VERSION = "version"
ZOOMED = 1.3
"""How much the zoom has to change until dashes are drawn anew."""


class CanvasOutlines(QObject):
    """Draws the outlines of the slice on the canvas; where there are too many, napari does.

    Parameters
    ----------
    viewer, layers : of the open case
    main : which slice the canvas shows
    """

    def __init__(
        self, viewer: napari.Viewer, layers: CaseLayers, main: MainPlane, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.lines: dict[str, OutlineLines] = {}
        self._viewer = viewer
        self._layers = layers
        self._main = main
        self._compared: Compared | None = None
        self._opened: OpenCase | None = None
        self._zoom = 1.0
        self._signals: tuple[tuple[Any, Callable[..., object]], ...] = (
            (layers.shown, self._begin),
            (layers.predicted, self._draw),
            (layers.palette.changed, self._draw),
            (layers.cleared, self._end),
            (main.moved, self._draw),
            (main.turned, self._draw),
            (viewer.scene.camera.events.zoom, self._zoomed),
            # one that the user has deleted
            (viewer.layers.events.removed, self._draw),
        )
        for signal, slot in self._signals:
            signal.connect(slot)

    def close(self) -> None:
        """Let napari draw the outlines again."""
        for signal, slot in self._signals:
            signal.disconnect(slot)
        if self._compared is not None:
            self._compared.changed.disconnect(self._draw)
        for role in list(self.lines):
            self._leave(role)

    def compare(self, compared: Compared) -> None:
        """Draw the versions that are shown, too."""
        self._compared = compared
        compared.changed.connect(self._draw)

    def _begin(self, opened: OpenCase) -> None:
        self._opened = opened
        self._draw()

    def _end(self) -> None:
        # until the next case is there, its layers show what cannot be told yet
        self._opened = None
        for lines in self.lines.values():
            lines.hide()

    def _zoomed(self, _: object) -> None:
        zoom = self._viewer.scene.camera.zoom
        if not 1 / ZOOMED < zoom / self._zoom < ZOOMED:
            self._draw()

    def _draw(self, _: object = None) -> None:
        if self._opened is None or self._opened is not self._layers.opened:
            return
        self._zoom = self._viewer.scene.camera.zoom
        wanted = self._wanted()
        for key in list(self.lines):
            if self.lines[key].layer is not wanted.get(key):
                self._leave(key)
        for key, layer in wanted.items():
            if key not in self.lines:
                self._follow(key, layer)
            self._draw_one(key, layer)

    def _wanted(self) -> dict[str, Any]:
        """The layers on the canvas that are drawn, by a name each."""
        kept = self._layers.kept
        found = {role: kept.get(role) for role in ROLES if kept.is_there(role)}
        if self._compared is not None:
            found |= {f"{VERSION} {n}": layer for n, layer in self._compared.layers.items()}
        return found

    def _draw_one(self, key: str, layer: Any) -> None:
        role, lines = key.split()[0], self.lines[key]
        dash = DASHES[STYLES[role]]
        plane, voxel = self._main.plane, self._main.voxel
        if plane is None or voxel is None or not layer.visible:
            lines.hide()
            return
        shown = [axis - (self._viewer.dims.ndim - 3) for axis in self._viewer.dims.displayed]
        cut = np.asarray(layer.data)[(slice(None),) * plane.axis + (voxel[plane.axis],)]
        if shown[0] > shown[1]:
            cut = cut.T
        found = outlines(cut, self._layers.labels)
        if found is None:
            lines.give_back()
            return
        step, start = np.array(layer.scale)[shown], np.array(layer.translate)[shown]
        pixels = self._zoom * float(step.mean())  # of a voxel
        ends = [segments(line, dash / pixels) for _, line in found]
        colours = [
            np.tile(self._colour(role, value, layer.opacity), (len(part), 1))
            for (value, _), part in zip(found, ends, strict=True)
        ]
        if not ends:
            lines.draw(np.zeros((0, 2)), np.zeros((0, 4)))
            return
        lines.draw(start + np.concatenate(ends) * step, np.concatenate(colours))

    def _colour(self, role: str, value: int, opacity: float) -> Array:
        colour = QColor(colour_of(role, self._layers.colours[value]))
        return np.array([colour.redF(), colour.greenF(), colour.blueF(), opacity])

    def _follow(self, key: str, layer: Any) -> None:
        self.lines[key] = OutlineLines(self._viewer, layer)
        for event in (layer.events.visible, layer.events.opacity):
            event.connect(self._draw)

    def _leave(self, key: str) -> None:
        lines = self.lines.pop(key)
        for event in (lines.layer.events.visible, lines.layer.events.opacity):
            event.disconnect(self._draw)
        lines.remove()
