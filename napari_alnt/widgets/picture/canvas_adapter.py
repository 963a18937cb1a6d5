"""What is used of napari's canvas that its public API does not offer, each with the reason."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from napari.utils.interactions import mouse_release_callbacks

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_alnt.data import Array


def canvas(viewer: napari.Viewer) -> Any:
    """What draws the layers of a viewer; its ``native`` is the widget that the mouse reaches."""
    # napari hands every button to the layer's tool, whichever it is; only here it can be kept back
    return viewer.window._qt_viewer.canvas


def shown_place(canvas: Any, x: float, y: float) -> Array:
    """The place in world coordinates under a pixel of a canvas, along the shown axes."""
    # napari tells the cursor's place only, and that late, as it waits between two moves
    world = canvas._map_canvas2world((x, y), canvas.view)
    return np.array([world[axis] for axis in canvas.viewer.dims.displayed], float)


def before_units(canvas: Any, call: Callable[[], None]) -> Callable[[], None]:
    """Call a function before a canvas looks at the units of its layers; the result ends it."""
    # it does so while a layer is being added, and says on the picture when they do not fit
    look = canvas._update_world_units

    def update() -> None:
        call()
        look()

    canvas._update_world_units = update

    def leave() -> None:
        del canvas._update_world_units

    return leave


def end_strokes(viewer: ViewerModel) -> None:
    """End every drag that napari holds for begun, as no button is down any more.

    A release that went to another layer or another window would else leave a stroke that paints
    with the next move of the mouse.
    """
    # napari keeps what goes on between press and release in these, and has no way to end it
    for holder in (viewer, *viewer.layers):
        if holder._mouse_drag_gen:
            mouse_release_callbacks(holder, _released(holder))


def _released(holder: Any) -> Any:
    """The newest event of a drag, as the release that never came."""
    newest = list(holder._persisted_mouse_event.values())[-1].__wrapped__
    # what the layers get is a wrapper that cannot be written to
    event = copy.copy(getattr(newest, "__wrapped__", newest))
    event._type = "mouse_release"
    return event


def end_encircling(layer: Layer) -> None:
    """End napari's encircling stroke, which paints with no button held; undo takes it back."""
    # it is switched on with the paint mode, and only Escape ends it
    stroke = layer._overlays.get("brush_stroke") if isinstance(layer, Labels) else None
    if stroke is not None and stroke.active:
        layer._commit_stroke()
        stroke.active = False
