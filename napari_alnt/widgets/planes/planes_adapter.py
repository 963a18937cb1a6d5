"""What the slice strip, the hatching and the other planes use of napari beside its public API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.layers.labels.labels import _MaskedPaintAtom
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QStyle, QStyleOptionSlider
from vispy.scene.visuals import Image, Line
from vispy.visuals.filters import Filter
from vispy.visuals.transforms import STTransform

from napari_alnt.widgets import viewer_adapter

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    from napari.layers import Labels, Layer
    from qtpy.QtWidgets import QWidget

    from napari_alnt.correction import Edit
    from napari_alnt.data import Array

WIDTH = 1.6
"""Pixels of an outline."""


def put_below_canvas(viewer: napari.Viewer, widget: QWidget) -> Callable[[], None]:
    """Show a widget between the canvas and the sliders; the result takes it away."""
    # napari has docks only, and those stand below the sliders with a title of their own
    layout = viewer.window._qt_viewer.canvas.native.parentWidget().layout()
    with viewer_adapter.unpainted(viewer):
        layout.insertWidget(1, widget)

    def leave() -> None:
        with viewer_adapter.unpainted(viewer):
            widget.hide()
            layout.removeWidget(widget)
            widget.setParent(None)
            widget.deleteLater()

    return leave


def surround_canvas(viewer: napari.Viewer, right: QWidget, below: QWidget) -> Callable[[], None]:
    """Show widgets beside a canvas and below its sliders; the result takes them away."""
    # napari's window has one picture; a second napari viewer beside it would need an OpenGL context
    # of its own, and docks would go with the window's layout into napari's settings
    column = viewer.window._qt_viewer
    whole = column.parentWidget().layout()
    with viewer_adapter.unpainted(viewer):
        column.addWidget(below)
        whole.addWidget(right)
        for place in range(2):
            whole.setStretch(place, 1)
            column.setStretchFactor(place, 1)

    def leave() -> None:
        with viewer_adapter.unpainted(viewer):
            for widget in (right, below):
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()

    return leave


def share_column(viewer: napari.Viewer) -> None:
    """Give the canvas and what stands below it the same height."""
    column = viewer.window._qt_viewer
    column.setSizes([column.height() // column.count()] * column.count())


def slider_span(viewer: napari.Viewer) -> tuple[int, int]:
    """Where the sliders of a viewer begin and end, in pixels from the left of its canvas."""
    # all sliders stand one above the other, and one of an axis that is displayed is hidden
    sliders = viewer.window._qt_viewer.dims
    for row in sliders.slider_widgets:
        if row.isVisible():
            # the arrows at the ends of a scroll bar are parts of it
            option = QStyleOptionSlider()
            row.slider.initStyleOption(option)
            groove = row.slider.style().subControlRect(
                QStyle.ComplexControl.CC_ScrollBar,
                option,
                QStyle.SubControl.SC_ScrollBarGroove,
                row.slider,
            )
            left = row.slider.mapTo(sliders, QPoint(0, 0)).x() + groove.left()
            return left, left + groove.width()
    return 0, sliders.width()


def flat_node(viewer: napari.Viewer, layer: Layer) -> Any:
    """What draws a layer of labels in two dimensions: a visual of vispy."""
    # napari offers no way to change how a layer is drawn; this node lives as long as the layer,
    # unless its data get another type
    return viewer.window._qt_viewer.canvas.layer_to_visual[layer]._layer_node.get_node(2)


def newest_step(layer: Labels) -> object:
    """What an undo of a layer would take back next; None where there is nothing."""
    # napari does not say which step an undo belongs to
    return layer._undo_history[-1] if layer._undo_history else None


def put_mask(layer: Labels, mask: Array) -> None:
    """Give a layer another mask (Z, Y, X) in place, as one step that can be undone."""
    # napari's own way takes three indices for each voxel: gigabytes where a volume is relabelled.
    # A step of it is a list of regions with their old and new labels, here one for each slice
    data = layer.data
    step = []
    for z, (old, new) in enumerate(zip(data, mask, strict=True)):
        differs = old != new
        count = np.count_nonzero(differs)
        if not count:
            continue
        region = (slice(z, z + 1), slice(0, data.shape[1]), slice(0, data.shape[2]))
        if count > differs.size // 8:
            # a whole slice is copied faster than many voxels are picked out of it
            labels = np.array(new[None], data.dtype)
            step.append(_MaskedPaintAtom(region, None, old[None].copy(), labels))
            old[...] = labels[0]
        else:
            labels = np.asarray(new[differs], data.dtype)
            step.append(_MaskedPaintAtom(region, differs[None], old[differs], labels))
            old[differs] = labels
    if step:
        layer._redo_history.clear()
        layer._append_to_undo_history(step)
        layer.refresh()


def put_edit(layer: Labels, edit: Edit) -> None:
    """Make a change in the mask of a layer in place, as one step that can be undone.

    Raises
    ------
    AlntError
        If the mask is no longer the one that the change was made for.
    """
    if edit.is_empty:
        return
    where = edit.changed
    step = _MaskedPaintAtom(edit.box, where, edit.before[where], edit.after[where])
    edit.apply(layer.data)
    layer._redo_history.clear()
    layer._append_to_undo_history([step])
    layer.refresh()


class CrosshairLines:
    """Two thin lines through a place on a canvas, above its layers.

    Parameters
    ----------
    viewer : whose canvas it is
    colour : of the lines
    """

    def __init__(self, viewer: napari.Viewer, colour: str) -> None:
        # napari has no overlay of lines in world coordinates, and a layer would stand in its list
        scene = viewer.window._qt_viewer.canvas.view.scene
        self._line = Line(
            np.zeros((2, 2), np.float32), color=colour, connect="segments", parent=scene
        )
        self._line.order = 1_000_000
        self._line.set_gl_state("translucent", depth_test=False)
        self._line.visible = False

    def move(self, place: tuple[float, float], low: Array, high: Array, gap: float) -> None:
        """Draw the lines.

        Parameters
        ----------
        place : where they cross, along the vertical and the horizontal axis, in mm
        low, high : where they end, along the same axes
        gap : mm around the place that are left free
        """
        y, x = place
        ends = [
            ((low[1], y), (x - gap, y)),
            ((x + gap, y), (high[1], y)),
            ((x, low[0]), (x, y - gap)),
            ((x, y + gap), (x, high[0])),
        ]
        # at the edge of the picture no room is left for it
        shown = [end for end in ends if end[1][0] >= end[0][0] and end[1][1] >= end[0][1]]
        self._line.set_data(np.array(shown, np.float32).reshape(-1, 2), connect="segments")
        self._line.visible = True

    def hide(self) -> None:
        """Show no lines."""
        self._line.visible = False

    def remove(self) -> None:
        """Take them off the canvas."""
        self._line.parent = None


class FilledSlice:
    """Colours of a slice on the canvas, above its layers and below lines."""

    def __init__(self, viewer: napari.Viewer) -> None:
        # a layer for what is only looked at would stand in the list, and hold a whole volume
        self._image = Image(
            np.zeros((1, 1, 4), np.uint8),
            interpolation="nearest",
            parent=viewer.window._qt_viewer.canvas.view.scene,
        )
        self._image.transform = STTransform()
        self._image.order = 800_000
        self._image.set_gl_state("translucent", depth_test=False)
        self._image.visible = False

    def draw(self, colours: Array, corner: Array, step: Array) -> None:
        """Draw the slice.

        Parameters
        ----------
        colours : uint8 (rows, columns, 4), RGBA
        corner : where its first voxel begins, along the vertical and the horizontal axis in mm
        step : mm of a voxel, along the same axes
        """
        self._image.set_data(np.ascontiguousarray(colours))
        self._image.transform.scale = step[::-1]
        self._image.transform.translate = corner[::-1]
        self._image.visible = True

    def hide(self) -> None:
        """Show nothing."""
        self._image.visible = False

    def remove(self) -> None:
        """Take it off the canvas."""
        self._image.parent = None


class _Unseen(Filter):  # type: ignore[misc]
    """Draws nothing of what it is attached to, while it is on."""

    def __init__(self) -> None:
        super().__init__(fcode="void unseen() { if ($on > 0.5) discard; }", fpos=10)
        self.set_on(False)

    def set_on(self, on: bool) -> None:
        self.fshader["on"] = float(on)


_UNSEEN: WeakKeyDictionary[Any, ref[_Unseen]] = WeakKeyDictionary()
"""The filter of each visual that has one, held by its visual alone, which it holds in turn."""


def _unseen(node: Any) -> _Unseen:
    """The filter of a visual, which gets one here if it has none."""
    known = _UNSEEN.get(node)
    found = known() if known is not None else None
    if found is None:
        found = _Unseen()
        _UNSEEN[node] = ref(found)
        node.attach(found)
    return found


def _leave_out_contour(layer: Labels, on: bool) -> None:
    """Let napari look for no outlines of a layer in the slices to come, or for them again."""
    # of what is not seen anyway; it takes napari longer than all else that it does with a slice
    if on:
        layer._calculate_contour = lambda *_: None
    elif "_calculate_contour" in vars(layer):
        del layer._calculate_contour
        layer.refresh(thumbnail=False, highlight=False, extent=False)


class OutlineLines:
    """Thin lines on the canvas in place of the outlines that napari draws of a layer.

    Parameters
    ----------
    viewer : whose canvas it is
    layer : whose outlines they are; it stays in the list, and its eye and its opacity hold
    """

    def __init__(self, viewer: napari.Viewer, layer: Labels) -> None:
        # napari's outlines are voxels, which hide the border that they are to show; its layers of
        # shapes would stand in the list, and take seconds where there are many corners
        self.layer = layer
        self._viewer = viewer
        self._node = flat_node(viewer, layer)
        self._unseen = _unseen(self._node)
        self._line = Line(
            np.zeros((2, 2), np.float32),
            connect="segments",
            width=WIDTH,
            antialias=True,
            parent=viewer.window._qt_viewer.canvas.view.scene,
        )
        self._line.order = 900_000
        self._line.set_gl_state("translucent", depth_test=False)
        self._line.visible = False

    def draw(self, ends: Array, colours: Array) -> None:
        """Draw lines in place of napari's outlines.

        Parameters
        ----------
        ends : (2 M, 2), two after two, along the vertical and the horizontal axis in mm
        colours : of the ends; RGBA from 0 to 1, (2 M, 4)
        """
        self._hide_own(True)
        self._line.visible = bool(len(ends))
        if len(ends):
            places = np.ascontiguousarray(ends[:, ::-1], np.float32)
            self._line.set_data(places, color=colours.astype(np.float32), connect="segments")

    def give_back(self) -> None:
        """Let napari draw the outlines."""
        self._hide_own(False)
        self._line.visible = False

    def hide(self) -> None:
        """Draw no lines; napari's own are not seen either where its layer is not."""
        self._line.visible = False

    def remove(self) -> None:
        """Let napari draw the outlines from now on."""
        # the filter stays, as taking it off would build the shader of a layer anew that may be gone
        self._hide_own(False)
        self._line.visible = False
        self._line.parent = None

    def _hide_own(self, on: bool) -> None:
        self._unseen.set_on(on)
        _leave_out_contour(self.layer, on)
        self._node.update()
