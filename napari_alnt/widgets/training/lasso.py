"""A plot's view in which a drag of the mouse draws a line around points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg  # type: ignore[import-untyped]
from qtpy.QtCore import Qt

from napari_alnt.widgets.qt import Signal

Floats = npt.NDArray[np.float64]

SHORTEST = 6
"""Pixels of a drag below which it is a click with an unsteady hand."""


class LassoView(pg.ViewBox):  # type: ignore[misc]
    """``lassoed`` carries the corners ``(n, 2)`` of a line that was drawn with the left button.

    The other buttons move and scale the view as everywhere in pyqtgraph.
    """

    lassoed = Signal(object)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.line = pg.PlotCurveItem(pen=pg.mkPen("#8a8f98", width=1, style=Qt.PenStyle.DashLine))
        self.addItem(self.line, ignoreBounds=True)
        self._corners: list[tuple[float, float]] = []
        self._pixels: list[tuple[float, float]] = []

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """Draw the line, and close it where the button is let go."""
        if event.button() != Qt.MouseButton.LeftButton or axis is not None:
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        if event.isStart():
            self._corners, self._pixels = [], []
            self._add(event.buttonDownPos())
        self._add(event.pos())
        corners = np.array(self._corners)
        if not event.isFinish():
            self.line.setData(corners[:, 0], corners[:, 1])
            return
        self.line.setData([], [])
        if np.ptp(np.array(self._pixels), axis=0).max() >= SHORTEST:
            self.lassoed.emit(corners)

    def _add(self, place: Any) -> None:
        there = self.mapToView(place)
        self._corners.append((there.x(), there.y()))
        self._pixels.append((place.x(), place.y()))


def within(corners: Floats, points: Floats) -> npt.NDArray[np.bool_]:
    """Which points lie inside a closed line.

    Parameters
    ----------
    corners : (n, 2) the line; it may cross itself
    points : (m, 2)

    Returns
    -------
    (m,) whether a point is inside
    """
    x, y = points[:, 0], points[:, 1]
    inside = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        # a ray to the right of the point crosses the line an odd number of times
        crosses = (y0 > y) != (y1 > y)
        inside ^= crosses & (x < x0 + (x1 - x0) * (y - y0) / (y1 - y0))
    return inside
