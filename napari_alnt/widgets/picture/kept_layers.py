"""Layers that remain from case to case, while what they show is exchanged."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

from napari_alnt.widgets import viewer_adapter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_alnt.data import Array

CHOSEN = (
    "visible", "opacity", "blending", "gamma", "interpolation2d", "interpolation3d", "rendering",
    "contour", "brush_size", "n_edit_dimensions", "contiguous", "preserve_labels",
    "selected_label", "show_selected_label",
)  # fmt: skip
"""What a user may have chosen for a layer, and a new one in its place takes over."""


class KeptLayers:
    """The plugin's own layers in a viewer, each known by its role, as its name may be changed.

    Emptying and refilling the viewer's list with every case instead takes its axes from 3 to 2 and
    back, and loses the brush and all else that the user has chosen for a layer.

    Parameters
    ----------
    viewer : whose layers these are; the user's own ones in it are left as they are
    roles : all there are, from the lowest to the highest in the list

    Attributes
    ----------
    grid : arguments that place a layer in the world, the same for all of them
    """

    def __init__(self, viewer: ViewerModel, roles: Sequence[str]) -> None:
        self.grid: dict[str, Any] = {}
        self._viewer = viewer
        self._roles = tuple(roles)
        self._layers: dict[str, Layer] = {}

    def get(self, role: str) -> Any:
        """The layer of a role, also where the user has deleted it; None before there is one."""
        return self._layers.get(role)

    def is_there(self, role: str) -> bool:
        """Whether the layer of a role is in the viewer."""
        layer = self._layers.get(role)
        return layer is not None and layer in self._viewer.layers

    @property
    def all(self) -> tuple[Layer, ...]:
        """All that are in the viewer."""
        return tuple(layer for layer in self._layers.values() if layer in self._viewer.layers)

    def is_ours(self, layer: Layer) -> bool:
        """Whether a layer has a role, and is not the user's own."""
        return any(layer is one for one in self._layers.values())

    def put(self, role: str, data: Array, make: Callable[..., Layer]) -> Any:
        """Show data (Z, Y, X) in the layer of a role.

        One that the user has deleted is made anew, and so is a mask whose type of data is another,
        in the same place of the list.

        Parameters
        ----------
        role : which layer
        data : what it shows from now on
        make : makes a new layer, from the data and the arguments of :attr:`grid`
        """
        old = self._layers.get(role)
        if old is not None and self.is_there(role) and _fits(old, data):
            self._exchange(old, data)
            return old
        new = make(data, **self.grid)
        if old is not None:
            _take_over(old, new, self.is_there(role))
        self._insert(role, new)
        return new

    def blank(self, role: str, shape: tuple[int, ...]) -> Any:
        """Let the layer of a role show nothing, in a shape (Z, Y, X); None where there is none."""
        if not self.is_there(role):
            return None
        layer = self.get(role)
        # pages of zeros take no memory before they are looked at
        self._exchange(layer, np.zeros(shape, layer.data.dtype))
        return layer

    def take_back(self, role: str) -> None:
        """Put a layer that the user has deleted into the viewer again."""
        if role in self._layers and not self.is_there(role):
            self._insert(role, self._layers[role])

    def release(self, role: str) -> None:
        """Make a layer the user's own: it stays in the viewer and is not touched any more."""
        self._layers.pop(role, None)

    def clear(self) -> None:
        """Take all of them out of the viewer."""
        for role in list(self._layers):
            layer = self._layers.pop(role)
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)

    def _exchange(self, layer: Any, data: Array) -> None:
        viewer_adapter.exchange_data(layer, data)
        for key, value in self.grid.items():
            if key not in ("scale", "translate") or any(getattr(layer, key) != value):
                setattr(layer, key, value)
        # the user may have moved the layer with the mouse
        if not np.array_equal(layer.affine.affine_matrix, np.eye(layer.ndim + 1)):
            layer.affine = np.eye(layer.ndim + 1)

    def _insert(self, role: str, new: Layer) -> None:
        """Put a layer into its place, and take one that is there out of it."""
        layers = self._viewer.layers
        active = layers.selection.active
        old = self._layers.get(role)
        self._layers[role] = new
        if old is not None and old is not new and old in layers:
            # in this order, as the viewer may not be without any layer in between
            layers.insert(layers.index(old), new)
            layers.remove(old)
            new.name = old.name
        else:
            layers.insert(self._place(role), new)
        # napari makes every new layer the active one
        layers.selection.active = new if active is old else active

    def _place(self, role: str) -> int:
        layers = self._viewer.layers
        places: dict[int, int] = {
            self._roles.index(other): layers.index(layer)
            for other, layer in self._layers.items()
            if layer in layers
        }
        own = self._roles.index(role)
        if below := [place for other, place in places.items() if other < own]:
            return max(below) + 1
        return min((place for other, place in places.items() if other > own), default=len(layers))


def _fits(layer: Any, data: Array) -> bool:
    """Whether a layer can show other data."""
    # a new layer in its place would take long, and each that goes leaves something in napari's
    # memory; but of a mask the picture on the graphics card is of one type
    is_image = not isinstance(layer, Labels)
    return bool(layer.data.ndim == data.ndim and (is_image or layer.data.dtype == data.dtype))


def _take_over(old: Any, new: Any, is_there: bool) -> None:
    """Give a new layer what was chosen for the one before."""
    for name in CHOSEN:
        if hasattr(old, name) and (is_there or name != "visible"):
            # a choice that the new layer does not offer
            with suppress(ValueError):
                setattr(new, name, getattr(old, name))
