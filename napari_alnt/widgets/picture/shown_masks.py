"""Which masks of the open case are shown: one at a time by a key, or none for a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari.layers import Layer

    from napari_alnt.widgets.picture.layers import CaseLayers

MASKS = ("correction", "teacher", "student", "voxel trust")
"""All that lies above the image."""


class ShownMasks:
    """Shows and hides the masks of a project's cases.

    Parameters
    ----------
    layers : those of the open case
    versions : gives the layers of versions that are compared, which are hidden with them

    ``glanced`` carries whether the image is seen alone for a moment.
    """

    glanced = Signal(bool)

    def __init__(
        self, layers: CaseLayers, versions: Callable[[], Iterable[Layer]] = lambda: ()
    ) -> None:
        self._layers = layers
        self._versions = versions
        self._alone = False
        self._hidden: list[Layer] = []

    def flip(self, role: str) -> None:
        """Show or hide the teacher's mask, the student's or the correction."""
        self.bring_back()
        layer = self._layers.kept.get(role)
        if layer is not None:
            layer.visible = not layer.visible

    def fill(self, change: float) -> None:
        """Fill the mask that is painted more strongly, or less; by a part of 1."""
        layer = self._layers.kept.get("correction")
        if layer is not None:
            layer.opacity = round(min(max(float(layer.opacity) + change, 0.0), 1.0), 2)

    def hide(self) -> None:
        """Show the image alone until :meth:`bring_back`, or until this is called again."""
        if self._alone:
            self.bring_back()
            return
        self._glance(True)
        self._hidden = [layer for layer in self._all() if layer.visible]
        self._set(self._hidden, False)

    def bring_back(self) -> None:
        """Show the masks again that were hidden for a moment."""
        hidden, self._hidden = self._hidden, []
        self._set(hidden, True)
        self._glance(False)

    def _all(self) -> list[Layer]:
        kept = [layer for role in MASKS if (layer := self._layers.kept.get(role)) is not None]
        return [*kept, *self._versions()]

    def _glance(self, alone: bool) -> None:
        if alone is not self._alone:
            self._alone = alone
            self.glanced.emit(alone)

    def _set(self, masks: list[Layer], visible: bool) -> None:
        # a glance at the image is no choice of what is shown of the next case
        with self._layers.exchanging():
            for layer in masks:
                layer.visible = visible
