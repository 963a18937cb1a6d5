"""Which masks of the open case are shown: one at a time by a key, or none for a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_alnt.widgets.picture.layers import CaseLayers

MASKS = ("correction", "teacher", "student", "voxel trust")
"""All that lies above the image."""


class ShownMasks:
    """Shows and hides the masks of a project's cases."""

    def __init__(self, layers: CaseLayers) -> None:
        self._layers = layers
        self._hidden: list[Layer] = []

    def flip(self, role: str) -> None:
        """Show or hide the teacher's mask, the student's or the correction."""
        self.bring_back()
        layer = self._layers.kept.get(role)
        if layer is not None:
            layer.visible = not layer.visible

    def hide(self) -> None:
        """Show the image alone until :meth:`bring_back`, or until this is called again."""
        if self._hidden:
            self.bring_back()
            return
        self._hidden = [layer for layer in self._all() if layer.visible]
        self._set(self._hidden, False)

    def bring_back(self) -> None:
        """Show the masks again that were hidden for a moment."""
        hidden, self._hidden = self._hidden, []
        self._set(hidden, True)

    def _all(self) -> list[Layer]:
        return [layer for role in MASKS if (layer := self._layers.kept.get(role)) is not None]

    def _set(self, masks: list[Layer], visible: bool) -> None:
        # a glance at the image is no choice of what is shown of the next case
        with self._layers._own_change():
            for layer in masks:
                layer.visible = visible
