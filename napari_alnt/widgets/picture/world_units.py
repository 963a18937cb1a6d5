"""The world of the viewer is in mm while a project is open, whatever layers the user adds.

One layer without units is enough for napari to have none for the whole scene: its scale bar then
says no unit, and it complains on the picture. One in µm makes a world in µm, in which a place in mm
lies elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pint import Unit

from napari_alnt.widgets.picture import canvas_adapter

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer

MM = "millimeter"
SPACE = 3
"""The last axes of a layer, along which it lies in the patient."""


class WorldInMm:
    """Gives layers without units mm, as long as they are beside those of a case.

    Parameters
    ----------
    viewer : whose layers these are
    canvas : what draws them, where there is a window
    """

    def __init__(self, viewer: ViewerModel, canvas: Any = None) -> None:
        self._layers = viewer.layers
        self._given: WeakKeyDictionary[Layer, tuple[Any, ...]] = WeakKeyDictionary()
        self.look()
        self._leave: Callable[[], None] = lambda: None
        if canvas is not None:
            # it draws a new layer before anybody else hears of it
            self._leave = canvas_adapter.before_units(canvas, self.look)
        self._events = (
            (self._layers.events.inserting, self._let_go),
            (self._layers.events.inserted, self._changed),
            (self._layers.events.removed, self._removed),
        )
        for event, slot in self._events:
            event.connect(slot)

    def look(self) -> None:
        """See to the units of all layers."""
        for layer in self._layers:
            self._take(layer)
        self._settle()

    def close(self) -> None:
        """Leave the layers and the viewer with the units that they had."""
        for event, slot in self._events:
            event.disconnect(slot)
        self._leave()
        self._let_go()
        for layer in list(self._given):
            self._give_back(layer)

    def _changed(self, _: object) -> None:
        self.look()

    def _removed(self, event: Any) -> None:
        self._give_back(event.value)
        self._let_go()  # it may have been for this one
        self._settle()

    def _take(self, layer: Layer) -> None:
        millimetre = Unit(MM)
        known = [unit.dimensionality == millimetre.dimensionality for unit in layer.units[-SPACE:]]
        if all(known):
            return
        self._given[layer] = layer.units
        ours = [
            unit if is_length else millimetre
            for unit, is_length in zip(layer.units[-SPACE:], known, strict=True)
        ]
        layer.units = (*layer.units[:-SPACE], *ours)

    def _give_back(self, layer: Layer) -> None:
        units = self._given.pop(layer, None)
        if units is not None and len(units) == layer.ndim:
            layer.units = units

    def _settle(self) -> None:
        """Let the world be in mm where a layer has a smaller unit."""
        units = self._layers.extent.units
        if not units:
            return
        millimetre = Unit(MM)
        wanted = tuple(
            millimetre if unit.dimensionality == millimetre.dimensionality else unit
            for unit in units
        )
        if wanted != tuple(units):
            self._let_go()
            self._layers.units = wanted

    def _let_go(self, _: object = None) -> None:
        # napari drops the units with a warning where a layer of more axes comes
        if self._layers._units is not None:
            self._layers.units = None
