"""The open case as the planes show it, and what is painted in them put into its mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtGui import QColor

from napari_alnt.widgets.parts.style import UNKNOWN_COLOUR
from napari_alnt.widgets.picture.layers import NOTHING
from napari_alnt.widgets.picture.mask_styles import STYLES, colour_of
from napari_alnt.widgets.planes.plane_picture import Compared, Drawn, Tint
from napari_alnt.widgets.planes.plane_sheet import Scene
from napari_alnt.widgets.planes.plane_view import Brush

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Labels

    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.planes.plane_brush import PlaneStroke
    from napari_alnt.widgets.planes.plane_picture import RGBA

ROLES = ("correction", "teacher", "student")
COLOURS = 65
"""Steps of the scale of the voxel trust; an odd number, as its middle is clear."""


def scene_of(
    layers: CaseLayers, versions: Iterable[Labels] = (), differs: bool = False
) -> Scene | None:
    """What there is to see of the open case, with the masks that are shown on the canvas too."""
    opened, image = layers.opened, layers.kept.get("image")
    if opened is None or image is None:
        return None
    low, high = map(float, image.contrast_limits)
    drawn = [
        _drawn(layers, role, layers.kept.get(role)) for role in ROLES if _is_shown(layers, role)
    ]
    drawn += [_drawn(layers, "version", layer) for layer in versions if layer.visible]
    smooth = str(image.interpolation2d) != "nearest"
    found = opened.image
    affine, tints = found.affine, _tints(layers, differs)
    return Scene(found.voxels, found.spacing, (low, high), drawn, tints, smooth, affine)


def _tints(layers: CaseLayers, differs: bool) -> list[Tint | Compared]:
    tints: list[Tint | Compared] = []
    teacher = None if layers.opened is None else layers.opened.teacher
    if _is_shown(layers, "voxel trust"):
        trust = layers.kept.get("voxel trust")
        colours = np.array(trust.colormap.map(np.linspace(0, 1, COLOURS)))
        colours[:, 3] *= trust.opacity
        low, high = map(float, trust.contrast_limits)
        tints.append(Tint(trust.data, (low, high), np.rint(255 * colours).astype(np.uint8)))
    if differs and teacher is not None and _says(layers, "student"):
        student = np.asarray(layers.kept.get("student").data)
        tints.append(Compared(teacher, student, layers.ignore_label))
    return tints


def colours_of(layers: CaseLayers, alpha: float = 1.0, role: str = "correction") -> dict[int, RGBA]:
    """The colour of each label in a role's mask; ``alpha`` from 0 to 1."""
    found = {}
    for value, name in layers.colours.items():
        colour = QColor(colour_of(role, name))
        found[value] = (colour.red(), colour.green(), colour.blue(), round(255 * alpha))
    return found


def _is_shown(layers: CaseLayers, role: str) -> bool:
    return _says(layers, role) and bool(layers.kept.get(role).visible)


def _says(layers: CaseLayers, role: str) -> bool:
    """Whether a role has something to say of the case."""
    layer = layers.kept.get(role)
    is_there = layer is not None and layers.kept.is_there(role)
    return is_there and layer.name not in NOTHING.values()


def _drawn(layers: CaseLayers, role: str, layer: Labels) -> Drawn:
    colours = colours_of(layers, float(layer.opacity), role)
    return Drawn(np.asarray(layer.data), colours, STYLES[role], layers.ignore_label)


def brush_of(layers: CaseLayers) -> Brush | None:
    """What the left button paints; None where it paints nothing, as while the case is locked."""
    layer, opened = layers.correction, layers.opened
    if layer is None or opened is None or not layers.kept.is_there("correction"):
        return None
    is_active = layers.viewer.layers.selection.active is layer
    if not (is_active and layer.visible and layer.editable and layer.mode in ("paint", "erase")):
        return None
    value = 0 if layer.mode == "erase" else int(layer.selected_label)
    colour = layers.colours.get(value, UNKNOWN_COLOUR)
    return Brush(layer.brush_size * float(opened.image.spacing[-1]), colour)


def paint(layers: CaseLayers, stroke: PlaneStroke) -> None:
    """Put a stroke into the mask, as one step that is undone and kept as any other."""
    layer = layers.correction
    # it may have been locked while the button was held
    if layer is None or brush_of(layers) is None:
        return
    selected = int(layer.selected_label)
    value = 0 if layer.mode == "erase" else selected
    where = stroke.indices()
    if layer.preserve_labels:
        free = layer.data[where] == (0 if value else selected)
        z, y, x = (axis[free] for axis in where)
        where = z, y, x
    layer.data_setitem(where, value)
