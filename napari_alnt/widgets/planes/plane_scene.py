"""The open case as the planes show it, and what is painted in them put into its mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtGui import QColor

from napari_alnt.widgets.parts.style import UNKNOWN_COLOUR, pale
from napari_alnt.widgets.picture.layers import NOTHING
from napari_alnt.widgets.planes.plane_picture import Drawn
from napari_alnt.widgets.planes.plane_view import Brush, Scene

if TYPE_CHECKING:
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.planes.plane_brush import PlaneStroke
    from napari_alnt.widgets.planes.plane_picture import RGBA

STYLES = {"correction": "fill", "teacher": "solid", "student": "dashed"}


def scene_of(layers: CaseLayers) -> Scene | None:
    """What there is to see of the open case, with the masks that are shown on the canvas too."""
    opened, image = layers.opened, layers.kept.get("image")
    if opened is None or image is None:
        return None
    low, high = map(float, image.contrast_limits)
    drawn = [_drawn(layers, role) for role in STYLES if _is_shown(layers, role)]
    return Scene(opened.image.voxels, opened.image.spacing, (low, high), drawn)


def colours_of(layers: CaseLayers, alpha: float = 1.0, pale_ones: bool = False) -> dict[int, RGBA]:
    """The colour of each label; ``alpha`` from 0 to 1."""
    found = {}
    for value, name in layers.colours.items():
        colour = QColor(pale(name) if pale_ones else name)
        found[value] = (colour.red(), colour.green(), colour.blue(), round(255 * alpha))
    return found


def _is_shown(layers: CaseLayers, role: str) -> bool:
    layer = layers.kept.get(role)
    return bool(
        layer is not None
        and layers.kept.is_there(role)
        and layer.visible
        and layer.name not in NOTHING.values()
    )


def _drawn(layers: CaseLayers, role: str) -> Drawn:
    layer, style = layers.kept.get(role), STYLES[role]
    colours = colours_of(layers, float(layer.opacity), pale_ones=role == "student")
    return Drawn(np.asarray(layer.data), colours, style, layers.ignore_label)


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
