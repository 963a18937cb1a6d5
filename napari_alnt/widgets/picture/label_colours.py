"""The colour of each label of a project: one mapping for fills, outlines, chips, 3D and legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_alnt.widgets.parts.style import class_colour

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class LabelColours:
    """Those that were chosen, and of other labels the one of its place; ``changed`` tells of it."""

    changed = Signal()

    def __init__(self, labels: Iterable[int]) -> None:
        self._labels = labels
        self._chosen: dict[int, str] = {}

    @property
    def all(self) -> dict[int, str]:
        """The colour of each label value, as #rrggbb."""
        return {
            value: self._chosen.get(value, class_colour(place))
            for place, value in enumerate(self._labels)
        }

    def choose(self, colours: Mapping[int, str]) -> None:
        """Give labels other colours."""
        if any(self.all.get(value) != colour for value, colour in colours.items()):
            self._chosen.update(colours)
            self.changed.emit()
