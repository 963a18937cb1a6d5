"""Earlier versions of the open case as outlines, in layers that go with the case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from psygnal import Signal

from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.parts.style import VERSION_COLOUR

if TYPE_CHECKING:
    import napari

    from napari_alnt.data import Array
    from napari_alnt.widgets.picture.layers import CaseLayers


class Compared:
    """The versions that are shown beside the mask; ``changed`` says that they are others."""

    changed = Signal()

    def __init__(self, viewer: napari.Viewer, layers: CaseLayers) -> None:
        self._viewer = viewer
        self._layers = layers
        self._shown: dict[int, Labels] = {}
        layers.cleared.connect(self.clear)

    @property
    def shown(self) -> set[int]:
        """The numbers of the versions that are shown."""
        there = self._viewer.layers
        return {number for number, layer in self._shown.items() if layer in there}

    @property
    def layers(self) -> dict[int, Labels]:
        """The layers of the versions that are shown, by their numbers."""
        return {number: self._shown[number] for number in sorted(self.shown)}

    def show(self, number: int, mask: Array) -> None:
        """Show a version's mask ``(Z, Y, X)`` as outlines."""
        self.hide(number)
        colour = DirectLabelColormap(
            color_dict={None: VERSION_COLOUR, 0: "transparent", self._layers.ignore_label: "gray"}
        )
        layer = Labels(mask, name=f"version {number}", colormap=colour, **self._layers.kept.grid)
        layer.opacity = 1.0
        layer.contour = 1
        layer.editable = False
        active = self._viewer.layers.selection.active
        with viewer_adapter.unpainted(self._viewer):
            self._viewer.add_layer(layer)
            # painting goes on where it was
            self._viewer.layers.selection.active = active
        self._shown[number] = layer
        self.changed.emit()

    def hide(self, number: int) -> None:
        """Show a version no longer."""
        layer = self._shown.pop(number, None)
        if layer is not None and layer in self._viewer.layers:
            with viewer_adapter.unpainted(self._viewer):
                self._viewer.layers.remove(layer)
        if layer is not None:
            self.changed.emit()

    def clear(self) -> None:
        """Show none, as when another case is opened."""
        for number in list(self._shown):
            self.hide(number)
