"""A case in the viewer: its image, the masks to compare with, and the mask to correct."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import Colormap, DirectLabelColormap
from psygnal import Signal

from napari_alnt.data import Array
from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.case.open_case import OpenCase
from napari_alnt.widgets.case.prediction import Prediction
from napari_alnt.widgets.parts.style import OTHER_COLOUR, UNKNOWN_COLOUR, pale
from napari_alnt.widgets.picture.kept_layers import KeptLayers
from napari_alnt.widgets.picture.label_colours import LabelColours
from napari_alnt.widgets.picture.shown_range import shown_range

if TYPE_CHECKING:
    from collections.abc import Iterator

    import napari

TRUST = Colormap(
    np.array(
        [
            [0.95, 0.35, 0.15, 0.9],
            [0.95, 0.55, 0.3, 0.4],
            [0, 0, 0, 0],
            [0.35, 0.52, 1, 0.4],
            [0.18, 0.36, 1, 0.9],
        ]
    ),
    controls=np.array([0, 0.35, 0.5, 0.65, 1]),
    name="voxel trust",
)
"""Disagrees with the experts in orange, agrees in blue, nothing to say is clear."""
BRUSH = 12.0
"""Width of the brush, in mm, until the user chooses another."""
ROLES = ("image", "voxel trust", "correction", "teacher", "student")
"""The layers, from the lowest to the highest."""
NOTHING = {"teacher": "teacher (none)", "student": "student (none yet)"}
"""Names of layers that have nothing to show of a case, as an empty mask says something else."""


class CaseLayers:
    """The layers of the open case, which live as long as the project: what they show is exchanged.

    What the user chooses for them stays from case to case, and the user's own layers are never
    touched.

    ``label_changed`` carries the label value that is painted from now on, ``shown`` the case that
    has come into the viewer; ``predicted`` what the student says of it; ``cleared`` says that the
    one before is about to go.
    """

    label_changed = Signal(int)
    shown = Signal(OpenCase)
    predicted = Signal(Prediction)
    cleared = Signal()

    def __init__(self, viewer: napari.Viewer, labels: dict[int, str], ignore_label: int) -> None:
        self.viewer = viewer
        self.labels = labels
        self.ignore_label = ignore_label
        self.opened: OpenCase | None = None
        self.window = ""  # the project's setting for it
        self.palette = LabelColours(labels)
        self.palette.changed.connect(partial(_recolour, self))
        self.kept = KeptLayers(viewer, ROLES)
        self._brush = BRUSH
        self._is_own = False  # whether it is not the user who changes a layer
        self._chooses_student = False  # whether the user has shown or hidden the student

    @property
    def case(self) -> str:
        """The open case, or ''."""
        return self.opened.case.name if self.opened else ""

    @property
    def correction(self) -> Labels | None:
        """The layer that is painted on, also where the user has deleted it; None before a case."""
        layer: Labels | None = self.kept.get("correction")
        return layer

    @property
    def mask(self) -> Array:
        """The mask as it is painted ``(Z, Y, X)``; only while a case is open."""
        assert self.correction is not None
        return np.asarray(self.correction.data)

    @property
    def colours(self) -> dict[int, str]:
        """The colour of each label value."""
        return self.palette.all

    def show(self, opened: OpenCase, window: str) -> None:
        """Show a case in place of the one before."""
        # who follows the mask would take that of the next case for a change of this one's
        self.cleared.emit()
        with self.exchanging(), _whole_or_not_at_all(self):
            self._show(opened, window)
        self.shown.emit(opened)

    def _show(self, opened: OpenCase, window: str) -> None:
        # first, as all of a volume would be drawn anew with each change
        self.viewer.dims.ndisplay = 2
        self.opened = opened
        self.window = window
        self.kept.grid = opened.image.layer_kwargs()
        with viewer_adapter.measured_once(self.viewer, self.kept.all):
            self._exchange(opened, window)
        _look_at(self.viewer, self.kept.grid, opened.slice)
        self.activate()
        self._tell_label()

    def _exchange(self, opened: OpenCase, window: str) -> None:
        self._show_image(opened.image.voxels, window)
        self._show_correction(opened.start)
        if self.correction is not None:
            self.correction.editable = True  # the case before may have been a locked one
        if opened.teacher is not None:
            self._show_contour("teacher", opened.teacher)
        else:
            self._show_nothing("teacher")
        if opened.prediction is not None:
            self.add_prediction(opened.prediction)
        else:
            # what the student says of the case before is not said of this one
            self._show_nothing("student")
            self.kept.blank("voxel trust", opened.image.voxels.shape)

    def add_prediction(self, prediction: Prediction) -> None:
        """Show the student's mask and the voxel trust of the open case."""
        with self.exchanging():
            trust = self.kept.put("voxel trust", prediction.trust_map, _make_trust)
            trust.contrast_limits = (-prediction.highest_trust, prediction.highest_trust)
            student = self._show_contour("student", prediction.labels)
            if not self._chooses_student:
                # one that has hardly learnt marks most of the volume and would hide the case
                student.visible = prediction.is_sensible
        self.predicted.emit(prediction)

    def activate(self) -> None:
        """Make the correction the layer that is painted on."""
        layer = self.correction
        if layer is None or not self.kept.is_there("correction"):
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

    def lock(self) -> None:
        """Let nothing be painted, as in a read-only window."""
        if self.correction is not None:
            self.correction.mode = "pan_zoom"
            self.correction.editable = False

    def leave_correction(self) -> None:
        """Make the correction the user's own layer, which stays when the case is taken away."""
        if self.opened is not None and self.correction is not None:
            self.kept.take_back("correction")
            self.correction.name = f"{self.case} (not saved)"
            self.kept.release("correction")

    def clear(self) -> None:
        """Take the case and its layers out of the viewer."""
        self.cleared.emit()
        with viewer_adapter.unpainted(self.viewer):
            self.kept.clear()
        self.opened = None

    def _show_image(self, voxels: Array, window: str) -> None:
        image = self.kept.put("image", voxels, _make_image)
        image.name = self.case
        # the range first, as the limits could only make it wider than it was for the case before
        image.contrast_limits_range = image.contrast_limits = shown_range(voxels, window)

    def _show_correction(self, start: Array) -> None:
        before = self.correction
        layer = self.kept.put("correction", start, partial(_make_correction, self))
        viewer_adapter.forget_history(layer)
        if layer is not before:
            layer.events.selected_label.connect(self._tell_label)
            layer.events.mode.connect(self._tell_label)
            layer.events.brush_size.connect(self._take_brush)
        # napari counts in voxels, so the same brush would be of another size in every case
        layer.brush_size = max(round(self._brush / self.kept.grid["scale"][-1]), 1)

    def _show_contour(self, role: str, mask: Array) -> Labels:
        before = self.kept.get(role)
        layer: Labels = self.kept.put(role, mask, _make_contour)
        if layer is not before:
            layer.colormap = _colormap(self.colours, self.ignore_label, pale_ones=role == "student")
            if role == "student":
                layer.events.visible.connect(self._take_choice)
        layer.name = role
        layer.editable = False
        return layer

    def _show_nothing(self, role: str) -> None:
        assert self.opened is not None
        layer = self.kept.blank(role, self.opened.image.voxels.shape)
        if layer is not None:
            layer.name = NOTHING[role]
            layer.editable = False

    def _tell_label(self, *_: object) -> None:
        if self.correction is not None:
            # the eraser paints the background, whatever label is chosen
            erases = self.correction.mode == "erase"
            self.label_changed.emit(0 if erases else int(self.correction.selected_label))

    def _take_brush(self, *_: object) -> None:
        if self.correction is not None and not self._is_own:
            self._brush = self.correction.brush_size * float(self.kept.grid["scale"][-1])

    def _take_choice(self, *_: object) -> None:
        self._chooses_student |= not self._is_own

    @contextmanager
    def exchanging(self) -> Iterator[None]:
        """What is changed in a layer meanwhile is not the user's choice, and is painted once."""
        before, self._is_own = self._is_own, True
        sliced = viewer_adapter.sliced_once(self.viewer, self.kept.all)
        try:
            with viewer_adapter.unpainted(self.viewer), sliced:
                yield
        finally:
            self._is_own = before


def _recolour(layers: CaseLayers) -> None:
    for role in ("correction", "teacher", "student"):
        if (layer := layers.kept.get(role)) is not None:
            layer.colormap = _colormap(layers.colours, layers.ignore_label, role == "student")


def _make_correction(layers: CaseLayers, mask: Array, **grid: Any) -> Labels:
    colormap = _colormap(layers.colours, layers.ignore_label)
    return Labels(mask, name="correction", opacity=0.4, colormap=colormap, **grid)


@contextmanager
def _whole_or_not_at_all(layers: CaseLayers) -> Iterator[None]:
    """A case of which only a part could be shown is not open: it has no mask to keep."""
    try:
        yield
    except BaseException:
        layers.opened = None
        raise


def _colormap(
    colours: dict[int, str], ignore_label: int, pale_ones: bool = False
) -> DirectLabelColormap:
    shown: dict[int | None, Any] = {None: OTHER_COLOUR, ignore_label: UNKNOWN_COLOUR}
    shown[0] = "transparent"
    for value, colour in colours.items():
        shown[value] = pale(colour) if pale_ones else colour
    return DirectLabelColormap(color_dict=shown)


def _make_image(voxels: Array, **grid: Any) -> Image:
    # napari would go through all voxels for limits, and take three columns of them for colours
    return Image(voxels, contrast_limits=(0, 1), interpolation2d="linear", rgb=False, **grid)


def _make_trust(trust_map: Array, **grid: Any) -> Image:
    return Image(
        trust_map,
        name="voxel trust",
        colormap=TRUST,
        contrast_limits=(-1.0, 1.0),
        visible=False,
        blending="translucent",
        rgb=False,
        **grid,
    )


def _make_contour(mask: Array, **grid: Any) -> Labels:
    layer = Labels(mask, opacity=1.0, **grid)
    layer.contour = 1
    return layer


def _look_at(viewer: napari.Viewer, grid: dict[str, Any], slice_: int) -> None:
    """Show an axial slice of the layers that a grid has placed."""
    dims = viewer.dims
    # a layer of the user's own may have more axes, in front of these
    if dims.ndim == 3:
        dims.axis_labels = ("z", "y", "x")
    dims.order = tuple(range(dims.ndim))
    viewer.reset_view()
    dims.set_point(dims.ndim - 3, grid["translate"][0] + slice_ * grid["scale"][0])  # in mm
