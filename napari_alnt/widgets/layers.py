"""A case in the viewer: its image, the masks to compare with, and the mask to correct."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer
from napari.utils.colormaps import Colormap, DirectLabelColormap
from psygnal import Signal

from napari_alnt.settings import WINDOWS
from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.open_case import OpenCase, Prediction
from napari_alnt.widgets.style import UNKNOWN_COLOUR, class_colour, pale

if TYPE_CHECKING:
    import napari

Array = npt.NDArray[Any]

TRUST = Colormap(
    np.array(
        [
            [0.95, 0.35, 0.15, 0.9],
            [0.95, 0.55, 0.3, 0.4],
            [0, 0, 0, 0],
            [0.3, 0.7, 0.9, 0.4],
            [0.1, 0.6, 0.95, 0.9],
        ]
    ),
    controls=np.array([0, 0.35, 0.5, 0.65, 1]),
    name="voxel trust",
)
"""Disagrees with the experts in orange, agrees in blue, nothing to say is clear."""
BRUSH = 12.0
"""Width of the brush, in mm, when a case opens."""
SENSIBLE = 0.2
"""Part of a volume above which a student's mask is not shown at first."""


class CaseLayers:
    """The layers of the open case. Only these are ever removed; the user's own stay.

    ``label_changed`` carries the label value that is painted from now on, ``shown`` the case that
    has come into the viewer; ``cleared`` says that it is about to go.
    """

    label_changed = Signal(int)
    shown = Signal(OpenCase)
    cleared = Signal()

    def __init__(self, viewer: napari.Viewer, labels: dict[int, str], ignore_label: int) -> None:
        self.viewer = viewer
        self.labels = labels
        self.ignore_label = ignore_label
        self.opened: OpenCase | None = None
        self.correction: Labels | None = None
        self._image: Image | None = None
        self._ours: list[Layer] = []
        self._predicted: list[Layer] = []
        self._grid: dict[str, Any] = {}

    @property
    def case(self) -> str:
        """The open case, or ''."""
        return self.opened.case.name if self.opened else ""

    @property
    def mask(self) -> Array:
        """The mask as it is painted ``(Z, Y, X)``; only while a case is open."""
        assert self.correction is not None
        return np.asarray(self.correction.data)

    @property
    def colours(self) -> dict[int, str]:
        """The colour of each label value."""
        return {value: class_colour(place) for place, value in enumerate(self.labels)}

    def show(self, opened: OpenCase, window: str) -> None:
        """Put a case into the viewer in place of the one before."""
        with viewer_adapter.unpainted(self.viewer):
            self._show(opened, window)
        self.shown.emit(opened)

    def _show(self, opened: OpenCase, window: str) -> None:
        self.clear()
        self.opened = opened
        self._grid = opened.image.layer_kwargs()
        self._image = Image(
            opened.image.voxels,
            name=opened.case.name,
            contrast_limits=contrast(opened.image.voxels, window),
            interpolation2d="linear",
            **self._grid,
        )
        self._add(self._image)
        self.correction = Labels(
            opened.start, name="correction", opacity=0.4, colormap=self._colormap(), **self._grid
        )
        # napari counts in voxels, so the same brush would be of another size in every case
        self.correction.brush_size = max(round(BRUSH / opened.image.spacing[-1]), 1)
        self._add(self.correction)
        self.correction.events.selected_label.connect(self._tell_label)
        if opened.teacher is not None:
            self._add_contour("teacher", opened.teacher, self._colormap())
        if opened.prediction is not None:
            self.add_prediction(opened.prediction)
        self._look_at(opened.slice)
        self.activate()
        self._tell_label()

    def add_prediction(self, prediction: Prediction) -> None:
        """Add the student's mask and the voxel trust, now or when they arrive."""
        labels = prediction.labels
        # a student that has hardly learnt marks most of the volume and would hide the case
        visible = {
            "student": np.count_nonzero(labels) < SENSIBLE * labels.size,
            "voxel trust": False,
        }
        active = self.viewer.layers.selection.active
        for layer in [layer for layer in self._ours if layer in self._predicted]:
            visible[layer.name] = layer.visible
            self._remove(layer)
        # a few voxels at the border of a structure would take the whole colour scale
        high = float(np.percentile(np.abs(prediction.trust_map), 99.9)) or 1.0
        trust = Image(
            prediction.trust_map,
            name="voxel trust",
            colormap=TRUST,
            contrast_limits=(-high, high),
            visible=bool(visible["voxel trust"]),
            blending="translucent",
            **self._grid,
        )
        self._add(trust, above=self._image)
        student = self._add_contour("student", labels, self._colormap(pale_too=True))
        student.visible = bool(visible["student"])
        self._predicted = [trust, student]
        # painting goes on where it was; a layer that was replaced hands over to the new one
        names = {layer.name: layer for layer in self._predicted}
        replaced = active is not None and active not in self.viewer.layers
        self.viewer.layers.selection.active = names.get(active.name) if replaced else active

    def activate(self) -> None:
        """Make the correction the layer that is painted on."""
        layer = self.correction
        if layer is None or layer not in self.viewer.layers:
            return
        self.viewer.layers.selection.active = layer
        if layer.editable:
            layer.mode = "paint"
        # napari begins with label 1, which the project need not have
        if layer.selected_label not in self.labels:
            layer.selected_label = next(iter(self.labels))

    def choose_label(self, value: int) -> None:
        """Paint another label."""
        if self.correction is not None:
            self.activate()
            self.correction.selected_label = value

    def _tell_label(self, *_: object) -> None:
        if self.correction is not None:
            self.label_changed.emit(int(self.correction.selected_label))

    def lock(self) -> None:
        """Let nothing be painted, as in a read-only window."""
        if self.correction is not None:
            self.correction.mode = "pan_zoom"
            self.correction.editable = False

    def set_window(self, window: str) -> None:
        """Show other grey values of the image."""
        if self._image is not None and self.opened is not None:
            self._image.contrast_limits = contrast(self.opened.image.voxels, window)

    def toggle_trust(self) -> None:
        """Show or hide the voxel trust."""
        for layer in self._predicted[:1]:
            layer.visible = not layer.visible

    def leave_correction(self) -> None:
        """Make the correction the user's own layer, which stays when the case is taken away."""
        if self.opened is not None and self.correction is not None:
            self.correction.name = f"{self.opened.case.name} (not saved)"
            self._ours.remove(self.correction)

    def clear(self) -> None:
        """Take the case out of the viewer."""
        self.cleared.emit()
        with viewer_adapter.unpainted(self.viewer):
            for layer in list(self._ours):
                self._remove(layer)
        self.opened = None
        self.correction = None
        self._image = None
        self._predicted = []

    def _add(self, layer: Layer, above: Layer | None = None) -> None:
        layers = self.viewer.layers
        if above is not None and above in layers:
            layers.insert(layers.index(above) + 1, layer)
        else:
            layers.append(layer)
        self._ours.append(layer)

    def _remove(self, layer: Layer) -> None:
        self._ours.remove(layer)
        if layer in self.viewer.layers:
            self.viewer.layers.remove(layer)

    def _add_contour(self, name: str, mask: Array, colormap: DirectLabelColormap) -> Labels:
        layer = Labels(mask, name=name, opacity=1.0, colormap=colormap, **self._grid)
        layer.contour = 1
        layer.editable = False
        self._add(layer)
        return layer

    def _colormap(self, pale_too: bool = False) -> DirectLabelColormap:
        colours: dict[int | None, Any] = {
            None: UNKNOWN_COLOUR,
            0: "transparent",
            self.ignore_label: UNKNOWN_COLOUR,
        }
        colours |= {
            value: pale(colour) if pale_too else colour for value, colour in self.colours.items()
        }
        return DirectLabelColormap(color_dict=colours)

    def _look_at(self, slice_: int) -> None:
        self.viewer.dims.ndisplay = 2
        # a layer of the user's own may have more axes, in front of these
        if self.viewer.dims.ndim == 3:
            self.viewer.dims.axis_labels = ("z", "y", "x")
        self.viewer.dims.order = tuple(range(self.viewer.dims.ndim))
        self.viewer.reset_view()
        z = self._grid["translate"][0] + slice_ * self._grid["scale"][0]  # in mm
        self.viewer.dims.set_point(self.viewer.dims.ndim - 3, z)


def contrast(voxels: Array, window: str) -> tuple[float, float]:
    """The grey values of a window; those between the 1st and 99th percentile where it has none."""
    if window in WINDOWS:
        return WINDOWS[window]
    # of every fourth row and column, as the percentiles of 79 million voxels take seconds
    some = voxels[:: max(len(voxels) // 32, 1), ::4, ::4]
    low, high = map(float, np.percentile(some, (1, 99)))
    return low, max(high, low + 1e-6)
