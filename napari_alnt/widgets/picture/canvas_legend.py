"""What stands in the legend of the open case: what can be seen of it, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from qtpy.QtCore import QObject, QTimer

from napari_alnt.widgets.parts.style import PICTURE_TEXT
from napari_alnt.widgets.picture.difference import MEANINGS
from napari_alnt.widgets.picture.layers import NOTHING
from napari_alnt.widgets.picture.legend import Entry, Legend, Sample
from napari_alnt.widgets.picture.mask_styles import AGREES, DISAGREES, colour_of, correction_words
from napari_alnt.widgets.picture.slice_marks import UNKNOWN_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qtpy.QtWidgets import QWidget

    from napari_alnt.widgets.picture.compared import Compared
    from napari_alnt.widgets.picture.layers import CaseLayers

ROLES = ("correction", "teacher", "student", "voxel trust")
TRUST = "trust: against – with the experts"


def entries(
    seen: Mapping[str, str], colour: str, unknown: bool, versions: Sequence[int] = ()
) -> tuple[Entry, ...]:
    """The lines of a legend.

    Parameters
    ----------
    seen : what each of :data:`ROLES` that is shown is called
    colour : of the label that is painted
    unknown : whether the slice on the screen holds what nobody has labelled
    versions : the numbers of those that are shown
    """
    samples = {
        "correction": (Sample.FILL, (colour,)),
        "teacher": (Sample.SOLID, (colour,)),
        "student": (Sample.DASHED, (colour_of("student", colour),)),
        "voxel trust": (Sample.SCALE, (DISAGREES, AGREES)),
    }
    found = [Entry(*sample, seen[role]) for role, sample in samples.items() if role in seen]
    dots = (colour_of("version", colour),)
    found[3:3] = [Entry(Sample.DOTTED, dots, f"version {number}") for number in versions]
    if unknown and "correction" in seen:
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
        self._compared: Compared | None = None
        self._differs = False  # whether it is shown where teacher and student differ
        self._followed: WeakSet[Any] = WeakSet()
        # of many changes at once, as when a case comes, one picture is made
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._write)
        self._signals = (
            layers.shown, layers.predicted, layers.label_changed, layers.cleared,
            layers.palette.changed,
        )  # fmt: skip
        for signal in self._signals:
            signal.connect(self.refresh)

    def compare(self, compared: Compared) -> None:
        """Explain the versions that are shown, too."""
        self._compared = compared
        compared.changed.connect(self.refresh)

    def explain_difference(self, on: bool) -> None:
        """Explain what only the teacher and only the student marks, or not."""
        self._differs = on
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Look again at what can be seen."""
        self._soon.start()

    def close(self) -> None:
        """Take the legend off the picture."""
        for signal in self._signals:
            signal.disconnect(self.refresh)
        if self._compared is not None:
            self._compared.changed.disconnect(self.refresh)
        self._soon.stop()
        self.widget.hide()
        self.widget.setParent(None)
        self.widget.deleteLater()

    def _write(self) -> None:
        self._follow([self._layers.kept.get(role) for role in ROLES])
        layers = self._layers
        if layers.opened is None or layers.correction is None:
            self.widget.set_entries(())
            return
        seen = {role: self._words(role) for role in ROLES if self._is_seen(role)}
        colour = layers.colours.get(
            int(layers.correction.selected_label), next(iter(layers.colours.values()))
        )
        compared = {} if self._compared is None else self._compared.layers
        versions = [number for number, layer in compared.items() if layer.visible]
        found = entries(seen, colour, self._is_unknown(), versions)
        if self._differs and layers.opened.teacher is not None and self._says("student"):
            found += tuple(Entry(Sample.FILL, (one,), text) for one, text in MEANINGS.items())
        self.widget.set_entries(found)
        self._follow([*compared.values()])

    def _words(self, role: str) -> str:
        opened, correction = self._layers.opened, self._layers.correction
        if role == "correction" and opened is not None and correction is not None:
            return correction_words(opened, bool(correction.editable))
        return TRUST if role == "voxel trust" else role

    def _is_seen(self, role: str) -> bool:
        return self._says(role) and bool(self._layers.kept.get(role).visible)

    def _says(self, role: str) -> bool:
        """Whether a role has something to say of the case; its layer's name says if it has not."""
        layer = self._layers.kept.get(role)
        is_there = layer is not None and self._layers.kept.is_there(role)
        return is_there and layer.name not in NOTHING.values()

    def _follow(self, layers: Sequence[Any]) -> None:
        for layer in layers:
            if layer is not None and layer not in self._followed:
                self._followed.add(layer)
                layer.events.visible.connect(self.refresh)
                layer.events.name.connect(self.refresh)
                layer.events.editable.connect(self.refresh)
