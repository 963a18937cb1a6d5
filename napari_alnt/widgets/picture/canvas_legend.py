"""What stands in the legend of the open case: what can be seen of it, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from qtpy.QtCore import QObject, QTimer

from napari_alnt.widgets.parts.style import PICTURE_TEXT, pale
from napari_alnt.widgets.picture.layers import NOTHING
from napari_alnt.widgets.picture.legend import Entry, Legend, Sample
from napari_alnt.widgets.picture.slice_marks import UNKNOWN_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qtpy.QtWidgets import QWidget

    from napari_alnt.widgets.picture.layers import CaseLayers

DISAGREES, AGREES = "#f25926", "#1a99f2"
"""The ends of the colours of the voxel trust."""
ROLES = ("correction", "teacher", "student", "voxel trust")


def entries(seen: Mapping[str, bool], colour: str, unknown: bool) -> tuple[Entry, ...]:
    """The lines of a legend.

    Parameters
    ----------
    seen : whether each of :data:`ROLES` is shown
    colour : of the label that is painted
    unknown : whether the slice on the screen holds what nobody has labelled
    """
    lines = {
        "correction": Entry(Sample.FILL, (colour,), "correction: your mask"),
        "teacher": Entry(Sample.SOLID, (colour,), "teacher"),
        "student": Entry(Sample.DASHED, (pale(colour),), "student"),
        "voxel trust": Entry(
            Sample.SCALE, (DISAGREES, AGREES), "voxel trust: disagrees – agrees with the experts"
        ),
    }
    found = [line for role, line in lines.items() if seen.get(role)]
    if unknown and seen.get("correction"):
        found.append(Entry(Sample.HATCH, (PICTURE_TEXT,), UNKNOWN_WORDS))
    return tuple(found)


class CanvasLegend(QObject):
    """Keeps the legend as the layers are.

    Parameters
    ----------
    canvas : the widget it stands on
    layers : those of the open case
    is_unknown : whether the slice on the screen holds what nobody has labelled
    """

    def __init__(
        self, canvas: QWidget, layers: CaseLayers, is_unknown: Callable[[], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self.widget: Legend = Legend(canvas)
        self._layers = layers
        self._is_unknown = is_unknown
        self._followed: WeakSet[Any] = WeakSet()
        # of many changes at once, as when a case comes, one picture is made
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._write)
        self._signals = (layers.shown, layers.predicted, layers.label_changed, layers.cleared)
        for signal in self._signals:
            signal.connect(self.refresh)

    def refresh(self, *_: object) -> None:
        """Look again at what can be seen."""
        self._soon.start()

    def close(self) -> None:
        """Take the legend off the picture."""
        for signal in self._signals:
            signal.disconnect(self.refresh)
        self._soon.stop()
        self.widget.hide()
        self.widget.setParent(None)
        self.widget.deleteLater()

    def _write(self) -> None:
        self._follow()
        layers = self._layers
        if layers.opened is None or layers.correction is None:
            self.widget.set_entries(())
            return
        seen = {role: self._is_seen(role) for role in ROLES}
        colour = layers.colours.get(
            int(layers.correction.selected_label), next(iter(layers.colours.values()))
        )
        self.widget.set_entries(entries(seen, colour, self._is_unknown()))

    def _is_seen(self, role: str) -> bool:
        layer = self._layers.kept.get(role)
        # the layer of one that has nothing to say of this case says so in its name
        says = layer is not None and layer.name not in NOTHING.values()
        return bool(says and layer.visible and self._layers.kept.is_there(role))

    def _follow(self) -> None:
        for role in ROLES:
            layer = self._layers.kept.get(role)
            if layer is not None and layer not in self._followed:
                self._followed.add(layer)
                layer.events.visible.connect(self.refresh)
                layer.events.name.connect(self.refresh)
