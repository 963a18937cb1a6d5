"""A case in the viewer: its image, the masks to compare with, and the mask to correct."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import napari
import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer
from napari.utils.colormaps import Colormap, DirectLabelColormap

from napari_alnt.data import Case, Project, Volume, read_labels, read_volume
from napari_alnt.events import Predicted
from napari_alnt.settings import WINDOWS
from napari_alnt.widgets.style import UNKNOWN_COLOUR, class_colour, pale

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


@dataclass(frozen=True, eq=False)
class Picture:
    """The student's view of a case: its mask and the voxel trust, (Z, Y, X), and the slice that
    matters most.
    """

    student: Array
    trust: Array
    slice: int


@dataclass(frozen=True, eq=False)
class OpenCase:
    """All that is shown of a case. ``origin`` says what the correction starts from; ``seconds``
    were spent before; ``slice`` is where to begin.
    """

    case: Case
    image: Volume
    teacher: Array | None
    start: Array
    origin: str
    seconds: float
    picture: Picture | None
    slice: int


def load_case(project: Project, name: str, predicted: Predicted | None) -> OpenCase:
    """Read the files of a case; slow, so done in a thread.

    Raises
    ------
    AlntError
        If a file is missing or broken.
    """
    case = project.case(name)
    image = project.image(case)
    teacher, draft = project.teacher(case), project.load_draft(name)
    start, origin = draft, "draft"
    if start is None and (expert := project.expert(case)) is not None:
        start, origin = expert.voxels, f"version {case.version}"
    if start is None:
        start, origin = (
            (teacher.voxels, "teacher")
            if teacher
            else (np.zeros(image.voxels.shape, np.uint8), "nothing")
        )
    highest = max([*project.labels, project.settings.unknown])
    picture = load_picture(project, predicted, image) if predicted else None
    return OpenCase(
        case=case,
        image=image,
        teacher=None if teacher is None else teacher.voxels,
        start=np.array(start, np.min_scalar_type(highest)),
        origin=origin,
        seconds=project.draft_seconds(name),
        picture=picture,
        slice=picture.slice if picture else _fullest_slice(start),
    )


def _fullest_slice(mask: Array) -> int:
    area = np.count_nonzero(mask, axis=(1, 2))
    return int(area.argmax()) if area.any() else len(mask) // 2


def load_picture(project: Project, predicted: Predicted, image: Volume) -> Picture:
    """Read the student's mask and the voxel trust of a case."""
    student = read_labels(
        project.folder / predicted.student, like=image, unknown=project.settings.unknown
    )
    trust = read_volume(project.folder / predicted.trust)
    return Picture(student.voxels, trust.voxels, predicted.slice)


class CaseLayers:
    """The layers of the open case. Only these are ever removed; the user's own stay."""

    def __init__(self, viewer: napari.Viewer, labels: dict[int, str], unknown: int) -> None:
        self.viewer, self.labels, self.unknown = viewer, labels, unknown
        self.opened: OpenCase | None = None
        self.correction: Labels | None = None
        self._image: Image | None = None
        self._ours: list[Layer] = []
        self._pictured: list[Layer] = []
        self._grid: dict[str, Any] = {}

    @property
    def colours(self) -> dict[int, str]:
        """The colour of each label value."""
        return {value: class_colour(place) for place, value in enumerate(self.labels)}

    def show(self, opened: OpenCase, window: str) -> None:
        """Put a case into the viewer in place of the one before."""
        self.clear()
        self.opened = opened
        self._grid = {"scale": opened.image.scale, "translate": opened.image.translate}
        name, metadata = opened.case.name, {"alnt_grid": opened.image.grid}
        limits = contrast(opened.image.voxels, window)
        self._image = Image(
            opened.image.voxels, name=name, contrast_limits=limits, interpolation2d="linear", metadata=metadata,
            **self._grid,
        )  # fmt: skip
        self._add(self._image)
        self.correction = Labels(
            opened.start,
            name="correction",
            opacity=0.4,
            colormap=self._colormap(),
            metadata=metadata,
            **self._grid,
        )
        self.correction.brush_size = max(round(BRUSH / opened.image.scale[-1]), 1)
        self._add(self.correction)
        if opened.teacher is not None:
            self._add_contour("teacher", opened.teacher, self._colormap())
        if opened.picture is not None:
            self.add_picture(opened.picture)
        self._look_at(opened.slice)
        self.activate()

    def add_picture(self, picture: Picture) -> None:
        """Add the student's mask and the voxel trust, now or when they arrive."""
        # a student that has hardly learnt marks most of the volume and would hide the case
        shown = {
            "student": np.count_nonzero(picture.student) < SENSIBLE * picture.student.size,
            "voxel trust": False,
        }
        active = self.viewer.layers.selection.active
        for layer in [layer for layer in self._ours if layer in self._pictured]:
            shown[layer.name] = layer.visible
            self._remove(layer)
        high = float(np.percentile(np.abs(picture.trust), 99.9)) or 1.0
        trust = Image(
            picture.trust, name="voxel trust", colormap=TRUST, contrast_limits=(-high, high),
            visible=bool(shown["voxel trust"]),
            blending="translucent", **self._grid,
        )  # fmt: skip
        self._add(trust, above=self._image)
        student = self._add_contour("student", picture.student, self._colormap(pale_too=True))
        student.visible = bool(shown["student"])
        self._pictured = [trust, student]
        # painting goes on where it was; the layers that were replaced hand over to those in their
        # place
        names = {layer.name: layer for layer in self._pictured}
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
        if layer.selected_label not in self.labels:
            layer.selected_label = next(iter(self.labels))

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
        if self._pictured:
            self._pictured[0].visible = not self._pictured[0].visible

    def leave_correction(self) -> None:
        """Make the correction the user's own layer: it stays when the case is taken out of the
        viewer.
        """
        if self.opened is not None and self.correction is not None:
            self.correction.name = f"{self.opened.case.name} (not saved)"
            self._ours.remove(self.correction)

    def clear(self) -> None:
        """Take the case out of the viewer."""
        for layer in list(self._ours):
            self._remove(layer)
        self.opened = self.correction = self._image = None
        self._pictured = []

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
            self.unknown: UNKNOWN_COLOUR,
        }
        colours |= {
            value: pale(colour) if pale_too else colour for value, colour in self.colours.items()
        }
        return DirectLabelColormap(color_dict=colours)

    def _look_at(self, slice_: int) -> None:
        assert self.opened is not None
        self.viewer.dims.ndisplay = 2
        if self.viewer.dims.ndim == 3:
            self.viewer.dims.axis_labels = ("z", "y", "x")
        self.viewer.dims.order = tuple(range(self.viewer.dims.ndim))
        self.viewer.reset_view()
        z = self._grid["translate"][0] + slice_ * self._grid["scale"][0]
        self.viewer.dims.set_point(self.viewer.dims.ndim - 3, z)


def contrast(voxels: Array, window: str) -> tuple[float, float]:
    """The grey values of a window; those between the 1st and 99th percentile where it has none."""
    if window in WINDOWS:
        return WINDOWS[window]
    some = voxels[:: max(len(voxels) // 32, 1), ::4, ::4]
    low, high = map(float, np.percentile(some, (1, 99)))
    return low, max(high, low + 1e-6)
