"""What mouse, wheel and corner text do to the picture of the open case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

from napari_alnt.data.images import orientation
from napari_alnt.widgets.picture import canvas_adapter
from napari_alnt.widgets.picture.window_level import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_alnt.data import Volume
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.picture.window_level import WindowLevel

ZOOMS = (0.01, 1000.0)
"""Smallest and largest number of pixels that a millimetre may take on the screen."""
MINUS = "\N{MINUS SIGN}"


class CasePicture:
    """The open case on one canvas of napari: what the gestures do to it, and where it is cut.

    Parameters
    ----------
    canvas : a canvas of napari, from :func:`canvas_adapter.canvas`
    layers : which case is open
    window_level : its grey values
    """

    def __init__(self, canvas: Any, layers: CaseLayers, window_level: WindowLevel) -> None:
        self._canvas = canvas
        self._viewer = canvas.viewer
        self._layers = layers
        self._window_level = window_level

    # gestures -------------------------------------------------------------------------------------

    def step(self, slices: int) -> bool:
        """Go on by slices, up for positive numbers: to the head, the front, the patient's right."""
        dims = self._viewer.dims
        if dims.ndisplay != 2 or not dims.not_displayed:
            return False
        axis = dims.not_displayed[-1]
        image, own = self._image, axis - (dims.ndim - 3)
        if image is None or own < 0:
            dims.set_current_step(axis, dims.current_step[axis] + slices)
        elif slices:
            # y and x grow to the back and to the left, which is where a series ends
            steps = slices if own == 0 else -slices
            index = np.clip(self._voxel(image)[own] + steps, 0, image.voxels.shape[own] - 1)
            dims.set_point(axis, image.translate[own] + index * image.spacing[own])
        return True

    def zoom(self, x: float, y: float, factor: float) -> None:
        """Make the picture larger about a pixel, whose place stays where it is."""
        camera, here = self._viewer.scene.camera, canvas_adapter.shown_place(self._canvas, x, y)
        zoom = float(np.clip(camera.zoom * factor, *ZOOMS))
        centre = self._centre
        factor, camera.zoom = zoom / camera.zoom, zoom
        self._look_at(here + (centre - here) / factor)

    def move(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """Move the picture by as much as two pixels are apart."""
        shown = [canvas_adapter.shown_place(self._canvas, *at) for at in ((x, y), (to_x, to_y))]
        self._look_at(self._centre + shown[0] - shown[1])

    def window(self, right: float, down: float) -> None:
        """Change window and level by a drag, which 0 and 0 begin."""
        if self._image is None:
            return
        if not (right or down):
            self._window_level.begin_drag()
        else:
            self._window_level.drag(right, down)

    def end_window(self) -> None:
        """Keep what the drag has led to."""
        self._window_level.end_drag()

    def takes_right_clicks(self) -> bool:
        """Whether a polygon is drawn, whose newest corner a right click takes away."""
        layer = self._viewer.layers.selection.active
        return isinstance(layer, Labels) and layer.mode == "polygon"

    def end_strokes(self) -> None:
        """Let nothing paint on while no button is held."""
        canvas_adapter.end_strokes(self._viewer)
        for layer in self._viewer.layers:
            canvas_adapter.end_encircling(layer)

    @property
    def _centre(self) -> Any:
        return np.array(self._viewer.scene.camera.center)[-self._viewer.dims.ndisplay :]

    def _look_at(self, centre: Sequence[float]) -> None:
        # in two dimensions napari's own has a third number, which means nothing
        before = tuple(self._viewer.scene.camera.center)
        self._viewer.scene.camera.center = (*before[: -len(centre)], *map(float, centre))

    # words ----------------------------------------------------------------------------------------

    @property
    def _image(self) -> Volume | None:
        return None if self._layers.opened is None else self._layers.opened.image

    @property
    def _is_flat(self) -> bool:
        """Whether one slice is shown, and no volume."""
        dims = self._viewer.dims
        return bool(dims.ndisplay == 2 and dims.ndim >= 3)

    def _own_axes(self) -> list[int]:
        """The array axes (z 0, y 1, x 2) that are shown, vertical first; others are below 0.

        A layer of the user's own may have more axes, which stand in front.
        """
        dims = self._viewer.dims
        return [axis - (dims.ndim - 3) for axis in dims.displayed]

    def _voxel(self, image: Volume) -> Any:
        """The voxel (z, y, x) of the slice that is shown, and of the cursor in it."""
        dims = self._viewer.dims
        # the cursor's place stays what it was while the slices go by
        world, cursor = np.array(dims.point, float), self._viewer.cursor.position
        if len(cursor) == len(world):
            at = list(dims.displayed)
            world[at] = np.array(cursor, float)[at]
        voxel = (world[-3:] - image.translate) / image.spacing
        return np.floor(voxel + 0.5 + 1e-6).astype(int)

    def slice_text(self) -> str:
        """The case and the slice that is shown of it: n of N, and where it lies in mm."""
        image = self._image
        if image is None:
            return ""
        if not self._is_flat or len(free := {0, 1, 2} - set(self._own_axes())) != 1:
            return self._layers.case
        axis = free.pop()
        index = int(self._voxel(image)[axis])
        if not 0 <= index < image.voxels.shape[axis]:
            return self._layers.case  # a layer of the user's own reaches further
        z = orientation.slice_place(image.affine, image.voxels.shape, axis, index)
        place = f"{z:.1f} mm".replace("-", MINUS)
        return f"{self._layers.case}\nslice {index + 1} of {image.voxels.shape[axis]}\n{place}"

    def cursor_text(self) -> str:
        """The value of the image under the cursor, and where it lies in the patient."""
        image = self._image
        if image is None or not self._is_flat:
            return ""
        voxel = self._voxel(image)
        if (voxel < 0).any() or (voxel >= image.voxels.shape).any():
            return ""
        value = number(float(image.voxels[tuple(voxel)]))
        words = f"{value} HU" if self._window_level.is_ct else f"intensity {value}"
        return f"{words}\n{orientation.place_text(image.affine, voxel)}"

    def edges(self) -> Mapping[str, str]:
        """The letters at the edges of the shown plane: left, right, top, bottom."""
        image, shown = self._image, self._own_axes()
        if image is None or not self._is_flat or min(shown) < 0:
            return vars(orientation.Edges())
        _, vertical, horizontal = self._viewer.scene.camera.orientation
        down, right = str(vertical) == "down", str(horizontal) == "right"
        edges = orientation.edge_letters(image.affine, shown[0], shown[1], down, right)
        return vars(edges)
