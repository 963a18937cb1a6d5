"""What stands around and on the canvas: strip, hatching, outlines, legend, planes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_alnt.widgets.picture import canvas_adapter
from napari_alnt.widgets.picture.canvas_difference import CanvasDifference
from napari_alnt.widgets.picture.canvas_legend import CanvasLegend
from napari_alnt.widgets.picture.canvas_outlines import CanvasOutlines
from napari_alnt.widgets.picture.hatching import hatch_unknown
from napari_alnt.widgets.picture.slice_strip import SliceStrip
from napari_alnt.widgets.picture.slice_watch import SliceWatch
from napari_alnt.widgets.planes import planes_adapter
from napari_alnt.widgets.planes.planes import Planes

if TYPE_CHECKING:
    import napari

    from napari_alnt.widgets.case.strokes import Strokes
    from napari_alnt.widgets.picture.compared import Compared
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.picture.window_level import WindowLevel


class SliceBar(QObject):
    """Shows the marks of the open case's slices, and which slice is on the screen."""

    legend: CanvasLegend
    planes: Planes
    difference: CanvasDifference

    def __init__(
        self, viewer: napari.Viewer, layers: CaseLayers, strokes: Strokes, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.viewer = viewer
        self.layers = layers
        self.strip = SliceStrip(lambda: planes_adapter.slider_span(viewer))
        self.strip.set_theme(viewer.theme)
        self.strip.chosen.connect(self.go)
        self.watch = SliceWatch(layers, strokes, self)
        self.watch.changed.connect(self._show_marks)
        canvas = canvas_adapter.canvas(viewer).native
        self.legend = CanvasLegend(canvas, layers, self._is_unknown, self)
        self.planes = Planes(viewer, layers, strokes, self)
        self.outlines = CanvasOutlines(viewer, layers, self.planes.main, self)
        self.difference = CanvasDifference(viewer, layers, self.planes.main, self)
        self.difference.changed.connect(self._show_difference)
        self._leave = planes_adapter.put_below_canvas(viewer, self.strip)
        layers.shown.connect(self._shown)
        dims = viewer.dims.events
        self._followed = (dims.point, dims.order, dims.ndisplay, dims.ndim)
        for event in self._followed:
            event.connect(self._look)
        viewer.events.theme.connect(self._apply_theme)

    def join(self, window: WindowLevel, compared: Compared) -> None:
        """Share the window of the case with the planes, and draw the versions that are shown."""
        self.planes.join(window, compared)
        self.outlines.compare(compared)
        self.legend.compare(compared)

    def go(self, slice_: int) -> None:
        """Show an axial slice."""
        if self.layers.opened is not None:
            start, step = self._axis()
            self.viewer.dims.set_point(self.viewer.dims.ndim - 3, start + slice_ * step)

    @property
    def slice(self) -> int | None:
        """The axial slice on the screen; None where there is none."""
        axis = self.viewer.dims.ndim - 3
        if self.layers.opened is None or axis < 0 or axis in self.viewer.dims.displayed:
            return None
        start, step = self._axis()
        place = round((self.viewer.dims.point[axis] - start) / step)
        return int(min(max(place, 0), len(self.layers.opened.start) - 1))

    def close(self) -> None:
        """Take all of it out of the window."""
        self.watch.stop()
        # where the window itself has gone, so has what is in it
        with suppress(RuntimeError):
            self.difference.close()
            self.outlines.close()
            self.planes.close()
            self.legend.close()
            self._leave()
        for event in self._followed:
            event.disconnect(self._look)
        self.viewer.events.theme.disconnect(self._apply_theme)

    def _axis(self) -> tuple[float, float]:
        """Where the first axial slice lies, and how far it is to the next, in mm."""
        assert self.layers.opened is not None
        grid = self.layers.opened.image.layer_kwargs()
        return grid["translate"][0], grid["scale"][0]

    def _shown(self, _: object) -> None:
        layer = self.layers.correction
        if layer is not None and layer in self.viewer.layers:
            hatch_unknown(self.viewer, layer)
        self._look()

    def _show_difference(self) -> None:
        self.planes.compare(self.difference.on)
        self.legend.explain_difference(self.difference.on)

    def _look(self, _: object = None) -> None:
        self.strip.set_shown(self.slice)
        self.legend.refresh()

    def _show_marks(self) -> None:
        self.strip.set_marks(self.watch.marks)
        self.legend.refresh()

    def _is_unknown(self) -> bool:
        """Whether the slice on the screen holds what nobody has labelled; of other planes any."""
        marks, here = self.watch.marks, self.slice
        if marks is None:
            return False
        return bool(marks.unknown.any() if here is None else marks.unknown[here])

    def _apply_theme(self, _: object) -> None:
        self.strip.set_theme(self.viewer.theme)
